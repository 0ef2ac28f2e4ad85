import { randomBytes, randomUUID } from 'node:crypto';
import type { EventCatalogue, EventStore } from '#event-store';
import { MemoryEventStore } from '#event-store/memory';
import { Clock } from '#kernel';
import { ProblemCatalogue, requestProblems } from '#problems';
import { PersonalData } from '#sealing';
import type { CommandReceipts, RequestContext, UpgradeGate } from '../index.js';
import {
  EventMetadataWriter,
  LedgerDecideService,
  LedgerStreamReader,
  MemoryCommandReceipts,
  RecordedBy,
  SingleReleaseGate,
} from '../index.js';

export { commandReceiptsContract } from './command-receipts.contract.js';

const REQUEST_MS = 10_000;

/** A context as the edge makes it: a fresh command of an employee of network 1, unless said otherwise. */
export function requestContext(changes: Partial<RequestContext> = {}): RequestContext {
  const commandId = changes.commandId ?? randomUUID();
  const now = changes.now ?? new Date();
  return {
    commandId,
    requestHash: `pepper:${randomBytes(8).toString('hex')}`,
    idempotent: false,
    correlationId: randomUUID(),
    causationId: commandId,
    actor: { type: 'employee', issuer: 'https://issuer.test', subject: 'alice' },
    networkId: 1 as RequestContext['networkId'],
    now,
    deadline: new Date(now.getTime() + REQUEST_MS),
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Seals by writing backwards: for tests that ask whether something was sealed at all. */
export class MirroredPersonalData extends PersonalData {
  override seal(subject: string, text: string): Promise<string> {
    return Promise.resolve(`sealed(${subject}):${mirrored(text)}`);
  }
  override open(_: string, sealed: string): Promise<string | undefined> {
    return Promise.resolve(mirrored(sealed.slice(sealed.indexOf('):') + 2)));
  }
  override erase(): Promise<void> {
    return Promise.resolve();
  }
}

const mirrored = (text: string) => Array.from(text).reverse().join('');

class RunningClock extends Clock {
  override now(): Date {
    return new Date();
  }
}

export interface MemoryMessagingOptions {
  readonly catalogue: EventCatalogue;
  readonly clock?: Clock;
  readonly store?: EventStore;
  readonly receipts?: CommandReceipts;
  readonly personalData?: PersonalData;
  readonly problems?: ProblemCatalogue;
  readonly upgradeGate?: UpgradeGate;
}

/** Decide service and stream reader as in production, over an in-memory log. */
export function memoryMessaging(options: MemoryMessagingOptions) {
  const clock = options.clock ?? new RunningClock();
  const store = options.store ?? new MemoryEventStore();
  const receipts = options.receipts ?? new MemoryCommandReceipts();
  const metadata = new EventMetadataWriter(
    clock,
    options.personalData ?? new MirroredPersonalData(),
    new RecordedBy('test'),
  );
  const decisions = new LedgerDecideService(
    store,
    options.catalogue,
    receipts,
    metadata,
    options.upgradeGate ?? new SingleReleaseGate(),
    options.problems ?? new ProblemCatalogue(requestProblems),
    clock,
  );
  return { store, receipts, decisions, streams: new LedgerStreamReader(store, options.catalogue) };
}
