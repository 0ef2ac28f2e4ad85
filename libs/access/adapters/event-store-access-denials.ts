import { randomUUID } from 'node:crypto';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, streamId, type NetworkId } from '#kernel';
import {
  appendUntilKnown,
  EventCatalogue,
  EventStore,
  WrongExpectedRevisionError,
  type Actor,
  type ExpectedRevision,
  type NewEvent,
} from '#event-store';
import { EventMetadataWriter, RecordedBy, UNHASHED } from '#messaging';
import { PersonalData } from '#sealing';
import { AccessOptions } from '../access.options.js';
import type { AccessDenied } from '../domain/access-denied.events.js';
import {
  DENIAL_WINDOW_SECONDS,
  DenialCoalescing,
  type DenialSummary,
} from '../domain/denial-coalescing.policy.js';
import { AccessDenials, type Denial } from '../ports/access-denials.port.js';
import { addressKey } from './client-addresses.js';

/** Summaries that wait to be stored. What finds the queue full is counted into the next window. */
export const DENIAL_QUEUE_MAX = 1_000;
export const DENIAL_APPEND_EVENTS_MAX = 64;
export const DENIAL_APPEND_TIMEOUT_MS = 5_000;
export const DENIAL_RETRY_DELAY_MS = 1_000;
/** How long shutdown waits for the store. */
export const DENIAL_FLUSH_TIMEOUT_MS = 5_000;

/** Streams whose last revision is remembered. */
export const DENIAL_STREAMS_MAX = 1_000;

interface Batch {
  readonly stream: string;
  readonly events: readonly NewEvent[];
  expected: ExpectedRevision | undefined;
}

const NEVER = new AbortController().signal;
const SYSTEM: Actor = { type: 'system', issuer: 'keyledger', subject: 'access' };

/** Into `accessDenied-<network|0>-<day>`, by one writer a process that works behind the requests. */
@Injectable()
export class EventStoreAccessDenials extends AccessDenials implements OnApplicationShutdown {
  private readonly metadata: EventMetadataWriter;
  private readonly coalescing = new DenialCoalescing();
  private readonly queue: DenialSummary[] = [];
  private readonly revisions = new Map<string, ExpectedRevision>();
  private readonly logger = new Logger('AccessDenials');
  private window: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;
  /** Taken from the head of the queue, and not yet known to be stored. */
  private batch: Batch | undefined;

  constructor(
    private readonly store: EventStore,
    private readonly catalogue: EventCatalogue,
    personalData: PersonalData,
    private readonly clock: Clock,
    options: AccessOptions,
  ) {
    super();
    this.metadata = new EventMetadataWriter(
      clock,
      personalData,
      new RecordedBy(options.recordedBy),
    );
  }

  override record(denial: Denial): void {
    const { principal, ip, code } = denial;
    const actor = principal?.actor ?? null;
    const network =
      denial.networkId === undefined ? (principal?.networkId ?? null) : denial.networkId;
    const first = this.coalescing.see({
      network: network ?? 0,
      code,
      actor,
      address: ip,
      callerKey: actor ? `${actor.issuer}\n${actor.subject}` : addressKey(ip ?? 'unknown'),
      at: this.clock.now(),
    });
    if (first) this.enqueue([first]);
    this.window ??= setInterval(() => {
      this.endWindow();
    }, DENIAL_WINDOW_SECONDS * 1_000).unref();
  }

  override async flush(): Promise<void> {
    this.enqueue(this.coalescing.endWindow());
    const startedAt = performance.now();
    while (this.queue.length > 0 && performance.now() - startedAt < DENIAL_FLUSH_TIMEOUT_MS) {
      clearTimeout(this.retry);
      this.retry = undefined;
      const waiting = this.queue.length;
      await (this.writing ?? this.write());
      if (this.queue.length >= waiting) break;
    }
    await this.writing;
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.window);
    this.window = undefined;
    await this.flush();
    clearTimeout(this.retry);
    if (this.queue.length > 0)
      this.logger.error(`${String(this.queue.length)} denials could not be stored`);
  }

  private endWindow(): void {
    const summaries = this.coalescing.endWindow();
    if (summaries.length === 0) {
      clearInterval(this.window);
      this.window = undefined;
    }
    this.enqueue(summaries);
  }

  private enqueue(summaries: readonly DenialSummary[]): void {
    for (const summary of summaries)
      if (this.queue.length < DENIAL_QUEUE_MAX) this.queue.push(summary);
      else this.coalescing.countAgain(summary);
    if (this.queue.length > 0 && !this.writing && !this.retry) void this.write();
  }

  private write(): Promise<void> {
    this.writing ??= this.drain()
      .catch((error: unknown) => {
        this.logger.warn(`denials wait for the event store: ${String(error)}`);
        this.retry = setTimeout(() => {
          this.retry = undefined;
          this.enqueue([]);
        }, DENIAL_RETRY_DELAY_MS).unref();
      })
      .finally(() => {
        this.writing = undefined;
      });
    return this.writing;
  }

  private async drain(): Promise<void> {
    for (let head = this.queue[0]; head; head = this.queue[0]) {
      this.batch ??= await this.nextBatch(head);
      await this.append(this.batch);
      this.queue.splice(0, this.batch.events.length);
      this.batch = undefined;
    }
  }

  private async nextBatch(head: DenialSummary): Promise<Batch> {
    const stream = streamOf(head);
    const end = this.queue.findIndex((summary) => streamOf(summary) !== stream);
    const length = Math.min(end === -1 ? this.queue.length : end, DENIAL_APPEND_EVENTS_MAX);
    const events = await Promise.all(
      this.queue.slice(0, length).map((summary) => this.eventOf(summary)),
    );
    return { stream, events, expected: undefined };
  }

  /** Other processes write to the stream of the day too: who comes second goes behind. */
  private async append(batch: Batch): Promise<void> {
    const { stream, events } = batch;
    const deadline = new Date(this.clock.now().getTime() + DENIAL_APPEND_TIMEOUT_MS);
    for (;;) {
      batch.expected ??= this.revisions.get(stream) ?? (await this.revisionOf(stream));
      try {
        const { revision } = await appendUntilKnown(this.store, stream, batch.expected, events, {
          deadline,
          clock: this.clock,
        });
        if (this.revisions.size >= DENIAL_STREAMS_MAX) this.revisions.clear();
        this.revisions.set(stream, revision);
        return;
      } catch (error) {
        // Any other error leaves the outcome open: the next attempt is the same ids at the same revision.
        if (!(error instanceof WrongExpectedRevisionError)) throw error;
        this.revisions.delete(stream);
        batch.expected = undefined;
        if (this.clock.now() > deadline) throw error;
      }
    }
  }

  private async revisionOf(stream: string): Promise<ExpectedRevision> {
    for await (const { revision } of this.store.readStream(stream, {
      direction: 'backwards',
      maxCount: 1,
    }))
      return revision;
    return 'noStream';
  }

  private async eventOf(summary: DenialSummary): Promise<NewEvent> {
    const { network, code, actor, address, count, windowSeconds, firstAt, lastAt, overflow } =
      summary;
    const event: AccessDenied = {
      type: 'AccessDenied',
      data: {
        code,
        count,
        windowSeconds,
        firstAt: firstAt.toISOString(),
        lastAt: lastAt.toISOString(),
        actor,
        overflow,
      },
    };
    const id = randomUUID();
    const now = this.clock.now();
    const [metadata] = await this.metadata.write(
      {
        commandId: id,
        requestHash: UNHASHED,
        idempotent: false,
        correlationId: id,
        causationId: id,
        actor: actor ?? SYSTEM,
        networkId: network === 0 ? null : (network as NetworkId),
        ...(address === undefined ? {} : { ip: address }),
        now,
        deadline: now,
        signal: NEVER,
      },
      1,
    );
    if (!metadata) throw new TypeError('no metadata');
    return this.catalogue.encode(id, event, metadata);
  }
}

const streamOf = ({ network, firstAt }: DenialSummary) =>
  streamId(
    'accessDenied',
    network as NetworkId | 0,
    firstAt.toISOString().slice(0, 10).replaceAll('-', ''),
  );
