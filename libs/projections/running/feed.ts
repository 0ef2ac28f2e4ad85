import type {
  EventCatalogue,
  EventStore,
  Position,
  RecordedEvent,
  StoredEvent,
} from '#event-store';
import type { Checkpoints, Lease, Progress } from '../checkpoints/checkpoints.js';
import type { Batch, Consumer } from './consumer.js';
import { FailingEventError } from './consumer.js';
import type { FeedBatch } from './event-buffer.js';
import { EventBuffer } from './event-buffer.js';
import {
  BATCH_EVENTS_MAX,
  CAUGHT_UP_WITHIN_MS,
  FILL_PORTION_EVENTS,
  SETTLE_INTERVAL_MS,
  STANDBY_POLL_INTERVAL_MS,
} from '../limits.js';
import { LeaseLostError, RowRefusedError } from '../projections.errors.js';
import { consumerLabel } from '../checkpoints/checkpoints.js';

/** A consumer under a lease, as a feed sees it. */
export interface Member {
  readonly consumer: Consumer;
  readonly lease: Lease;
  settled: boolean;
}

export interface FeedOptions {
  readonly store: EventStore;
  readonly catalogue: EventCatalogue;
  readonly checkpoints: Checkpoints;
  readonly logId: string;
  /** Of `LedgerOpened`: what others left in the store before it is not of this log. */
  readonly firstPosition: Position;
  /** Exclusive. `undefined`: from the log's first event on. */
  readonly after: Position | undefined;
  readonly onDetached: (member: Member, error: unknown) => Promise<void>;
  readonly onDelivered: (member: Member) => void;
  /** After each batch once all was read: the place to merge feeds. */
  readonly onCaughtUp: (feed: Feed) => void;
}

const BEACON = 'LedgerBeacon';

/** One subscription, decoded once, delivered to all members in step. */
export class Feed {
  readonly members = new Set<Member>();
  caughtUp = false;
  /** All up to here was given to the members, or is being given right now. */
  position: Position | undefined;
  readonly #abort = new AbortController();
  readonly #buffer = new EventBuffer();
  #ended: Promise<void> = Promise.resolve();
  /** A head that was still ahead when it was looked at. */
  #aim: { readonly head: Position; readonly seenAt: number } | undefined;

  constructor(readonly options: FeedOptions) {
    this.position = options.after;
  }

  start(): void {
    this.#ended = Promise.all([this.#pump(), this.#deliverAll()]).then(() => undefined);
  }

  /** What was begun is finished first. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  get ended(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Members may join when they have all that this feed has given. */
  canTake(resume: Position | undefined): boolean {
    return this.position === undefined || (resume !== undefined && resume >= this.position);
  }

  /** Ends without its members having been detached: they moved on. */
  dissolve(): void {
    this.members.clear();
    this.#abort.abort();
  }

  async #pump(): Promise<void> {
    const { store, firstPosition } = this.options;
    const { signal } = this.#abort;
    try {
      let { after } = this.options;
      if (after === undefined) {
        for await (const first of store.readAll({ from: firstPosition, maxCount: 1, signal }))
          this.#take(first);
        after = firstPosition;
      }
      for await (const item of store.subscribeAll({ after, signal })) {
        if (item.kind === 'progress') this.#buffer.push(item.position, undefined, 0);
        else if (item.event.type === BEACON) this.#buffer.push(item.event.position, undefined, 0);
        else this.#take(item.event);
        if (this.#buffer.isFull) await this.#buffer.room(signal);
        if (this.ended) return;
      }
      if (!signal.aborted) this.#buffer.fail(new Error('the subscription ended by itself'));
    } catch (error) {
      this.#buffer.fail(error);
    }
  }

  #take(stored: StoredEvent): void {
    let event: RecordedEvent;
    try {
      event = this.options.catalogue.decode(stored);
    } catch (error) {
      throw new FailingEventError(stored, error);
    }
    this.#buffer.push(stored.position, event, stored.data.length + stored.metadata.length);
  }

  async #deliverAll(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        this.#buffer.eventsMax = [...this.members].every(({ consumer }) => consumer.gathers)
          ? FILL_PORTION_EVENTS
          : BATCH_EVENTS_MAX;
        const batch = await this.#buffer.take(this.#waitMs(), !this.caughtUp, signal);
        if (this.ended) return;
        if (batch) await this.#deliver(batch);
        await this.#whenCaughtUp();
        if (this.members.size === 0) this.#abort.abort();
      } catch (error) {
        for (const member of [...this.members]) await this.#detach(member, error);
        this.#abort.abort();
      }
    }
  }

  async #deliver(batch: FeedBatch): Promise<void> {
    this.position = batch.end;
    const moves: { member: Member; to: Progress }[] = [];
    const work: Promise<void>[] = [];
    for (const member of this.members) {
      const { consumer, lease } = member;
      const given = batchFor(consumer.taken ?? lease.progress, batch, this.options.logId);
      if (!given) continue;
      if (consumer.taken || given.events.some((event) => consumer.handles(event.type)))
        work.push(this.#handle(member, given));
      else moves.push({ member, to: given.end });
    }
    work.push(this.#advance(moves));
    await Promise.all(work);
  }

  async #handle(member: Member, batch: Batch): Promise<void> {
    try {
      await member.consumer.handle(batch, member.lease, this.#abort.signal);
      this.options.onDelivered(member);
    } catch (error) {
      await this.#detach(member, error);
    }
  }

  async #advance(moves: readonly { member: Member; to: Progress }[]): Promise<void> {
    try {
      const lost = await this.options.checkpoints.advance(
        moves.map(({ member: { lease }, to }) => ({ lease, to })),
      );
      for (const { member } of moves)
        if (lost.includes(member.lease))
          await this.#detach(member, new LeaseLostError(consumerLabel(member.lease.id)));
        else this.options.onDelivered(member);
    } catch (error) {
      for (const { member } of moves) await this.#detach(member, error);
    }
  }

  async #whenCaughtUp(): Promise<void> {
    this.caughtUp ||= await this.#atHead();
    if (!this.caughtUp) return;
    await Promise.all(
      [...this.members].filter(({ settled }) => !settled).map((member) => this.#settle(member)),
    );
    this.options.onCaughtUp(this);
  }

  async #settle(member: Member): Promise<void> {
    try {
      member.settled = await member.consumer.settle(member.lease);
    } catch (error) {
      await this.#detach(member, error);
    }
  }

  /** The event that a refused row came from. */
  async #at(refused: RowRefusedError): Promise<Error> {
    try {
      const from = refused.position;
      for await (const event of this.options.store.readAll({ from, maxCount: 1 }))
        return new FailingEventError(event, refused);
    } catch {
      // It is met again at the next try.
    }
    return refused;
  }

  #waitMs(): number {
    const settled = [...this.members].every((member) => member.settled);
    return this.caughtUp && !settled ? SETTLE_INTERVAL_MS : STANDBY_POLL_INTERVAL_MS;
  }

  async #atHead(): Promise<boolean> {
    // The log may grow faster than it is asked: to have reached a head of a moment ago is enough.
    if (this.#aim && !this.#reached(this.#aim.head)) return false;
    if (this.#aim && performance.now() - this.#aim.seenAt <= CAUGHT_UP_WITHIN_MS) return true;
    const seenAt = performance.now();
    const head = await this.options.store.head();
    if (head === undefined || this.#reached(head)) return true;
    this.#aim = { head, seenAt };
    return false;
  }

  #reached(head: Position): boolean {
    return this.position !== undefined && this.position >= head;
  }

  async #detach(member: Member, error: unknown): Promise<void> {
    if (!this.members.delete(member)) return;
    await this.options.onDetached(
      member,
      error instanceof RowRefusedError ? await this.#at(error) : error,
    );
  }
}

/** What of it this member has not had; `undefined` when it had all. */
function batchFor(from: Progress, batch: FeedBatch, logId: string): Batch | undefined {
  const { resume } = from;
  if (resume !== undefined && batch.end <= resume) return undefined;
  const events =
    resume === undefined || (batch.events[0]?.position ?? 0n) > resume
      ? batch.events
      : batch.events.filter((event) => event.position > resume);
  const after = (index: number): Progress => {
    const event = events[index];
    if (!event) return from;
    return {
      resume: event.position,
      eventsSeen: from.eventsSeen + BigInt(index + 1),
      handled: {
        logId,
        position: event.position,
        eventId: event.id,
        at: event.metadata.recordedAt,
      },
    };
  };
  const { characters } = batch;
  return { events, after, end: { ...after(events.length - 1), resume: batch.end }, characters };
}
