import type { Position } from '#event-store';
import { position } from '#event-store';
import type { CheckpointRow, ConsumerKind } from './checkpoints.js';
import { UNATTENDED_RED_AFTER_MS } from '../limits.js';

export type ConsumerState =
  /** This runner runs it. */
  | 'running'
  /** Somebody else runs it. */
  | 'standby'
  /** Nobody runs it. Red after `UNATTENDED_RED_AFTER_MS`, where it is needed. */
  | 'unattended'
  /** Tried again, with backoff. */
  | 'retrying'
  /** An event could not be handled: stopped until a restart or `resume`. */
  | 'failed'
  /** The log is not the one that its checkpoint was made from. */
  | 'refused';

export interface ConsumerStatus {
  readonly name: string;
  readonly build: string;
  readonly version: number;
  readonly kind: ConsumerKind;
  /** Queries read this build. Of a process: always. */
  readonly serving: boolean;
  readonly state: ConsumerState;
  /** Readiness: whether nobody has to look at it. */
  readonly ready: boolean;
  /** Since its last runner's lease was over; `undefined`: it has a runner, or never had one. */
  readonly unattendedMs?: number;
  readonly position: Position | undefined;
  readonly lag: { readonly events: number; readonly seconds: number };
  readonly failure?: {
    readonly message: string;
    readonly event?: { readonly type: string; readonly id: string; readonly position: Position };
  };
}

/**
 * Status and lag by the checkpoints alone: any process can tell them.
 *
 * @param head of the log, when known: without it, lag is counted from the consumer that is farthest.
 */
export function statusesOf(
  rows: readonly CheckpointRow[],
  now: Date,
  head?: Position,
): ConsumerStatus[] {
  const seenMost = rows.reduce(
    (most, row) => (row.events_seen > most ? row.events_seen : most),
    0n,
  );
  return rows.map((row) => {
    const behindHead = head !== undefined && (row.resume_position ?? -1n) < head;
    const counted = Number(seenMost - row.events_seen);
    const events = counted === 0 && behindHead ? 1 : counted;
    const failed = row.failure !== null;
    return {
      name: row.name,
      build: row.build,
      version: row.version,
      kind: row.kind,
      serving: row.kind === 'process' || row.serving,
      state: failed ? 'failed' : row.leased ? 'standby' : 'unattended',
      ready: !failed,
      ...(row.leased || row.unattended_ms === null ? {} : { unattendedMs: row.unattended_ms }),
      position: row.resume_position === null ? undefined : position(row.resume_position),
      lag: { events, seconds: events === 0 ? 0 : secondsSince(row.handled_at, now) },
      ...(row.failure === null ? {} : { failure: failureOf(row, row.failure) }),
    };
  });
}

/** Of what is needed: red when nobody has run it for too long. @param knownForMs counts where it never had a runner. */
export function redWhenUnattended(status: ConsumerStatus, knownForMs: number): ConsumerStatus {
  const unattendedMs = status.unattendedMs ?? knownForMs;
  if (status.state !== 'unattended' || unattendedMs <= UNATTENDED_RED_AFTER_MS) return status;
  const message = `nobody has run it for ${String(Math.floor(unattendedMs / 1_000))} s`;
  return { ...status, unattendedMs, ready: false, failure: status.failure ?? { message } };
}

function failureOf(row: CheckpointRow, message: string): NonNullable<ConsumerStatus['failure']> {
  const { failed_event_type: type, failed_event_id: id, failed_position: at } = row;
  if (type === null || id === null || at === null) return { message };
  return { message, event: { type, id, position: position(at) } };
}

function secondsSince(time: string | null, now: Date): number {
  return time === null ? 0 : Math.max(0, (now.getTime() - new Date(time).getTime()) / 1_000);
}

/** One line that says what to look at: projection, event type, event id and position. */
export function failureText(status: ConsumerStatus): string {
  const event = status.failure?.event;
  return [
    `${status.kind} ${status.name} ${status.build} ${status.state}`,
    ...(event ? [`at event ${event.type} ${event.id}, position ${String(event.position)}`] : []),
    ...(status.failure ? [status.failure.message] : []),
  ].join(': ');
}
