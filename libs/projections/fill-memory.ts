import { FILL_ROWS_REMEMBERED_MAX } from './limits.js';
import type { Row } from './projection.js';

/** The rows of one table that a fill touched last, as they are in its transactions that were committed. */
export class FillMemory {
  readonly #rows = new Map<string, Row>();

  /** Those that it knows go from `keys` to what is given back. */
  take(keys: Map<string, Row>): Map<string, Row> {
    const known = new Map<string, Row>();
    for (const text of keys.keys()) {
      const row = this.#rows.get(text);
      if (!row) continue;
      known.set(text, row);
      keys.delete(text);
    }
    return known;
  }

  remember(rows: ReadonlyMap<string, Row | undefined>): void {
    for (const [text, row] of rows) {
      this.#rows.delete(text);
      if (row) this.#rows.set(text, row);
    }
    // In the order in which they were touched last.
    for (const text of this.#rows.keys()) {
      if (this.#rows.size <= FILL_ROWS_REMEMBERED_MAX) break;
      this.#rows.delete(text);
    }
  }

  forget(): void {
    this.#rows.clear();
  }
}
