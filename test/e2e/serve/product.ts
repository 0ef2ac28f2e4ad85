import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BUILT_PRODUCT, BUILT_PRODUCT_ENVIRONMENT } from '#test/built-product';

export const START_TIMEOUT_MS = 90_000;
export const END_TIMEOUT_MS = 60_000;
const POLL_INTERVAL_MS = 20;

/** A process of the built product: `npm test` builds it first. Leads a process group of its own, as at a terminal. */
export class ProductProcess {
  out = '';
  err = '';
  readonly #ended: Promise<void>;

  private constructor(readonly child: ChildProcess) {
    child.stdout?.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.#ended = once(child, 'close').then(() => undefined);
  }

  static run(
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    nodeArgs: readonly string[] = [],
  ): ProductProcess {
    const child = spawn(process.execPath, [...nodeArgs, BUILT_PRODUCT, ...args], {
      env: { ...BUILT_PRODUCT_ENVIRONMENT, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const product = new ProductProcess(child);
    living.add(product);
    return product;
  }

  get processId(): number {
    return this.child.pid ?? 0;
  }

  /** Waits for words on standard output, and gives what matched. */
  async says(words: RegExp, timeoutMs = START_TIMEOUT_MS): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = words.exec(this.out);
      if (found) return found;
      if (this.child.exitCode !== null || this.child.signalCode !== null || Date.now() > deadline)
        throw new Error(`${String(words)} was not said:\n${this.out}\n${this.err}`);
      await delay(POLL_INTERVAL_MS);
    }
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.processId, name);
  }

  /** As Ctrl-C at a terminal does. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-this.processId, name);
  }

  /** How it ended: an exit code, or the name of a signal. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const late = new AbortController();
    await Promise.race([
      this.#ended,
      delay(END_TIMEOUT_MS, undefined, { signal: late.signal }).then(() => {
        throw new Error(`it goes on (${this.#threads()}):\n${this.out}\n${this.err}`);
      }),
    ]);
    late.abort();
    living.delete(this);
    return this.child.exitCode ?? this.child.signalCode;
  }

  /** What its threads wait for: whether it works, or hangs, or is gone and another process holds its output. */
  #threads(): string {
    const { exitCode, signalCode } = this.child;
    if (exitCode !== null || signalCode !== null) return 'ended, its output is held open';
    const columns = ['-o', 'stat=,wchan:24=,comm='];
    const { stdout } = spawnSync('ps', ['-L', ...columns, '-p', String(this.processId)], {
      encoding: 'utf8',
    });
    return stdout
      .trim()
      .split(/\s*\n\s*/)
      .join('; ');
  }
}

const living = new Set<ProductProcess>();

/** For what a failed test left. */
export function endAll(): void {
  for (const product of living)
    try {
      process.kill(-product.processId, 'SIGKILL');
    } catch {
      // Gone.
    }
  living.clear();
}

/** Processes that name the folder in their arguments: servers of PostgreSQL on its data. */
export function processesNaming(folder: string): readonly string[] {
  return execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(folder) && !line.includes('ps -eo'));
}

/** Where the embedded server of a data folder keeps its data. */
export function placeOf(folder: string): string {
  const state = JSON.parse(readFileSync(path.join(folder, 'postgres.json'), 'utf8')) as {
    place: string;
  };
  return state.place;
}

export const isEmptyFolder = (folder: string): boolean => readdirSync(folder).length === 0;
