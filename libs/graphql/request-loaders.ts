import DataLoader from 'dataloader';

/** Keys that one batch takes: what an operation may reach is bounded by its cost, and each query by this. */
export const LOADER_BATCH_MAX = 500;

/**
 * The loaders of one GraphQL request, in its context as `loaders`. What is loaded is one caller's, for one answer:
 * nothing is kept between requests.
 */
export class RequestLoaders {
  private readonly loaders = new Map<string, DataLoader<unknown, unknown>>();

  /**
   * @param name tells loaders apart: what is loaded, and the moment that it is loaded of.
   * @param load answers in the order of the keys; an `Error` in a place refuses that key alone.
   */
  of<Key extends number | string, Value>(
    name: string,
    load: (keys: readonly Key[]) => Promise<readonly (Error | Value)[]>,
  ): DataLoader<Key, Value> {
    const known = this.loaders.get(name);
    if (known) return known as DataLoader<Key, Value>;
    const loader = new DataLoader<Key, Value>(load, {
      maxBatchSize: LOADER_BATCH_MAX,
      // Fields wait a few turns of the event loop in interceptors before they ask.
      batchScheduleFn: (dispatch) => setImmediate(dispatch),
    });
    this.loaders.set(name, loader);
    return loader;
  }
}
