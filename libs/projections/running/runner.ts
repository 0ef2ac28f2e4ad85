import { randomUUID } from 'node:crypto';
import type { Clock } from '#kernel';
import type { EventCatalogue, EventStore, Ledger } from '#event-store';
import { assertSameLog, findLedger, LogMismatchError, PositionNotInLogError } from '#event-store';
import type { CheckpointRow, Checkpoints, ConsumerId } from '../checkpoints/checkpoints.js';
import { consumerLabel } from '../checkpoints/checkpoints.js';
import type { Consumer } from './consumer.js';
import { FailingEventError } from './consumer.js';
import { messageOf } from '../database-errors.js';
import type { Member } from './feed.js';
import { Feed } from './feed.js';
import {
  FEEDS_MAX,
  LEASE_RENEW_INTERVAL_MS,
  RENEWAL_RED_AFTER_MS,
  RETRY_DELAY_MS_MAX,
  RETRY_DELAY_MS_MIN,
  RETRYING_RED_AFTER_MS,
} from '../limits.js';
import { GivenUpError, LeaseLostError } from '../projections.errors.js';
import type { ConsumerState, ConsumerStatus } from '../checkpoints/status.js';
import { failureText, redWhenUnattended, statusesOf } from '../checkpoints/status.js';

export interface RunnerLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface RunnerOptions {
  readonly store: EventStore;
  readonly catalogue: EventCatalogue;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  /** Names this process in the checkpoint rows; default: random. */
  readonly runnerId?: string;
  readonly log?: RunnerLog;
}

interface Slot {
  readonly consumer: Consumer;
  member: Member | undefined;
  state: Exclude<ConsumerState, 'unattended'>;
  failures: number;
  failingSince: number;
  tryAfter: number;
  error: unknown;
  pending: boolean;
}

const SILENT: RunnerLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Runs consumers whose leases it holds and stands by for the others. One subscription feeds all that are caught up;
 * those that are not get one of their own until they are.
 */
export class ConsumerRunner {
  readonly runnerId: string;
  readonly #slots = new Map<string, Slot>();
  readonly #feeds = new Set<Feed>();
  readonly #log: RunnerLog;
  readonly #stopped = new AbortController();
  #supervisor: Promise<void> = Promise.resolve();
  #kick: () => void = () => undefined;
  #ensured = false;
  readonly #startedAt = performance.now();

  constructor(
    readonly options: RunnerOptions,
    consumers: readonly Consumer[],
  ) {
    this.runnerId = options.runnerId ?? randomUUID();
    this.#log = options.log ?? SILENT;
    for (const consumer of consumers) {
      const label = consumerLabel(consumer.id);
      if (this.#slots.has(label)) throw new TypeError(`two consumers ${label}`);
      this.#slots.set(label, {
        consumer,
        member: undefined,
        state: 'standby',
        failures: 0,
        failingSince: 0,
        tryAfter: 0,
        error: undefined,
        pending: false,
      });
    }
  }

  /** Does not wait for database or event store: it goes on trying. A restart tries failed consumers again. */
  start(): void {
    this.#supervisor = this.#supervise();
  }

  /** Finishes the batches that were begun and gives the leases back. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#kick();
    for (const { consumer } of this.#slots.values()) consumer.giveUp?.();
    await this.#supervisor;
    await Promise.all([...this.#feeds].map((feed) => feed.stop()));
    const leases = [...this.#slots.values()].flatMap((slot) => {
      const { member } = slot;
      slot.member = undefined;
      slot.state = slot.state === 'running' ? 'standby' : slot.state;
      return member ? [member.lease] : [];
    });
    for (const { consumer } of this.#slots.values()) await consumer.rest?.();
    // A lease that cannot be given back ends by itself.
    await this.options.checkpoints.release(leases).catch(() => undefined);
  }

  /** Tries a failed or refused consumer again, all of its builds. */
  async resume(name: string): Promise<void> {
    const slots = [...this.#slots.values()].filter(({ consumer }) => consumer.id.name === name);
    await this.options.checkpoints.clearFailed(slots.map(({ consumer }) => consumer.id));
    for (const slot of slots)
      if (!slot.member) {
        slot.state = 'standby';
        slot.failures = 0;
        slot.tryAfter = 0;
      }
    this.#kick();
  }

  /** Of the consumers of this runner, with what it knows itself; and of newer builds that serve in their stead. */
  async status(): Promise<ConsumerStatus[]> {
    const { checkpoints, store, clock } = this.options;
    const now = clock.now();
    const head = await store.head().catch(() => undefined);
    const rows = await checkpoints.all().catch(() => undefined);
    const known = statusesOf(rows ?? [], now, head);
    return [...this.#ownStatuses(known, rows), ...this.#newerThanOwn(known)];
  }

  #ownStatuses(
    known: readonly ConsumerStatus[],
    rows: readonly CheckpointRow[] | undefined,
  ): ConsumerStatus[] {
    return [...this.#slots.values()].map((slot) => {
      const { id } = slot.consumer;
      const row = known.find((one) => consumerLabel(one) === consumerLabel(id));
      return this.#ownStatus(
        slot,
        row ?? unknownStatus(id),
        rows?.find((one) => consumerLabel(one) === consumerLabel(id)),
      );
    });
  }

  /** After a release was rolled back, people read what no runner of this one keeps up to date. */
  #newerThanOwn(known: readonly ConsumerStatus[]): ConsumerStatus[] {
    const own = this.#ids();
    return known
      .filter(
        ({ name, kind, version, serving }) =>
          serving &&
          kind === 'projection' &&
          own.some((id) => id.name === name) &&
          own.every((id) => id.name !== name || id.version < version),
      )
      .map((status) => redWhenUnattended(status, performance.now() - this.#startedAt));
  }

  /** Nothing when all is well; else one line for each consumer that somebody has to look at. */
  async problems(): Promise<string[]> {
    return (await this.status()).filter((status) => !status.ready).map(failureText);
  }

  #ownStatus(slot: Slot, status: ConsumerStatus, row: CheckpointRow | undefined): ConsumerStatus {
    if (slot.member) return runningStatus(slot.member, status, row);
    if (slot.state === 'refused' || slot.state === 'retrying') {
      const red =
        slot.state === 'refused' || Date.now() - slot.failingSince > RETRYING_RED_AFTER_MS;
      return {
        ...status,
        state: slot.state,
        ready: status.ready && !red,
        failure: status.failure ?? { message: messageOf(slot.error) },
      };
    }
    return redWhenUnattended(status, performance.now() - this.#startedAt);
  }

  async #supervise(): Promise<void> {
    let clear = true;
    while (!this.#stopped.signal.aborted) {
      try {
        if (!this.#ensured) await this.#ensure();
        if (clear) await this.options.checkpoints.clearFailed(this.#ids());
        clear = false;
        await this.#renew();
        await this.#claim();
      } catch (error) {
        this.#log.warn(
          { error: messageOf(error) },
          'projections wait for the database or the event store',
        );
      }
      await this.#tick();
    }
  }

  async #tick(): Promise<void> {
    if (this.#stopped.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LEASE_RENEW_INTERVAL_MS);
      this.#kick = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #ensure(): Promise<void> {
    await this.options.checkpoints.ensure(this.#ids());
    this.#ensured = true;
  }

  #ids(): ConsumerId[] {
    return [...this.#slots.values()].map(({ consumer }) => consumer.id);
  }

  async #renew(): Promise<void> {
    const held = [...this.#slots.values()].flatMap(({ member }) => (member ? [member] : []));
    const lost = await this.options.checkpoints.renew(held.map(({ lease }) => lease));
    for (const member of held)
      if (lost.includes(member.lease)) {
        for (const feed of this.#feeds) feed.members.delete(member);
        await this.#detached(member, new LeaseLostError(consumerLabel(member.lease.id)));
      }
  }

  async #claim(): Promise<void> {
    const now = Date.now();
    const wanted = [...this.#slots.values()].filter(
      (slot) => !slot.member && !slot.pending && slot.state !== 'refused' && slot.tryAfter <= now,
    );
    if (wanted.length === 0) return;
    const ledger = await findLedger(this.options.store);
    if (!ledger) return;
    const leases = await this.options.checkpoints.claim(
      wanted.map(({ consumer }) => consumer.id),
      this.runnerId,
    );
    // What was not given belongs to somebody else now: this runner's own troubles with it are over.
    for (const slot of wanted)
      if (!leases.some(({ id }) => consumerLabel(id) === consumerLabel(slot.consumer.id))) {
        slot.state = 'standby';
        slot.failures = 0;
      }
    const members: Member[] = [];
    for (const lease of leases) {
      const slot = this.#slots.get(consumerLabel(lease.id));
      if (!slot) continue;
      const member = { consumer: slot.consumer, lease, settled: false };
      try {
        await assertSameLog(this.options.store, ledger, lease.progress.handled);
        await slot.consumer.prepare(lease);
        slot.member = member;
        slot.state = 'running';
        members.push(member);
      } catch (error) {
        await this.#detached(member, error);
      }
    }
    this.#feed(
      members.filter(({ lease }) => lease.progress.resume === undefined),
      ledger,
    );
    this.#feed(
      members.filter(({ lease }) => lease.progress.resume !== undefined),
      ledger,
    );
    // What was claimed does not wait for it.
    if (leases.length < wanted.length) await this.#endStalled(wanted);
  }

  async #endStalled(wanted: readonly Slot[]): Promise<void> {
    try {
      const ids = wanted.map(({ consumer }) => consumer.id);
      const ended = await this.options.checkpoints.endStalled(ids);
      if (ended > 0)
        this.#log.warn({ sessions: ended }, 'sessions of a runner that stands still were ended');
    } catch (error) {
      // What was claimed has to be run whatever becomes of the others.
      this.#log.warn({ error: messageOf(error) }, 'sessions that stand still were not ended');
    }
  }

  /** Into a feed that is caught up and has given nothing that they miss; else into a new one, from the least of them. */
  #feed(members: readonly Member[], { logId, firstPosition }: Ledger): void {
    const behind: Member[] = [];
    for (const member of members) {
      const feed = [...this.#feeds].find(
        (one) => !one.ended && one.caughtUp && one.canTake(member.lease.progress.resume),
      );
      if (feed) feed.members.add(member);
      else behind.push(member);
    }
    const [first, ...others] = behind;
    if (!first) return;
    if (this.#feeds.size >= FEEDS_MAX) {
      for (const member of behind)
        void this.#detached(member, new Error('too many projections catch up at once'));
      return;
    }
    const after = others.reduce(
      (least, { lease: { progress } }) =>
        least === undefined || progress.resume === undefined || progress.resume < least
          ? progress.resume
          : least,
      first.lease.progress.resume,
    );
    const { store, catalogue, checkpoints } = this.options;
    const feed = new Feed({
      store,
      catalogue,
      checkpoints,
      logId,
      firstPosition,
      after,
      onDetached: (member, error) => this.#detached(member, error),
      onDelivered: (member) => {
        this.#delivered(member);
      },
      onCaughtUp: (one) => {
        this.#merge(one);
      },
    });
    for (const member of behind) feed.members.add(member);
    this.#feeds.add(feed);
    feed.start();
  }

  /** A feed that has caught up hands its members to another one that has. */
  #merge(feed: Feed): void {
    for (const one of this.#feeds) if (one.ended) this.#feeds.delete(one);
    if (feed.ended || [...feed.members].some(({ settled }) => !settled)) return;
    const other = [...this.#feeds].find(
      (one) =>
        one !== feed &&
        one.caughtUp &&
        [...feed.members].every(({ lease }) => one.canTake(lease.progress.resume)),
    );
    if (!other) return;
    for (const member of feed.members) other.members.add(member);
    feed.dissolve();
    this.#feeds.delete(feed);
  }

  #delivered(member: Member): void {
    const slot = this.#slots.get(consumerLabel(member.lease.id));
    if (slot) slot.failures = 0;
  }

  async #detached(member: Member, error: unknown): Promise<void> {
    const label = consumerLabel(member.lease.id);
    const slot = this.#slots.get(label);
    if (!slot) return;
    slot.member = undefined;
    slot.pending = true;
    slot.error = error;
    const details = { consumer: label, error: messageOf(error) };
    try {
      await member.consumer.rest?.();
      if (error instanceof FailingEventError) {
        slot.state = 'failed';
        const { type, id, position } = error.event;
        this.#log.error(
          { ...details, event: { type, id, position: String(position) } },
          'a projection or process stopped at an event',
        );
        await this.#untilStored(() =>
          this.options.checkpoints.markFailed(member.lease, error.event, messageOf(error)),
        );
      } else if (error instanceof LogMismatchError || error instanceof PositionNotInLogError) {
        slot.state = 'refused';
        this.#log.error(details, 'a checkpoint is of another log');
        await this.options.checkpoints.release([member.lease]);
      } else if (error instanceof GivenUpError) {
        slot.state = 'standby';
        await this.options.checkpoints.release([member.lease]);
      } else if (error instanceof LeaseLostError) {
        slot.state = 'standby';
        this.#log.warn(details, 'another runner took over');
      } else {
        if (slot.state !== 'retrying')
          slot.failingSince = slot.failures === 0 ? Date.now() : slot.failingSince;
        slot.state = 'retrying';
        slot.failures += 1;
        slot.tryAfter =
          Date.now() +
          Math.min(RETRY_DELAY_MS_MAX, RETRY_DELAY_MS_MIN * 2 ** Math.min(10, slot.failures - 1));
        this.#log.warn(details, 'a projection or process is tried again');
        await this.options.checkpoints.release([member.lease]);
        setTimeout(
          () => {
            this.#kick();
          },
          Math.max(0, slot.tryAfter - Date.now()),
        ).unref();
      }
    } catch (failure) {
      // A lease that cannot be given back ends by itself.
      this.#log.warn({ ...details, failure: messageOf(failure) }, 'a lease was not given back');
    } finally {
      slot.pending = false;
    }
  }

  /** That a consumer failed must outlive this process, or a standby would run into the same event. */
  async #untilStored(store: () => Promise<void>): Promise<void> {
    try {
      await store();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS_MIN));
      await store();
    }
  }
}

/** A batch or an index build under way holds the row: it is not renewed meanwhile, and nobody else can take it. */
function runningStatus(
  { lease }: Member,
  status: ConsumerStatus,
  row: CheckpointRow | undefined,
): ConsumerStatus {
  const unconfirmedMs = performance.now() - lease.confirmedAtMs;
  const busy = row?.epoch === lease.epoch && !lease.mutex.free;
  if (busy || unconfirmedMs <= RENEWAL_RED_AFTER_MS)
    return { ...status, state: 'running', ready: true };
  const message = `its lease was last renewed ${String(Math.floor(unconfirmedMs / 1_000))} s ago`;
  return { ...status, state: 'running', ready: false, failure: status.failure ?? { message } };
}

function unknownStatus(id: ConsumerId): ConsumerStatus {
  return {
    ...id,
    serving: false,
    state: 'unattended',
    ready: false,
    position: undefined,
    lag: { events: 0, seconds: 0 },
  };
}
