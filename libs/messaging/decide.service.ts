import { Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  AppendResult,
  ExpectedRevision,
  NewEvent,
  Position,
  RecordedEvent,
  StoredEvent,
} from '#event-store';
import {
  AppendOutcomeUnknownError,
  AppendTooLargeError,
  appendUntilKnown,
  EVENT_STORE_TIMEOUT_MS_DEFAULT,
  EventCatalogue,
  EventStore,
  EventStoreAccessDeniedError,
  EventStoreUnavailableError,
  position,
  positionsSeen,
  WrongExpectedRevisionError,
} from '#event-store';
import type { Decider, DomainEvent } from '#kernel';
import { Clock, DomainError } from '#kernel';
import { ProblemCatalogue } from '#problems';
import { eventId } from './command-ids.js';
import type { DecideRequest, Receipt } from './decide.port.js';
import { CONFLICT_RETRIES_MAX, DecideService, StreamReader } from './decide.port.js';
import { EventMetadataWriter } from './event-metadata.js';
import { CommandReceipts } from './ports/command-receipts.port.js';
import type { RememberedOutcome } from './ports/command-receipts.port.js';
import { UpgradeGate } from './ports/upgrade-gate.port.js';
import type { RequestContext } from './request-context.js';
import { differs } from './request-hasher.js';

/** Between attempts on a contested stream, times the attempt and a random share of it. */
export const CONFLICT_DELAY_MS = 5;
export const CONFLICT_DELAY_MS_MAX = 100;

/** The stream as one attempt sees it. Its events are not kept: a stream may have more of them than there is memory. */
interface Seen<State, Event extends DomainEvent> {
  readonly state: State;
  /** Of the last event; -1n when there is none. */
  readonly revision: bigint;
  readonly position: Position | undefined;
  /** What this command appended before. */
  readonly own: readonly RecordedEvent<Event>[];
  /** Right after the last of `own`. */
  readonly stateAfterOwn: State;
}

@Injectable()
export class LedgerDecideService extends DecideService {
  constructor(
    private readonly store: EventStore,
    private readonly catalogue: EventCatalogue,
    private readonly receipts: CommandReceipts,
    private readonly metadata: EventMetadataWriter,
    private readonly upgrades: UpgradeGate,
    private readonly problems: ProblemCatalogue,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async execute<State, Command, Event extends DomainEvent>(
    request: DecideRequest<State, Command, Event>,
  ): Promise<Receipt<State, Event>> {
    try {
      const receipt = await this.decide(request);
      positionsSeen()?.event(receipt.position);
      return receipt;
    } catch (error) {
      throw asDomainError(error);
    }
  }

  override async claimKey(context: RequestContext): Promise<void> {
    if (!context.idempotent) return;
    const { commandId, requestHash } = context;
    const known = await this.receipts.begin(commandId, requestHash, this.clock.now());
    if (known && differs(known.requestHash, context))
      throw new DomainError('request/idempotency-key-reused');
  }

  private async decide<State, Command, Event extends DomainEvent>(
    request: DecideRequest<State, Command, Event>,
  ): Promise<Receipt<State, Event>> {
    const { context } = request;
    const [known, first] = await Promise.all([
      context.idempotent
        ? this.receipts.begin(context.commandId, context.requestHash, this.clock.now())
        : undefined,
      this.read(request),
    ]);
    let seen = first;
    for (let conflicts = 0; ; conflicts += 1) {
      const applied = appliedBy(request, seen);
      if (applied) return applied;
      if (known) {
        if (differs(known.requestHash, context))
          throw new DomainError('request/idempotency-key-reused');
        if (known.outcome?.streamId === request.streamId && conflicts === 0)
          return await this.answered(request, known.outcome, seen);
      }
      try {
        return await this.attempt(request, seen);
      } catch (error) {
        if (!(error instanceof WrongExpectedRevisionError)) throw error;
      }
      const before = seen;
      seen = await this.read(request, before);
      const now = this.clock.now();
      if (!appliedBy(request, seen)) {
        if (request.ifMatch) throw new DomainError('request/precondition-failed');
        const spent = request.retryUntilDeadline
          ? now >= context.deadline
          : conflicts >= CONFLICT_RETRIES_MAX;
        if (spent) throw new DomainError('request/conflict');
        await delay(
          Math.min(CONFLICT_DELAY_MS * (conflicts + 1), CONFLICT_DELAY_MS_MAX) * Math.random(),
        );
      }
    }
  }

  /** @throws {WrongExpectedRevisionError} somebody else appended since. */
  private async attempt<State, Command, Event extends DomainEvent>(
    request: DecideRequest<State, Command, Event>,
    seen: Seen<State, Event>,
  ): Promise<Receipt<State, Event>> {
    const { streamId, decider, context } = request;
    const { state } = seen;
    let decided: readonly Event[];
    try {
      request.ifMatch?.(state);
      const command =
        typeof request.command === 'function'
          ? await (request.command as (state: State) => Command | Promise<Command>)(state)
          : request.command;
      decided = decider.decide(command, state);
    } catch (error) {
      if (error instanceof DomainError) await this.rememberRefusal(request, error);
      throw error;
    }
    if (decided.length === 0) return await this.nothingStored(request, seen);

    const newEvents = await this.encode(request, decided);
    await this.upgrades.assertReadable(
      [...new Set(decided.map(({ type }) => type))].map((type) => ({
        type,
        version: this.catalogue.definition(type).version,
      })),
    );
    const expected: ExpectedRevision = seen.revision < 0n ? 'noStream' : seen.revision;
    const result = await appendUntilKnown(this.store, streamId, expected, newEvents, {
      deadline: context.deadline,
      clock: this.clock,
    });
    const recorded = this.recorded<Event>(streamId, newEvents, result);
    return {
      streamId,
      revision: result.revision,
      position: result.position,
      eventIds: newEvents.map(({ id }) => id),
      events: recorded,
      state: evolved(decider, state, recorded),
      replayed: false,
    };
  }

  private async nothingStored<State, Command, Event extends DomainEvent>(
    { streamId, context }: DecideRequest<State, Command, Event>,
    { state, revision, position: lastPosition }: Seen<State, Event>,
  ): Promise<Receipt<State, Event>> {
    // The facts that the command was given came from other streams: the log's head is past them all.
    const head = await this.store.head({ timeoutMs: this.timeoutMs(context) });
    const read = lastPosition ?? position(0n);
    const at = head !== undefined && head > read ? head : read;
    await this.remember(context, {
      kind: 'noop',
      streamId,
      revision: String(revision),
      position: String(at),
    });
    return { streamId, revision, position: at, eventIds: [], events: [], state, replayed: false };
  }

  /** Only what would be answered so again: not what a wait mends. */
  private async rememberRefusal(
    { streamId, context }: Pick<DecideRequest<never, never, never>, 'streamId' | 'context'>,
    { code, details }: DomainError,
  ): Promise<void> {
    const problem = this.problems.get(code);
    if (!problem || problem.status < 400 || problem.status >= 500) return;
    if (problem.status === 429 || problem.retryAfterSeconds !== undefined) return;
    const at = positionsSeen()?.position;
    await this.remember(context, {
      kind: 'refused',
      streamId,
      code,
      details,
      ...(at === undefined ? {} : { position: String(at) }),
    });
  }

  private async remember(context: RequestContext, outcome: RememberedOutcome): Promise<void> {
    if (context.idempotent) await this.receipts.remember(context.commandId, outcome);
  }

  private async encode<State, Command, Event extends DomainEvent>(
    { streamId, context }: DecideRequest<State, Command, Event>,
    decided: readonly Event[],
  ): Promise<readonly NewEvent[]> {
    const metadata = await this.metadata.write(context, decided.length);
    return decided.map((event, index) => {
      const data = JSON.stringify(event.data);
      const id = eventId(streamId, context.commandId, index, event.type, data);
      const own = metadata[index];
      if (!own) throw new TypeError('metadata for each event');
      return this.catalogue.encode(id, event, own);
    });
  }

  /** As they will be read again; the store tells the position of the last one only. */
  private recorded<Event extends DomainEvent>(
    streamId: string,
    events: readonly NewEvent[],
    { revision, position: at }: AppendResult,
  ): readonly RecordedEvent<Event>[] {
    const storedAt = this.clock.now();
    return events.map((event, index) => {
      const stored: StoredEvent = {
        ...event,
        streamId,
        revision: revision - BigInt(events.length - 1 - index),
        position: at,
        storedAt,
      };
      return this.catalogue.decode<Event>(stored);
    });
  }

  /** From where the last look ended. */
  private async read<State, Command, Event extends DomainEvent>(
    { streamId, decider, context }: DecideRequest<State, Command, Event>,
    before?: Seen<State, Event>,
  ): Promise<Seen<State, Event>> {
    let state = before ? before.state : decider.initialState();
    let revision = before?.revision ?? -1n;
    let lastPosition = before?.position;
    const own = [...(before?.own ?? [])];
    let stateAfterOwn = before ? before.stateAfterOwn : state;
    for await (const stored of this.store.readStream(streamId, {
      from: revision + 1n,
      timeoutMs: this.timeoutMs(context),
    })) {
      const event = this.catalogue.decode<Event>(stored);
      state = decider.evolve(state, asDomainEvent(event));
      ({ revision, position: lastPosition } = event);
      if (event.metadata.commandId === context.commandId) {
        own.push(event);
        stateAfterOwn = state;
      }
      positionsSeen()?.event(event.position);
    }
    return { state, revision, position: lastPosition, own, stateAfterOwn };
  }

  /** @throws {DomainError} the refusal that was answered before. */
  private async answered<State, Command, Event extends DomainEvent>(
    request: DecideRequest<State, Command, Event>,
    outcome: RememberedOutcome,
    seen: Seen<State, Event>,
  ): Promise<Receipt<State, Event>> {
    if (outcome.kind === 'refused') {
      // The stream may have moved on since: this answer has not.
      if (outcome.position !== undefined)
        positionsSeen()?.snapshot(position(BigInt(outcome.position)));
      throw new DomainError(outcome.code, outcome.details);
    }
    const revision = BigInt(outcome.revision);
    return {
      streamId: outcome.streamId,
      revision,
      position: position(BigInt(outcome.position)),
      eventIds: [],
      events: [],
      state: seen.revision === revision ? seen.state : await this.stateAt(request, revision),
      replayed: true,
    };
  }

  private async stateAt<State, Command, Event extends DomainEvent>(
    { streamId, decider, context }: DecideRequest<State, Command, Event>,
    revision: bigint,
  ): Promise<State> {
    let state = decider.initialState();
    const timeoutMs = this.timeoutMs(context);
    for await (const stored of this.store.readStream(streamId, { timeoutMs })) {
      if (stored.revision > revision) break;
      state = decider.evolve(state, asDomainEvent(this.catalogue.decode<Event>(stored)));
    }
    return state;
  }

  private timeoutMs({ deadline }: RequestContext): number {
    const leftMs = deadline.getTime() - this.clock.now().getTime();
    return Math.max(1, Math.min(EVENT_STORE_TIMEOUT_MS_DEFAULT, leftMs));
  }
}

/** @throws {DomainError} `request/idempotency-key-reused` */
function appliedBy<State, Command, Event extends DomainEvent>(
  { streamId, context }: DecideRequest<State, Command, Event>,
  { own, stateAfterOwn }: Seen<State, Event>,
): Receipt<State, Event> | undefined {
  const last = own.at(-1);
  if (!last) return undefined;
  if (own.some(({ metadata }) => differs(metadata.requestHash, context)))
    throw new DomainError('request/idempotency-key-reused');
  return {
    streamId,
    revision: last.revision,
    position: last.position,
    eventIds: own.map(({ id }) => id),
    events: own,
    state: stateAfterOwn,
    replayed: true,
  };
}

function evolved<State, Event extends DomainEvent>(
  decider: Pick<Decider<State, never, Event>, 'evolve'>,
  state: State,
  events: readonly RecordedEvent<Event>[],
): State {
  return events.reduce((current, event) => decider.evolve(current, asDomainEvent(event)), state);
}

/** What a decider sees of an event. */
function asDomainEvent<Event extends DomainEvent>({ type, data }: RecordedEvent<Event>): Event {
  return { type, data } as unknown as Event;
}

function asDomainError(error: unknown): unknown {
  if (error instanceof AppendOutcomeUnknownError)
    return new DomainError('request/outcome-unknown', {}, { cause: error });
  if (error instanceof EventStoreUnavailableError || error instanceof EventStoreAccessDeniedError)
    return new DomainError('event-store/unavailable', {}, { cause: error });
  if (error instanceof AppendTooLargeError)
    return new DomainError('request/body-too-large', { bytesMax: error.bytesMax });
  return error;
}

@Injectable()
export class LedgerStreamReader extends StreamReader {
  constructor(
    private readonly store: EventStore,
    private readonly catalogue: EventCatalogue,
  ) {
    super();
  }

  override async load<State, Event extends DomainEvent>(
    streamId: string,
    decider: Pick<Decider<State, never, Event>, 'initialState' | 'evolve'>,
    signal?: AbortSignal,
    upTo?: Position,
  ): Promise<{ readonly state: State; readonly revision: bigint }> {
    let state = decider.initialState();
    let revision = -1n;
    try {
      for await (const stored of this.store.readStream(streamId, signal ? { signal } : {})) {
        if (upTo !== undefined && stored.position > upTo) break;
        const event = this.catalogue.decode<Event>(stored);
        state = decider.evolve(state, asDomainEvent(event));
        revision = event.revision;
        positionsSeen()?.event(event.position);
      }
    } catch (error) {
      throw asDomainError(error);
    }
    return { state, revision };
  }
}
