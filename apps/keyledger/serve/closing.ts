/** For a step that names none. */
export const STEP_TIMEOUT_MS = 15_000;

interface Step {
  readonly name: string;
  readonly work: () => Promise<void> | void;
  readonly timeoutMs: number;
}

/** A part was told to stop and did not: the others are stopped all the same. */
export class StopTimeoutError extends Error {
  override readonly name = 'StopTimeoutError';
}

/** What was opened, closed in the opposite order; one that fails or hangs does not keep the others open. */
export class Closing {
  private readonly steps: Step[] = [];
  private done: Promise<void> | undefined;

  constructor(private readonly failed: (step: string, error: unknown) => void) {}

  add(name: string, work: () => Promise<void> | void, timeoutMs = STEP_TIMEOUT_MS): void {
    this.steps.push({ name, work, timeoutMs });
  }

  close(): Promise<void> {
    this.done ??= this.run();
    return this.done;
  }

  private async run(): Promise<void> {
    for (const { name, work, timeoutMs } of this.steps.toReversed()) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new StopTimeoutError(`not stopped within ${String(timeoutMs)} ms`));
        }, timeoutMs);
      });
      try {
        await Promise.race([work(), late]);
      } catch (error) {
        this.failed(name, error);
      } finally {
        clearTimeout(timer);
      }
    }
  }
}
