import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** Stands between the product and a database server, to take it away and bring it back at the same place. */
export class DatabaseGate {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;
  private frozen = false;

  constructor(private readonly url: string) {}

  /** The database's URL through this gate. */
  get gatedUrl(): string {
    const gated = new URL(this.url);
    gated.hostname = '127.0.0.1';
    gated.port = String(this.port);
    gated.search = '';
    return gated.href;
  }

  async open(): Promise<void> {
    const inside = new URL(this.url);
    const host = inside.hostname;
    const server = createServer((outer) => {
      const inner = connect({ host, port: Number(inside.port) });
      for (const socket of [outer, inner]) {
        this.sockets.add(socket);
        if (this.frozen) socket.pause();
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.sockets.delete(socket);
          outer.destroy();
          inner.destroy();
        });
      }
      outer.on('data', (bytes) => inner.write(bytes));
      inner.on('data', (bytes) => outer.write(bytes));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** As when the server is killed: connections break, new ones are refused. */
  async close(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    const closed = new Promise<void>((resolve) => {
      if (server)
        server.close(() => {
          resolve();
        });
      else resolve();
    });
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** As when the host hangs: connections stay, nothing comes. */
  freeze(): void {
    this.frozen = true;
    for (const socket of this.sockets) socket.pause();
  }

  thaw(): void {
    this.frozen = false;
    for (const socket of this.sockets) socket.resume();
  }
}
