import type { Row } from './projection.js';

/** The rows of one table that a fill touched last. `null`: it is not there. */
export class FillMemory {
  #newer = new Map<string, Row | null>();
  #older = new Map<string, Row | null>();
  #finished: string[] = [];
  #complete: boolean;

  /** @param complete the table is empty. */
  constructor(
    complete: boolean,
    readonly rowsMax: number,
  ) {
    this.#complete = complete;
  }

  /** `undefined`: not remembered, and it may be there. */
  get(text: string): Row | null | undefined {
    const newer = this.#newer.get(text);
    if (newer !== undefined) return newer;
    const older = this.#older.get(text);
    return older === undefined && this.#complete ? null : older;
  }

  set(text: string, row: Row | null): void {
    this.#newer.set(text, row);
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
