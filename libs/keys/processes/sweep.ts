/** What time, and no event, brings about: run again and again by whoever holds the lease of the processes. */
export interface Sweep {
  readonly name: string;
  /** Between the end of one run and the start of the next. */
  readonly intervalMs: number;
  /** Safe to repeat and to run twice at once. @returns how much there was to do. */
  run(signal: AbortSignal): Promise<number>;
}

export const SWEEP_BATCH_MAX = 200;
