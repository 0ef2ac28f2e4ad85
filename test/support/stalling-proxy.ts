import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

/**
 * Stands before a PostgreSQL server, and can lose single connections as a network does that has forgotten them: nothing
 * is said any more, in either direction, and nobody closes anything.
 */
export class StallingProxy {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private stalled = false;

  /** @param loses whether a connection is lost from these bytes on; `from` says who sent them. */
  constructor(
    private readonly target: URL,
    private readonly loses: (bytes: Buffer, from: 'client' | 'server') => boolean = () => false,
  ) {
    this.server = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
      this.join(client);
    });
  }

  /** @returns the URL by which clients come through here. */
  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const url = new URL(this.target);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  /** Loses all connections. */
  stall(): void {
    this.stalled = true;
  }

  /** New connections get through again. */
  flow(): void {
    this.stalled = false;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private join(client: Socket): void {
    const server = connect({
      port: Number(this.target.port),
      host: this.target.hostname,
      allowHalfOpen: true,
    });
    let lost = false;
    const pass = (from: Socket, to: Socket, who: 'client' | 'server') => {
      this.sockets.add(from);
      from.on('data', (bytes: Buffer) => {
        lost ||= this.stalled || this.loses(bytes, who);
        if (!lost) to.write(bytes);
      });
      from.on('error', () => undefined);
      from.on('end', () => {
        if (!lost && !this.stalled) to.end();
      });
      from.on('close', () => {
        this.sockets.delete(from);
        if (!lost) to.destroy();
      });
    };
    pass(client, server, 'client');
    pass(server, client, 'server');
  }
}
