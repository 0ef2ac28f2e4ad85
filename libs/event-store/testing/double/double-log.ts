import { randomUUID } from 'node:crypto';

/** What EventStoreDB writes as `$tb` when a stream is soft-deleted, and the revision of a tombstone. */
export const DELETED_STREAM_REVISION = 9_223_372_036_854_775_807n;
export const APPEND_BYTES_MAX_OF_SERVER = 1_048_576;

/** A record that is no event (an epoch, an empty append) still takes its place in the log. */
const RECORD_OVERHEAD_BYTES = 61n;
const RECORDS_BEFORE_FIRST_EVENT_BYTES = 1_131n;

export type Expectation = 'any' | 'streamExists' | 'noStream' | bigint;

export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

export interface LoggedEvent extends ProposedEvent {
  readonly streamId: string;
  readonly revision: bigint;
  /** Commit and prepare alike. */
  readonly position: bigint;
  readonly createdTicks: bigint;
}

export type AppendOutcome =
  | {
      readonly kind: 'stored' | 'known';
      /** Of the last event; -1 when the stream still does not exist. */
      readonly revision: bigint;
      readonly position: bigint;
    }
  | { readonly kind: 'wrongRevision'; readonly actual: bigint }
  | { readonly kind: 'streamDeleted' };

export type DeleteOutcome =
  | { readonly kind: 'deleted'; readonly position: bigint }
  | { readonly kind: 'wrongRevision'; readonly actual: bigint }
  | { readonly kind: 'streamDeleted' };

export type StreamView =
  | { readonly kind: 'found'; readonly events: readonly LoggedEvent[] }
  | { readonly kind: 'notFound' }
  | { readonly kind: 'deleted' };

interface StreamState {
  readonly events: LoggedEvent[];
  tombstoned: boolean;
}

interface StreamLimits {
  readonly maxCount: bigint | undefined;
  readonly truncateBefore: bigint;
}

type Check =
  | { readonly kind: 'ok'; readonly undelete: boolean }
  | { readonly kind: 'known'; readonly last: LoggedEvent }
  | { readonly kind: 'wrongRevision' }
  | { readonly kind: 'streamDeleted' };

const NO_LIMITS: StreamLimits = { maxCount: undefined, truncateBefore: 0n };
const TICKS_PER_MS = 10_000n;

/**
 * One log as an EventStoreDB keeps it: revisions, idempotency, deletes and positions, without any transport. Nodes of a
 * cluster share one.
 */
export class DoubleLog {
  private readonly all: LoggedEvent[] = [];
  private readonly streams = new Map<string, StreamState>();
  private readonly boundaries = new Set<bigint>();
  /** What the server remembers of ids, in memory only; the last place wins. */
  private readonly remembered = new Map<string, LoggedEvent>();
  private readonly listeners = new Set<() => void>();
  private end = RECORDS_BEFORE_FIRST_EVENT_BYTES;

  constructor() {
    this.boundaries.add(0n);
    for (const [streamId, type] of [
      ['$$$stats-127.0.0.1:2113', '$metadata'],
      ['$users', '$User'],
      ['$user-admin', '$UserCreated'],
      ['$user-ops', '$UserCreated'],
    ] as const)
      this.append(streamId, 'any', [jsonOf(type, '{}')]);
  }

  /** A restarted server recognises repeated ids at exact revisions only: what `any` relied on is gone. */
  forgetIds(): void {
    this.remembered.clear();
  }

  onAppend(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Lets everybody who waits for an append look again. */
  wake(): void {
    for (const listener of [...this.listeners]) listener();
  }

  get length(): number {
    return this.all.length;
  }

  at(index: number): LoggedEvent | undefined {
    return this.all[index];
  }

  /** The number of events at or before a position. */
  countUpTo(position: bigint): number {
    let [low, high] = [0, this.all.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const event = this.all[middle];
      if (event && event.position <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  isBoundary(position: bigint): boolean {
    return this.boundaries.has(position) || position === this.end;
  }

  append(
    streamId: string,
    expected: Expectation,
    proposed: readonly ProposedEvent[],
  ): AppendOutcome {
    const check = this.check(
      streamId,
      expected,
      proposed.map((event) => event.id),
    );
    const current = this.lastRevision(streamId);
    if (check.kind === 'wrongRevision') return { kind: 'wrongRevision', actual: current };
    if (check.kind === 'streamDeleted') return check;
    if (check.kind === 'known')
      return { kind: 'known', revision: check.last.revision, position: check.last.position };
    if (proposed.length === 0)
      return { kind: 'stored', revision: current, position: this.place(0n) };
    const undeletes = check.undelete;
    const last = this.store(streamId, current, proposed);
    if (undeletes) this.undelete(streamId, current + 1n);
    this.wake();
    return { kind: 'stored', revision: last.revision, position: last.position };
  }

  softDelete(streamId: string, expected: Expectation): DeleteOutcome {
    const check = this.check(streamId, expected, [randomUUID()]);
    const actual = this.lastRevision(streamId);
    if (check.kind === 'streamDeleted') return check;
    const missing = actual < 0n && this.lastRevision(`$$${streamId}`) < 0n;
    if (check.kind !== 'ok' || missing) return { kind: 'wrongRevision', actual };
    const truncate = `{"$tb":${String(DELETED_STREAM_REVISION)}}`;
    const marker = this.store(`$$${streamId}`, this.lastRevision(`$$${streamId}`), [
      jsonOf('$metadata', truncate),
    ]);
    this.wake();
    return { kind: 'deleted', position: marker.position };
  }

  tombstone(streamId: string, expected: Expectation): DeleteOutcome {
    const check = this.check(streamId, expected, [randomUUID()]);
    if (check.kind === 'streamDeleted') return check;
    if (check.kind !== 'ok') return { kind: 'wrongRevision', actual: this.lastRevision(streamId) };
    const marker = this.store(streamId, DELETED_STREAM_REVISION - 1n, [
      jsonOf('$streamDeleted', ''),
    ]);
    this.stream(streamId).tombstoned = true;
    this.wake();
    return { kind: 'deleted', position: marker.position };
  }

  /** What a reader of the stream sees: without what `$maxCount`, `$tb` and a soft delete hide. */
  view(streamId: string): StreamView {
    const stream = this.streams.get(streamId);
    if (stream?.tombstoned) return { kind: 'deleted' };
    if (!stream || stream.events.length === 0) return { kind: 'notFound' };
    const { maxCount, truncateBefore } = this.limits(streamId);
    if (truncateBefore >= DELETED_STREAM_REVISION) return { kind: 'notFound' };
    const kept = maxCount === undefined ? 0n : BigInt(stream.events.length) - maxCount;
    const from = kept > truncateBefore ? kept : truncateBefore;
    return { kind: 'found', events: from > 0n ? stream.events.slice(Number(from)) : stream.events };
  }

  lastRevision(streamId: string): bigint {
    return BigInt(this.streams.get(streamId)?.events.length ?? 0) - 1n;
  }

  private check(streamId: string, expected: Expectation, ids: readonly string[]): Check {
    const stream = this.streams.get(streamId);
    if (stream?.tombstoned) return { kind: 'streamDeleted' };
    const current = this.lastRevision(streamId);
    const softDeleted = this.limits(streamId).truncateBefore >= DELETED_STREAM_REVISION;
    if (expected === 'streamExists') {
      if (softDeleted) return { kind: 'streamDeleted' };
      if (current < 0n && this.lastRevision(`$$${streamId}`) < 0n) return { kind: 'wrongRevision' };
    }
    if (expected === 'any' || expected === 'streamExists')
      return this.checkFromMemory(streamId, ids, softDeleted);
    const revision = expected === 'noStream' ? -1n : expected;
    if (revision === current) return { kind: 'ok', undelete: softDeleted };
    if (revision > current || ids.length === 0) return { kind: 'wrongRevision' };
    const there = stream?.events.slice(Number(revision + 1n)) ?? [];
    const known = ids.every((id, index) => there[index]?.id === id);
    const last = there[ids.length - 1];
    if (known && last) return { kind: 'known', last };
    return ids[0] !== there[0]?.id && expected === 'noStream' && softDeleted
      ? { kind: 'ok', undelete: true }
      : { kind: 'wrongRevision' };
  }

  /** At `any` a batch is known when its first id is: then all of it must be, or it fails. */
  private checkFromMemory(streamId: string, ids: readonly string[], softDeleted: boolean): Check {
    const places = ids.map((id) => {
      const place = this.remembered.get(id);
      return place?.streamId === streamId ? place : undefined;
    });
    if (places[0] === undefined) return { kind: 'ok', undelete: softDeleted };
    const last = places.at(-1);
    if (!last || places.includes(undefined)) return { kind: 'wrongRevision' };
    return { kind: 'known', last };
  }

  private store(
    streamId: string,
    current: bigint,
    proposed: readonly ProposedEvent[],
  ): LoggedEvent {
    const stream = this.stream(streamId);
    let last: LoggedEvent | undefined;
    let revision = current;
    for (const event of proposed) {
      revision += 1n;
      const bytes = event.data.length + event.metadata.length + event.type.length;
      last = {
        ...event,
        streamId,
        revision,
        position: this.place(BigInt(bytes + Buffer.byteLength(streamId))),
        createdTicks: BigInt(Date.now()) * TICKS_PER_MS,
      };
      this.all.push(last);
      stream.events.push(last);
      this.remembered.set(event.id, last);
    }
    if (!last) throw new Error('nothing to store');
    return last;
  }

  private place(bytes: bigint): bigint {
    const position = this.end;
    this.boundaries.add(position);
    this.end += RECORD_OVERHEAD_BYTES + bytes;
    return position;
  }

  private stream(streamId: string): StreamState {
    let stream = this.streams.get(streamId);
    if (!stream) this.streams.set(streamId, (stream = { events: [], tombstoned: false }));
    return stream;
  }

  /** A stream of metadata keeps its newest event only. */
  private limits(streamId: string): StreamLimits {
    if (streamId.startsWith('$$')) return { maxCount: 1n, truncateBefore: 0n };
    const newest = this.streams.get(`$$${streamId}`)?.events.at(-1);
    if (!newest) return NO_LIMITS;
    const text = Buffer.from(newest.data).toString('utf8');
    const limit = (name: string): bigint | undefined => {
      const digits = new RegExp(`"\\$${name}"\\s*:\\s*(\\d+)`).exec(text)?.[1];
      return digits === undefined ? undefined : BigInt(digits);
    };
    return { maxCount: limit('maxCount'), truncateBefore: limit('tb') ?? 0n };
  }

  private undelete(streamId: string, from: bigint): void {
    const metadata = Buffer.from(
      this.streams.get(`$$${streamId}`)?.events.at(-1)?.data ?? '{}',
    ).toString('utf8');
    const mended = metadata.replace(/"\$tb"\s*:\s*\d+/, `"$tb":${String(from)}`);
    this.store(`$$${streamId}`, this.lastRevision(`$$${streamId}`), [jsonOf('$metadata', mended)]);
  }
}

function jsonOf(type: string, data: string): ProposedEvent {
  return {
    id: randomUUID(),
    type,
    isJson: true,
    data: Buffer.from(data, 'utf8'),
    metadata: new Uint8Array(),
  };
}
