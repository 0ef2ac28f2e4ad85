import type { Decider, DomainEvent } from '#kernel';
import type { Position, RecordedEvent } from '#event-store';
import type { RequestContext } from './request-context.js';

export interface DecideRequest<State, Command, Event extends DomainEvent> {
  readonly streamId: string;
  readonly decider: Decider<State, Command, Event>;
  /**
   * The command, or what makes it from the state it will meet (draws a secret, seals and stores it…). Called once an
   * attempt, and not at all when the stream already knows this command id.
   */
  readonly command: Command | ((state: State) => Command | Promise<Command>);
  readonly context: RequestContext;
  /** `If-Match`: throws when the state is not the one that the client saw. With it, a conflict is final (412). */
  readonly ifMatch?: (state: State) => void;
  /** Revoke and suspend re-decide until the deadline, all else `CONFLICT_RETRIES_MAX` times. */
  readonly retryUntilDeadline?: boolean;
}

export interface Receipt<State = unknown, Event extends DomainEvent = DomainEvent> {
  readonly streamId: string;
  /** The stream's revision after the command; -1n when the stream is empty. */
  readonly revision: bigint;
  /** Of the last event stored; for a no-op, a position at or past all that was read. `atLeast` takes it. */
  readonly position: Position;
  readonly eventIds: readonly string[];
  readonly events: readonly RecordedEvent<Event>[];
  /** After the command (on a replay: as of the command, not of now). */
  readonly state: State;
  /** The stream already knew this command: nothing was appended, secrets that are shown once are not shown again. */
  readonly replayed: boolean;
}

/**
 * Read stream → already applied? → fold → decide → append at the expected revision → receipt.
 *
 * @throws {DomainError} the domain's refusals, `request/idempotency-key-reused` (422), `request/conflict` (409, retries
 *   used up), `request/outcome-unknown` (503), `event-store/unavailable` (503).
 */
export abstract class DecideService {
  abstract execute<State, Command, Event extends DomainEvent>(
    request: DecideRequest<State, Command, Event>,
  ): Promise<Receipt<State, Event>>;

  /**
   * For a command of many decisions, each under a command id of its own: binds its `Idempotency-Key` to this request,
   * before the first of them.
   *
   * @throws {DomainError} `request/idempotency-key-reused` (422).
   */
  abstract claimKey(context: RequestContext): Promise<void>;
}

/**
 * Reads and folds one stream from the leader: facts of another aggregate, read before `decide`. With `upTo`, as it was
 * at that position of the log, inclusive.
 */
export abstract class StreamReader {
  abstract load<State, Event extends DomainEvent>(
    streamId: string,
    decider: Pick<Decider<State, never, Event>, 'initialState' | 'evolve'>,
    signal?: AbortSignal,
    upTo?: Position,
  ): Promise<{ readonly state: State; readonly revision: bigint }>;
}

export const CONFLICT_RETRIES_MAX = 3;
