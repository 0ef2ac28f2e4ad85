/** What time, and no event, brings about: run again and again by whoever holds the lease of the processes. */
export interface Sweep {
  readonly name: string;
  /** Between the end of one run and the start of the next. */
  readonly intervalMs: number;
  /** Safe to repeat and to run twice at once. @returns how much there was to do. */
  run(signal: AbortSignal): Promise<number>;
}

export const SWEEP_BATCH_MAX = 200;

/** One that fails does not hold up the others. @throws {AggregateError} after all, when some failed. */
export async function eachOf<Item>(
  items: readonly Item[],
  signal: AbortSignal,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  for (const item of items) {
    if (signal.aborted) return;
    try {
      await work(item);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0)
    throw new AggregateError(errors, `${String(errors.length)} of ${String(items.length)} failed`);
}
