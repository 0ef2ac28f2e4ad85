/** One at a time, in the order of asking. */
export class Mutex {
  #last: Promise<void> = Promise.resolve();
  #asked = 0;

  get free(): boolean {
    return this.#asked === 0;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    return Mutex.runAll([this], work);
  }

  /** All of them together; asked for in one turn, so that two callers never hold half each. */
  static async runAll<T>(mutexes: readonly Mutex[], work: () => Promise<T>): Promise<T> {
    const releases: (() => void)[] = [];
    const turns = mutexes.map((mutex) => {
      const before = mutex.#last;
      mutex.#asked += 1;
      mutex.#last = new Promise((resolve) => {
        releases.push(() => {
          mutex.#asked -= 1;
          resolve();
        });
      });
      return before;
    });
    try {
      await Promise.all(turns);
      return await work();
    } finally {
      for (const release of releases) release();
    }
  }
}
