import type { Row } from './projection.js';
import type { TableWrites } from './row-fold.js';

/** The rows of one table that a fill touched last. `null`: it is not there. */
export class FillMemory {
  #newer = new Map<string, Row | null>();
  #older = new Map<string, Row | null>();
  #complete: boolean;

  /** @param complete the table is empty. */
  constructor(
    complete: boolean,
    readonly rowsMax: number,
  ) {
    this.#complete = complete;
  }

  /** Every row that is there is remembered: what is not, does not exist. */
  get complete(): boolean {
    return this.#complete;
  }

  /** `undefined`: not remembered. */
  get(text: string): Row | null | undefined {
    const newer = this.#newer.get(text);
    return newer === undefined ? this.#older.get(text) : newer;
  }

  /** What was looked up; `null`: it is not there. */
  learn(text: string, row: Row | null): void {
    this.#newer.set(text, row);
  }

  remember({ rows, finished }: TableWrites): void {
    for (const [text, row] of rows)
      if (finished.has(text)) this.#forget(text);
      else this.#newer.set(text, row ?? null);
    if (this.#newer.size < this.rowsMax / 2) return;
    if (this.#older.size > 0) this.#complete = false;
    this.#older = this.#newer;
    this.#newer = new Map();
  }

  #forget(text: string): void {
    this.#newer.delete(text);
    this.#older.delete(text);
    this.#complete = false;
  }
}
