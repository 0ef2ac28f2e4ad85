import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { expect } from '@jest/globals';
import type { DomainEvent } from '#kernel';
import type { EventMetadata, Position, RecordedEvent } from '#event-store';
import { position } from '#event-store';
import type { Projection, Row } from '../projection.js';
import { foldSteps, handlesType, stepsOf } from '../tables/row-fold.js';
import { keyOf, keyText } from '../tables/row-values.js';
import type { CompiledTable } from '../tables/table-schema.js';
import { compileTables } from '../tables/table-schema.js';

/** What a case says of an event; all else is made up, the same each time. */
export interface GivenEvent<Event extends DomainEvent = DomainEvent> {
  readonly type: Event['type'];
  readonly data: Event['data'];
  readonly streamId?: string;
  readonly revision?: bigint;
  readonly position?: bigint;
  readonly id?: string;
  readonly metadata?: Partial<EventMetadata>;
}

/** Events as readers see them, from what a case says: positions from 1, one second apart, deep frozen. */
export function recordedEvents(given: readonly GivenEvent[]): readonly RecordedEvent[] {
  let last = 0n;
  const revisions = new Map<string, bigint>();
  return given.map((event) => {
    last = event.position ?? last + 1n;
    const streamId = event.streamId ?? 'given-1-1';
    const revision = event.revision ?? (revisions.get(streamId) ?? -1n) + 1n;
    revisions.set(streamId, revision);
    const id = event.id ?? uuidOf(`${streamId} ${String(revision)}`);
    return frozen({
      type: event.type,
      data: structuredClone(event.data),
      streamId,
      revision,
      position: position(last),
      id,
      metadata: { ...metadataAt(last, id), ...event.metadata },
    });
  });
}

/**
 * `projectionSpec(projection).given(events).thenRows(table, rows)`: the rows after the events, as the engine makes them.
 * Every case runs twice, once event by event and once as one batch, and both must agree: what `apply` gives may depend
 * on nothing but the event and the row before it.
 */
export function projectionSpec(projection: Projection): {
  given(events: readonly GivenEvent[]): {
    /** Of the current rows; each needs only the columns that the case is about. */
    thenRows(table: string, rows: readonly Row[]): void;
    /** Of all versions, oldest first. */
    thenHistory(table: string, rows: readonly Row[]): void;
    rows(table: string): readonly Row[];
  };
} {
  return {
    given: (events) => {
      const recorded = recordedEvents(events);
      const tables = new ProjectedTables(projection);
      for (const event of recorded) tables.apply([event]);
      const again = new ProjectedTables(projection);
      again.apply(recorded);
      return {
        rows: (table) => tables.rows(table),
        thenRows: (table, rows) => {
          expect(tables.rows(table)).toEqual(
            rows.map((row): unknown => expect.objectContaining(row)),
          );
          expectSame(tables.rows(table), again.rows(table));
        },
        thenHistory: (table, rows) => {
          expect(tables.history(table)).toEqual(
            rows.map((row): unknown => expect.objectContaining(row)),
          );
          expectSame(tables.history(table), again.history(table));
        },
      };
    },
  };
}

/** The tables of one projection in memory, under the engine's own rules. */
export class ProjectedTables {
  readonly #tables: ReadonlyMap<string, CompiledTable>;
  readonly #rows = new Map<string, Map<string, Row>>();
  readonly #history = new Map<string, Row[]>();
  #appliedTo: Position | undefined;

  constructor(readonly projection: Projection) {
    this.#tables = compileTables(projection);
  }

  /** Events at or below the last one are left out, as the engine does. */
  apply(events: readonly RecordedEvent[]): void {
    const after = this.#appliedTo;
    const fresh = after === undefined ? events : events.filter((event) => event.position > after);
    const steps = stepsOf(this.projection, this.#tables, handlesType(this.projection), fresh);
    const before = new Map([...this.#tables.keys()].map((name) => [name, this.#of(name)]));
    const lookUp = ({ name }: CompiledTable, text: string) => before.get(name)?.get(text);
    for (const [table, writes] of foldSteps(steps, lookUp)) {
      const { name } = table;
      const rows = this.#of(name);
      for (const row of writes.inserts) {
        if (rows.has(keyText(table, row)))
          throw new Error(`table ${name} has this row already: ${keyText(table, row)}`);
        rows.set(keyText(table, row), row);
      }
      for (const row of writes.updates) rows.set(keyText(table, row), row);
      for (const key of writes.deletes) rows.delete(keyText(table, keyOf(table, key)));
      const versions = writes.history.map(({ row, deleted }) => ({ ...row, deleted }));
      this.#history.set(name, [...this.history(name), ...versions]);
    }
    this.#appliedTo = fresh.at(-1)?.position ?? after;
  }

  rows(table: string): readonly Row[] {
    return [...this.#of(table).values()];
  }

  history(table: string): readonly Row[] {
    return this.#history.get(table) ?? [];
  }

  #of(table: string): Map<string, Row> {
    const rows = this.#rows.get(table) ?? new Map<string, Row>();
    this.#rows.set(table, rows);
    return rows;
  }
}

function expectSame(one: readonly Row[], other: readonly Row[]): void {
  const sorted = (rows: readonly Row[]): readonly Row[] =>
    [...rows].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
  if (!isDeepStrictEqual(sorted(one), sorted(other))) expect(other).toEqual(one);
}

const textOf = (row: Row): string =>
  JSON.stringify(row, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));

function metadataAt(at: bigint, id: string): EventMetadata {
  return {
    $correlationId: uuidOf(`correlation ${id}`),
    $causationId: uuidOf(`causation ${id}`),
    commandId: uuidOf(`command ${id}`),
    requestHash: 'given',
    schemaVersion: 1,
    actor: { type: 'employee', issuer: 'https://issuer.example', subject: 'ada' },
    networkId: 1,
    recordedBy: 'spec',
    recordedAt: new Date(Date.UTC(2026, 0, 1) + Number(at) * 1_000).toISOString(),
    salt: '0'.repeat(32),
  };
}

function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}
