import type { RunnerLog } from '#projections';

/** Work that time alone makes due. Each round may be cut short: the next one finds what is left. */
export interface Sweep {
  readonly name: string;
  readonly intervalMs: number;
  run(signal: AbortSignal): Promise<unknown>;
}

/** Runs each sweep every `intervalMs`, one round at a time. Its work is idempotent: several processes may run it. */
export class Sweeps {
  private readonly stopping = new AbortController();
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly sweeps: readonly Sweep[],
    private readonly log: RunnerLog,
  ) {}

  start(): void {
    for (const sweep of this.sweeps) {
      let busy = false;
      this.timers.push(
        setInterval(() => {
          if (busy) return;
          busy = true;
          const round = this.round(sweep).finally(() => {
            busy = false;
            this.running.delete(round);
          });
          this.running.add(round);
        }, sweep.intervalMs).unref(),
      );
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(this.running);
  }

  private async round(sweep: Sweep): Promise<void> {
    try {
      await sweep.run(this.stopping.signal);
    } catch (error) {
      if (!this.stopping.signal.aborted)
        this.log.warn(
          { sweep: sweep.name, error: error instanceof Error ? error.message : String(error) },
          'a sweep failed; the next round tries again',
        );
    }
  }
}
