import { TcpGate } from '#event-store/testing/double';

/** Stands between the product and a database server, to take it away and bring it back at the same place. */
export class DatabaseGate extends TcpGate {
  constructor(private readonly url: string) {
    const { hostname, port } = new URL(url);
    super(hostname, Number(port));
  }

  /** The database's URL through this gate. */
  get gatedUrl(): string {
    const gated = new URL(this.url);
    gated.port = String(this.port);
    gated.search = '';
    return gated.href;
  }
}
