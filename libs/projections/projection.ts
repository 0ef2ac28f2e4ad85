import type { RecordedEvent } from '#event-store';

export type ColumnType =
  | 'bigint'
  | 'boolean'
  | 'integer'
  /** Kept as it is written, and not taken apart by the server: half its work. For what no SQL looks into. */
  | 'json'
  | 'jsonb'
  | 'text'
  | 'timestamptz'
  /** Written as an array of lexemes, each once, for text search; never read back. */
  | 'tsvector'
  | 'uuid'
  | 'text[]';

/** `bigint` columns are JS bigints, `timestamptz` ISO-8601 strings with milliseconds, `json` and `jsonb` plain JSON values. */
export type ColumnValue = bigint | boolean | number | string | null | readonly string[] | object;
export type Row = Readonly<Record<string, ColumnValue>>;

export interface TableIndex {
  readonly columns: readonly string[];
  readonly unique?: boolean;
  readonly method?: 'btree' | 'gin';
  /** A partial index's condition, SQL. */
  readonly where?: string;
  /**
   * Its entries come in the order of the log, all together or by a few first values: a fill keeps it, which costs next to
   * nothing while entries join at an end. Other indexes are made when a table is full. Only of tables that grow.
   */
  readonly inOrder?: boolean;
  /**
   * Of its first column, a text that is only ever asked for as a whole, it holds a hash: a third of the work of making it,
   * and no text of a client makes it large. Queries ask for `sameText`. Only of tables that grow.
   */
  readonly hashed?: boolean;
}

export interface ProjectionTable {
  readonly columns: Readonly<Record<string, ColumnType | `${ColumnType} null`>>;
  readonly key: readonly string[];
  readonly indexes?: readonly TableIndex[];
  /**
   * Keeps every version of every row beside the current ones, as `<table>_history` (the key, `from_position`, `deleted`
   * and all columns), for `asOf`. Every row of every table has `from_position bigint`, set by the engine.
   */
  readonly history?: boolean;
  /** Its rows never change: events only insert. It needs no history. */
  readonly grows?: boolean;
  /** As `TableIndex.inOrder`, of the key. */
  readonly keyInOrder?: boolean;
}

/** What an event does to one row. Pure: the engine gives the row as it is before this event. */
export type RowChange =
  | {
      readonly table: string;
      readonly key: Row;
      /** The new row (the key's columns included or not), `null` to delete it, `undefined` to leave it. */
      readonly change: (before: Row | undefined) => Row | null | undefined;
    }
  | {
      readonly table: string;
      readonly key: Row;
      /** The columns that change, of a row that has to be there: without it the projection stops. */
      readonly update: (before: Row) => Row;
      /** No later event is about this row: a fill forgets it, and would look it up again. */
      readonly last?: boolean;
    }
  /** A row that was not there before (no look-up of what was); one that is there stops the projection. */
  | { readonly table: string; readonly insert: Row };

/**
 * A read model: pure functions from event to row changes. The engine owns transactions, checkpoint, lock, rebuild,
 * history and switch. Names are snake_case; a table `api_keys` of version 3 lies in `api_keys_v3`, and the view
 * `api_keys` (and `api_keys_history`) shows the version that serves.
 */
export interface Projection {
  readonly name: string;
  /** Raised whenever `tables` or `apply` change what comes out: the engine then rebuilds beside and switches. */
  readonly version: number;
  readonly tables: Readonly<Record<string, ProjectionTable>>;
  /** Types that `apply` looks at; `'*'`: all. Others only move the checkpoint. */
  readonly handles: '*' | readonly string[];
  apply(event: RecordedEvent): readonly RowChange[];
}

/**
 * Event in, commands out: closes races and finishes what a dead handler began. Each call must be safe to repeat: command
 * ids are uuid v5 of (process, causing event id, step).
 */
export interface Process {
  readonly name: string;
  readonly handles: readonly string[];
  handle(event: RecordedEvent, signal: AbortSignal): Promise<void>;
}
