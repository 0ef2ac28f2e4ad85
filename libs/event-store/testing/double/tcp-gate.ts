import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

const PORT_MIN = 20_000;
const PORT_MAX = 32_000;
const PORT_TRIES_MAX = 50;

interface Pair {
  readonly outside: Socket;
  readonly inside: Socket;
}

/**
 * Stands between clients and the server on plain TCP, so that a test can do to a connection what networks and stopped
 * processes do: cut it, let it hang, refuse it.
 */
export class TcpGate {
  private readonly pairs = new Set<Pair>();
  private server: Server | undefined;
  private frozen = false;
  private listeningPort = 0;

  constructor(
    private readonly host: string,
    private readonly insidePort: number,
  ) {}

  get port(): number {
    return this.listeningPort;
  }

  /** @param port 0: any free one that systems give to nobody who connects or asks for any. A gate opens there again. */
  async open(port: number): Promise<void> {
    for (let tries = 1; ; tries += 1)
      try {
        await this.listen(port === 0 ? randomInt(PORT_MIN, PORT_MAX) : port);
        return;
      } catch (error) {
        const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
        if (port !== 0 || !taken || tries === PORT_TRIES_MAX) throw error;
      }
  }

  /** Cuts every connection; new ones are welcome. */
  cut(): void {
    for (const { outside, inside } of this.pairs) {
      outside.destroy();
      inside.destroy();
    }
    this.pairs.clear();
  }

  /** Bytes stop in both directions; connections stay, new ones are taken and get nothing. */
  freeze(): void {
    this.frozen = true;
    for (const pair of this.pairs) part(pair);
  }

  thaw(): void {
    this.frozen = false;
    for (const pair of this.pairs) pipe(pair);
  }

  /** Connections are cut and refused from now on. */
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
    this.cut();
    await closed;
  }

  private async listen(port: number): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.join(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, this.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    this.server = server;
    this.listeningPort = (server.address() as AddressInfo).port;
  }

  private join(outside: Socket): void {
    const inside = connect({ host: this.host, port: this.insidePort, noDelay: true });
    const pair = { outside, inside };
    this.pairs.add(pair);
    const end = (): void => {
      outside.destroy();
      inside.destroy();
      this.pairs.delete(pair);
    };
    for (const socket of [outside, inside]) {
      socket.on('error', end);
      socket.on('close', end);
    }
    if (!this.frozen) pipe(pair);
  }
}

function pipe({ outside, inside }: Pair): void {
  outside.pipe(inside);
  inside.pipe(outside);
}

function part({ outside, inside }: Pair): void {
  outside.unpipe(inside);
  inside.unpipe(outside);
  outside.pause();
  inside.pause();
}
