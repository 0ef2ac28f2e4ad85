import { randomBytes, randomUUID } from 'node:crypto';
import type { Clock, DomainEvent } from '#kernel';
import { isUuid, schema } from '#kernel';
import { appendUntilKnown } from './append-until-known.js';
import { EventCatalogue, UnknownEventError } from './catalogue.js';
import type { EventCatalogueSection } from './catalogue.js';
import { EventStoreError, WrongExpectedRevisionError } from './event-store.errors.js';
import type { CallOptions, EventStore, StoredEvent, SubscribeFilter } from './event-store.port.js';
import { EVENT_STORE_TIMEOUT_MS_DEFAULT } from './event-store.port.js';
import type { EventMetadata } from './metadata.js';
import type { Position } from './position.js';

/** The log's identity; its first event. */
export type LedgerOpened = DomainEvent<'LedgerOpened', { readonly logId: string }>;
/** Proof that a leader accepts appends (`barrier()` of EventStoreDB): no audit row, no leaf. */
export type LedgerBeacon = DomainEvent<'LedgerBeacon', Readonly<Record<string, never>>>;
export type LedgerEvent = LedgerOpened | LedgerBeacon;

export const ledgerEvents = {
  LedgerOpened: {
    version: 1,
    retention: 'governance',
    data: schema.object<LedgerOpened['data']>({ logId: schema.uuid() }),
  },
  LedgerBeacon: {
    version: 1,
    retention: 'traffic',
    data: schema.object<LedgerBeacon['data']>({}),
  },
} as const satisfies EventCatalogueSection<LedgerEvent>;

export const LEDGER_STREAM = 'ledger';
export const LEDGER_BEACON_STREAM = 'ledgerBeacon-0';
/** What `recordedBy` and the actor's issuer say on the log's own events. */
const RECORDED_BY = 'keyledger';

/** Whether a subscriber with this filter gets events of this stream: the log's beacon passes every filter. */
export function letsThrough(filter: SubscribeFilter | undefined, streamId: string): boolean {
  return (
    filter === undefined ||
    streamId === LEDGER_BEACON_STREAM ||
    filter.streamPrefixes.some((prefix) => streamId.startsWith(prefix))
  );
}

/** Metadata of what the log records about itself, above all networks. */
export function ledgerMetadata(now: Date): Omit<EventMetadata, 'schemaVersion'> {
  const commandId = randomUUID();
  return {
    $correlationId: commandId,
    $causationId: commandId,
    commandId,
    requestHash: '',
    actor: { type: 'system', issuer: RECORDED_BY, subject: LEDGER_STREAM },
    networkId: null,
    recordedBy: RECORDED_BY,
    recordedAt: now.toISOString(),
    salt: randomBytes(16).toString('hex'),
  };
}

/** The store holds another log than the one asked for, or none of ours. Never resume, never write: mend the configuration. */
export class LogMismatchError extends EventStoreError {
  override readonly name = 'LogMismatchError';
}

export interface Ledger {
  readonly logId: string;
  /** Of `LedgerOpened`. */
  readonly firstPosition: Position;
}

export interface OpenLedgerOptions {
  readonly clock: Pick<Clock, 'now'>;
  /** Default: a random UUID. */
  readonly newLogId?: () => string;
  /** Take a log that holds events from before `LedgerOpened` (a server once used by others); the default refuses it. */
  readonly acceptEarlierEvents?: boolean;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * The log's identity: its first event, written when there is none yet. Safe to call again and by many at once: all get
 * the same answer. Call it before anything else is appended.
 *
 * @throws {LogMismatchError} the log begins with something else.
 */
export async function openLedger(store: EventStore, options: OpenLedgerOptions): Promise<Ledger> {
  const timeoutMs = options.timeoutMs ?? EVENT_STORE_TIMEOUT_MS_DEFAULT;
  const call: CallOptions = { timeoutMs, ...(options.signal ? { signal: options.signal } : {}) };
  let ledger = await findLedger(store, call);
  if (!ledger) {
    if (!options.acceptEarlierEvents) await refuseEarlierEvents(store, call, undefined);
    const opened: LedgerOpened = {
      type: 'LedgerOpened',
      data: { logId: options.newLogId?.() ?? randomUUID() },
    };
    const now = options.clock.now();
    const event = catalogue.encode(randomUUID(), opened, ledgerMetadata(now));
    try {
      await appendUntilKnown(store, LEDGER_STREAM, 'noStream', [event], {
        deadline: new Date(now.getTime() + timeoutMs),
        clock: options.clock,
        ...(options.signal ? { signal: options.signal } : {}),
      });
    } catch (error) {
      // Somebody else was first: theirs counts.
      if (!(error instanceof WrongExpectedRevisionError)) throw error;
    }
    ledger = await findLedger(store, call);
    if (!ledger) throw new LogMismatchError(`${store.description} lost its first event`);
  }
  if (!options.acceptEarlierEvents) await refuseEarlierEvents(store, call, ledger.firstPosition);
  return ledger;
}

/** The log's identity, `undefined` when the log was never opened. Writes nothing. */
export async function findLedger(
  store: EventStore,
  options: CallOptions = {},
): Promise<Ledger | undefined> {
  const first = await firstOf(store.readStream(LEDGER_STREAM, { ...options, maxCount: 1 }));
  if (!first) return undefined;
  if (first.type !== 'LedgerOpened')
    throw new LogMismatchError(
      `stream ${LEDGER_STREAM} of ${store.description} begins with ${first.type}, not with LedgerOpened`,
    );
  const { logId } = catalogue.decode<LedgerOpened>(first).data;
  if (!isUuid(logId))
    throw new UnknownEventError(
      first.type,
      undefined,
      `${LEDGER_STREAM}@${String(first.revision)}`,
    );
  return { logId, firstPosition: first.position };
}

async function refuseEarlierEvents(
  store: EventStore,
  call: CallOptions,
  firstPosition: Position | undefined,
): Promise<void> {
  const first = await firstOf(store.readAll({ ...call, maxCount: 1 }));
  if (first && first.position !== firstPosition && first.type !== 'LedgerOpened')
    throw new LogMismatchError(
      `the log of ${store.description} begins with ${first.type} in ${first.streamId}, not with LedgerOpened: ` +
        'Keyledger needs a server or database of its own',
    );
}

/** The last event that a reader handled, stored with its checkpoint and read back before it resumes. */
export interface LastHandled {
  readonly logId: string;
  readonly position: Position;
  readonly eventId: string;
}

/**
 * Call before resuming from a checkpoint: the log must be the same, and must still hold the event that was handled last.
 * An EventStoreDB says nothing when it does not (trap 4). `undefined`: nothing was handled yet, nothing to compare.
 *
 * @throws {LogMismatchError}
 */
export async function assertSameLog(
  store: EventStore,
  ledger: Pick<Ledger, 'logId'>,
  last: LastHandled | undefined,
  options: CallOptions = {},
): Promise<void> {
  if (!last) return;
  const at = `position ${String(last.position)}`;
  if (last.logId !== ledger.logId)
    throw new LogMismatchError(
      `this checkpoint was made from log ${last.logId}, but ${store.description} holds log ${ledger.logId}`,
    );
  const found = await firstOf(store.readAll({ ...options, from: last.position, maxCount: 1 }));
  if (found?.position !== last.position)
    throw new LogMismatchError(
      `this checkpoint stands at ${at}, where ${store.description} has no event: ` +
        `log ${ledger.logId} was restored from an older backup, or the checkpoint from a newer one`,
    );
  if (found.id !== last.eventId)
    throw new LogMismatchError(
      `this checkpoint has seen event ${last.eventId} at ${at}, where ${store.description} has ${found.id}: ` +
        `log ${ledger.logId} was restored from an older backup and has gone another way since`,
    );
}

const catalogue = new EventCatalogue(ledgerEvents);

async function firstOf(events: AsyncIterable<StoredEvent>): Promise<StoredEvent | undefined> {
  for await (const event of events) return event;
  return undefined;
}
