import type { Row } from '../projection.js';

/** What is known of one row. `null`: it is not there. */
export interface RememberedRow {
  row: Row | null;
}

/** The rows of one table that a fill touched last. */
export class FillMemory {
  #newer = new Map<string, RememberedRow>();
  #older = new Map<string, RememberedRow>();
  #finished: string[] = [];
  #complete: boolean;

  /** @param complete the table is empty. */
  constructor(
    complete: boolean,
    readonly rowsMax: number,
  ) {
    this.#complete = complete;
  }

  /** `undefined`: not remembered, and it may be there. What is given back may be changed until `settle`. */
  touch(text: string): RememberedRow | undefined {
    const newer = this.#newer.get(text);
    if (newer) return newer;
    const older = this.#older.get(text);
    if (older) {
      this.#newer.set(text, older);
      return older;
    }
    return this.#complete ? this.learn(text, null) : undefined;
  }

  learn(text: string, row: Row | null): RememberedRow {
    const remembered = { row };
    this.#newer.set(text, remembered);
    return remembered;
  }

  /** No later event is about it: it is forgotten when the batch is over. */
  finish(text: string): void {
    this.#finished.push(text);
  }

  /** After a batch: what was touched last stays. */
  settle(): void {
    for (const text of this.#finished) {
      this.#newer.delete(text);
      this.#older.delete(text);
      this.#complete = false;
    }
    this.#finished = [];
    if (this.#newer.size < this.rowsMax / 2) return;
    if (this.#older.size > 0) this.#complete = false;
    this.#older = this.#newer;
    this.#newer = new Map();
  }
}
