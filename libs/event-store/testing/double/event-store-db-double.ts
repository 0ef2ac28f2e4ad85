import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  sendUnaryData,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
} from '@grpc/grpc-js';
import featuresRpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import gossipRpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streamsRpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  DeleteReq,
  DeleteResp,
  ReadReq,
  ReadResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { APPEND_BYTES_MAX_OF_SERVER, DoubleLog } from './double-log.js';
import type {
  AppendOutcome,
  DeleteOutcome,
  Expectation,
  LoggedEvent,
  ProposedEvent,
} from './double-log.js';
import { Faults } from './faults.js';
import type { AppendFault, Endpoint } from './faults.js';
import { selfMadeCertificate } from './self-made-certificate.js';
import { TcpGate } from './tcp-gate.js';

export interface DoubleOptions {
  /** 0 or absent: any free one. */
  readonly port?: number;
  /** Nodes of one cluster share a log. */
  readonly log?: DoubleLog;
  /** Name to password. Absent: an insecure node that asks for none. They only travel over TLS. */
  readonly users?: Readonly<Record<string, string>>;
  readonly tls?: boolean;
  /** What gossip tells of the cluster; absent: this node alone. */
  readonly members?: () => readonly DoubleMember[];
}

export interface DoubleMember extends Endpoint {
  readonly role: 'leader' | 'follower' | 'dead';
}

/** How many records a page of a filtered read holds when the client names no window. */
const WINDOW_DEFAULT = 50;
const SECOND_ANSWER_AFTER_MS = 2_000;
const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;
const HOST = '127.0.0.1';
const SERVER_VERSION = '24.6.0';
/** What the server writes for a position of -1. */
const NO_POSITION = 18_446_744_073_709_551_615n;
const UUID_SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const EMPTY_ID = '00000000-0000-0000-0000-000000000000';

/** A refusal as the server sends it: a status, with the typed part of it in the trailers. */
class Refusal extends Error {
  constructor(
    readonly code: grpc.status,
    readonly details: string,
    readonly trailers: Readonly<Record<string, string>> = {},
  ) {
    super(details);
  }

  status(): { code: grpc.status; details: string; metadata: grpc.Metadata } {
    const metadata = new grpc.Metadata();
    for (const [name, value] of Object.entries(this.trailers)) metadata.set(name, value);
    return { code: this.code, details: this.details, metadata };
  }
}

const refusals = {
  accessDenied: () =>
    new Refusal(grpc.status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' }),
  unauthenticated: () => new Refusal(grpc.status.UNAUTHENTICATED, 'Bad credentials'),
  notLeader: ({ host, port }: Endpoint) =>
    new Refusal(grpc.status.NOT_FOUND, 'Leader info available', {
      exception: 'not-leader',
      'leader-endpoint-host': host,
      'leader-endpoint-port': String(port),
    }),
  streamDeleted: (streamId: string) =>
    new Refusal(grpc.status.FAILED_PRECONDITION, `Event stream '${streamId}' is deleted.`, {
      exception: 'stream-deleted',
      'stream-name': streamId,
    }),
  wrongRevision: (streamId: string, expected: Expectation, actual: bigint) =>
    new Refusal(grpc.status.FAILED_PRECONDITION, 'WrongExpectedVersion', {
      exception: 'wrong-expected-version',
      'stream-name': streamId,
      'expected-version': EXPECTATION_NUMBERS.get(expected) ?? String(expected),
      'actual-version': String(actual),
    }),
  tooLarge: () =>
    new Refusal(grpc.status.INVALID_ARGUMENT, 'Maximum Append Size Exceeded.', {
      exception: 'maximum-append-size-exceeded',
      'maximum-append-size': String(APPEND_BYTES_MAX_OF_SERVER),
    }),
  unavailable: () => new Refusal(grpc.status.UNAVAILABLE, 'Connection dropped'),
  notReady: () => new Refusal(grpc.status.UNAVAILABLE, 'Server Is Not Ready'),
  timeout: () => new Refusal(grpc.status.ABORTED, 'Operation timed out: Prepare phase timeout.'),
  unknown: () => new Refusal(grpc.status.UNKNOWN, 'Exception was thrown by handler.'),
  internal: () => new Refusal(grpc.status.INTERNAL, 'Received RST_STREAM with code 2'),
};

const EXPECTATION_NUMBERS = new Map<Expectation, string>([
  ['any', '-2'],
  ['noStream', '-1'],
  ['streamExists', '-4'],
]);

type ReadCall = ServerWritableStream<ReadReq, ReadResp>;
type AppendCall = ServerReadableStream<AppendReq, AppendResp>;
type Filter = (event: LoggedEvent) => boolean;

/**
 * A protocol double of EventStoreDB: a gRPC server on the client package's own stubs, in memory, that answers as a real
 * 24.6 does, and can be made to fail.
 */
export class EventStoreDbDouble {
  readonly faults = new Faults();
  /** What it was asked, and what it sent, since it began. */
  readonly counts = { append: 0, batchAppend: 0, read: 0, eventsSent: 0, eventBytesSent: 0 };
  readonly log: DoubleLog;
  /** PEM of the authority of its certificate, with `tls`. */
  readonly certificateAuthority: string | undefined;
  private readonly server: grpc.Server;
  private readonly openReads = new Set<ReadCall>();
  private gate: TcpGate | undefined;
  private leader: Endpoint | undefined;
  /** The last index that reads still answer, while the node has no quorum. */
  private oldHead: number | undefined;
  /** The index at which subscriptions to `$all` stand still, while reads go on. */
  private heldAt: number | undefined;
  private readonly keyPem: string | undefined;

  private constructor(private readonly options: DoubleOptions) {
    this.log = options.log ?? new DoubleLog();
    const certificate = options.tls === true ? selfMadeCertificate() : undefined;
    this.certificateAuthority = certificate?.certificatePem;
    this.keyPem = certificate?.keyPem;
    this.server = new grpc.Server({ 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX });
    this.server.addService(streamsRpc.StreamsService, {
      read: this.read,
      append: this.append,
      batchAppend: this.batchAppend,
      delete: this.delete,
      tombstone: this.tombstone,
    });
    this.server.addService(featuresRpc.ServerFeaturesService, {
      getSupportedMethods: this.supportedMethods,
    });
    this.server.addService(gossipRpc.GossipService, { read: this.gossip });
  }

  static async start(options: DoubleOptions = {}): Promise<EventStoreDbDouble> {
    const double = new EventStoreDbDouble(options);
    const insidePort = await double.bind();
    double.gate = new TcpGate(HOST, insidePort);
    try {
      await double.gate.open(options.port ?? 0);
    } catch (error) {
      double.server.forceShutdown();
      throw error;
    }
    return double;
  }

  get port(): number {
    return this.gate?.port ?? 0;
  }

  get connectionString(): string {
    return `esdb://${HOST}:${String(this.port)}?tls=${String(this.options.tls === true)}`;
  }

  async stop(): Promise<void> {
    await this.gate?.close();
    const closed = new Promise<void>((resolve) => {
      this.server.tryShutdown(() => {
        resolve();
      });
    });
    this.server.forceShutdown();
    await closed;
  }

  /** As a network does that loses its connections; the server lives on. */
  dropConnections(): void {
    this.gate?.cut();
  }

  /** As a stopped process: connections stay, nothing answers. */
  freeze(): void {
    this.gate?.freeze();
  }

  unfreeze(): void {
    this.gate?.thaw();
  }

  /** Refuses connections until `comeUp`. */
  async goDown(): Promise<void> {
    await this.gate?.close();
  }

  /** As after a restart: same log, same port, an empty memory of ids. */
  async comeUp(): Promise<void> {
    this.log.forgetIds();
    const { port } = this;
    await this.gate?.open(port);
  }

  /** A leader without its quorum: no append is accepted, reads are answered from the log as it was. */
  loseQuorum(): void {
    this.oldHead = this.log.length;
  }

  regainQuorum(): void {
    this.oldHead = undefined;
    this.log.wake();
  }

  /** Subscriptions to `$all` get nothing more until `releaseSubscriptions`, though reads see all. */
  holdSubscriptions(): void {
    this.heldAt = this.log.length;
  }

  releaseSubscriptions(): void {
    this.heldAt = undefined;
    this.log.wake();
  }

  /** From now on a follower of that node: calls that require a leader are sent there. */
  follow(leader: Endpoint): void {
    this.leader = leader;
  }

  lead(): void {
    this.leader = undefined;
  }

  /** Ends every open read and subscription with `unavailable`, on a connection that stays. */
  endReads(): void {
    for (const call of this.openReads) call.emit('error', refusals.unavailable().status());
  }

  private bind(): Promise<number> {
    const { certificateAuthority, keyPem } = this;
    const credentials =
      certificateAuthority !== undefined && keyPem !== undefined
        ? grpc.ServerCredentials.createSsl(null, [
            { cert_chain: Buffer.from(certificateAuthority), private_key: Buffer.from(keyPem) },
          ])
        : grpc.ServerCredentials.createInsecure();
    return new Promise((resolve, reject) => {
      this.server.bindAsync(`${HOST}:0`, credentials, (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
  }

  // --- appends

  private readonly append: handleClientStreamingCall<AppendReq, AppendResp> = (call, answer) => {
    void this.appendPlain(call).then(
      (response) => {
        if (response) answer(null, response);
      },
      (error: unknown) => {
        answer(asStatus(error));
      },
    );
  };

  private async appendPlain(call: AppendCall): Promise<AppendResp | undefined> {
    this.counts.append += 1;
    this.authorize(call.metadata);
    this.requireLeader(call.metadata);
    let options: AppendReq.Options | undefined;
    const messages: AppendReq.ProposedMessage[] = [];
    for await (const request of call as AsyncIterable<AppendReq>) {
      options ??= request.getOptions();
      const message = request.getProposedMessage();
      if (message) messages.push(message);
    }
    if (!options) throw refusals.unknown();
    const streamId = nameOf(options.getStreamIdentifier());
    const expected = expectationOf(options, options.hasRevision() && options.getRevision());
    if (sizeOf(messages) > APPEND_BYTES_MAX_OF_SERVER) throw refusals.tooLarge();
    const events = messages.map(proposedOf);
    if (streamId === '' || events.includes(undefined)) throw refusals.unknown();
    const fault = await this.beforeAppend();
    if (fault === 'silence') return undefined;
    const outcome = this.log.append(streamId, expected, defined(events));
    if (fault === 'storedThenSilence') return undefined;
    if (fault === 'storedThenUnavailable') throw refusals.unavailable();
    if (fault === 'storedThenTimeout') throw refusals.timeout();
    return appendResponse(streamId, expected, outcome);
  }

  private async beforeAppend(): Promise<AppendFault | undefined> {
    const { faults } = this;
    if (faults.delayMs > 0) await pause(faults.delayMs);
    if (this.oldHead !== undefined) throw refusals.timeout();
    const fault = faults.takeAppend();
    switch (fault) {
      case 'notLeader':
        throw refusals.notLeader(faults.leader);
      case 'unavailable':
        throw refusals.unavailable();
      case 'notReady':
        throw refusals.notReady();
      case 'timeout':
        throw refusals.timeout();
      case 'unknown':
        throw refusals.unknown();
      case 'internal':
        throw refusals.internal();
      case 'denied':
        throw refusals.accessDenied();
      default:
        return fault;
    }
  }

  private readonly batchAppend: handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> = (
    call,
  ) => {
    this.counts.batchAppend += 1;
    const pending = new Map<string, { options: BatchAppendReq.Options; messages: Message[] }>();
    let denied = false;
    try {
      this.authorize(call.metadata);
    } catch (error) {
      if (error instanceof Refusal && error.code === grpc.status.UNAUTHENTICATED) {
        call.emit('error', error.status());
        return;
      }
      denied = true;
    }
    call.on('data', (request: BatchAppendReq) => {
      const correlation = request.getCorrelationId();
      const id = correlation?.getString() ?? '';
      const options = request.getOptions();
      if (options) pending.set(id, { options, messages: [] });
      const batch = pending.get(id);
      if (!batch || !correlation) return;
      batch.messages.push(...request.getProposedMessagesList());
      if (!request.getIsFinal()) return;
      pending.delete(id);
      void this.appendBatch(call, correlation, batch.options, batch.messages, denied);
    });
    call.on('end', () => {
      call.end();
    });
    call.on('error', () => undefined);
  };

  private async appendBatch(
    call: { write(response: BatchAppendResp): boolean; readonly cancelled: boolean; emit: Emit },
    correlation: UUID,
    options: BatchAppendReq.Options,
    messages: readonly Message[],
    denied: boolean,
  ): Promise<void> {
    const streamId = nameOf(options.getStreamIdentifier());
    const response = (): BatchAppendResp => {
      const made = new streams.BatchAppendResp();
      made.setCorrelationId(correlation);
      made.setStreamIdentifier(identifier(streamId));
      return made;
    };
    const send = (made: BatchAppendResp): void => {
      if (!call.cancelled) call.write(made);
    };
    const fail = (type: string, detail: Serializable): void => {
      send(response().setError(statusWith(type, detail)));
    };
    if (denied) {
      fail('AccessDenied', new shared.AccessDenied());
      return;
    }
    if (sizeOf(messages) > APPEND_BYTES_MAX_OF_SERVER) {
      const detail = new shared.MaximumAppendSizeExceeded();
      detail.setMaxappendsize(APPEND_BYTES_MAX_OF_SERVER);
      fail('MaximumAppendSizeExceeded', detail);
      return;
    }
    const events = messages.map(proposedOf);
    if (streamId === '') {
      fail('Unknown', new shared.Unknown());
      return;
    }
    if (events.includes(undefined)) {
      fail('BadRequest', new shared.BadRequest());
      await pause(SECOND_ANSWER_AFTER_MS);
      fail('Timeout', new shared.Timeout());
      return;
    }
    let fault: AppendFault | undefined;
    try {
      fault = await this.beforeAppend();
    } catch (error) {
      if (error instanceof Refusal && error.code === grpc.status.ABORTED)
        fail('Timeout', new shared.Timeout());
      else call.emit('error', asStatus(error));
      return;
    }
    if (fault === 'silence') return;
    const expected = expectationOf(
      options,
      options.hasStreamPosition() && options.getStreamPosition(),
    );
    const outcome = this.log.append(streamId, expected, defined(events));
    if (fault === 'storedThenSilence') return;
    if (fault === 'storedThenTimeout') {
      fail('Timeout', new shared.Timeout());
      return;
    }
    if (fault === 'storedThenUnavailable') {
      call.emit('error', refusals.unavailable().status());
      return;
    }
    const made = batchResponse(response(), expected, outcome, streamId);
    send(made);
    if (fault === 'answeredTwice') send(made);
  }

  // --- deletes

  private readonly delete: handleUnaryCall<DeleteReq, DeleteResp> = (call, answer) => {
    this.deleting(
      call,
      answer,
      new streams.DeleteResp(),
      new streams.DeleteResp.Position(),
      (s, e) => this.log.softDelete(s, e),
    );
  };

  private readonly tombstone: handleUnaryCall<TombstoneReq, TombstoneResp> = (call, answer) => {
    this.deleting(
      call,
      answer,
      new streams.TombstoneResp(),
      new streams.TombstoneResp.Position(),
      (s, e) => this.log.tombstone(s, e),
    );
  };

  private deleting<
    Request extends DeleteReq | TombstoneReq,
    Place extends { setCommitPosition(v: string): unknown; setPreparePosition(v: string): unknown },
    Response extends { setPosition(value: Place): unknown },
  >(
    call: ServerUnaryCall<Request, Response>,
    answer: sendUnaryData<Response>,
    response: Response,
    place: Place,
    act: (streamId: string, expected: Expectation) => DeleteOutcome,
  ): void {
    try {
      this.authorize(call.metadata);
      this.requireLeader(call.metadata);
      const options = call.request.getOptions();
      if (!options) throw refusals.unknown();
      const streamId = nameOf(options.getStreamIdentifier());
      const expected = expectationOf(options, options.hasRevision() && options.getRevision());
      const outcome = act(streamId, expected);
      if (outcome.kind === 'streamDeleted') throw refusals.streamDeleted(streamId);
      if (outcome.kind === 'wrongRevision')
        throw refusals.wrongRevision(streamId, expected, outcome.actual);
      place.setCommitPosition(String(outcome.position));
      place.setPreparePosition(String(outcome.position));
      response.setPosition(place);
      answer(null, response);
    } catch (error) {
      answer(asStatus(error));
    }
  }

  // --- reads and subscriptions

  private readonly read: handleServerStreamingCall<ReadReq, ReadResp> = (call) => {
    this.counts.read += 1;
    this.openReads.add(call);
    const over = (): void => {
      this.openReads.delete(call);
    };
    call.on('cancelled', over);
    call.on('close', over);
    call.on('error', over);
    void this.answerRead(call)
      .then((silent) => {
        if (!silent && !call.cancelled) call.end();
      })
      .catch((error: unknown) => {
        if (!call.cancelled) call.emit('error', asStatus(error));
      });
  };

  private async answerRead(call: ReadCall): Promise<boolean> {
    this.authorize(call.metadata);
    this.requireLeader(call.metadata);
    if (this.faults.delayMs > 0) await pause(this.faults.delayMs);
    switch (this.faults.takeRead()) {
      case 'notLeader':
        throw refusals.notLeader(this.faults.leader);
      case 'unavailable':
        throw refusals.unavailable();
      case 'notReady':
        throw refusals.notReady();
      case 'unknown':
        throw refusals.unknown();
      case 'internal':
        throw refusals.internal();
      case 'silence':
        return true;
      case undefined:
        break;
    }
    const options = call.request.getOptions();
    if (!options) throw refusals.unknown();
    const stream = options.getStream();
    if (stream && options.hasSubscription()) await this.subscribeToStream(call, stream);
    else if (options.hasSubscription()) await this.subscribeToAll(call, options);
    else if (stream) await this.readStream(call, options, stream);
    else await this.readAll(call, options);
    return false;
  }

  private async readStream(
    call: ReadCall,
    options: ReadReq.Options,
    stream: ReadReq.Options.StreamOptions,
  ): Promise<void> {
    const streamId = nameOf(stream.getStreamIdentifier());
    const count = Number(options.getCount());
    const backwards =
      options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
    if (count === 0 || streamId === '' || (stream.hasEnd() && !backwards)) throw refusals.unknown();
    const view = this.log.view(streamId);
    if (view.kind === 'deleted') throw refusals.streamDeleted(streamId);
    if (view.kind === 'notFound') {
      const notFound = new streams.ReadResp.StreamNotFound();
      notFound.setStreamIdentifier(identifier(streamId));
      call.write(new streams.ReadResp().setStreamNotFound(notFound));
      return;
    }
    const from = stream.hasRevision() ? BigInt(stream.getRevision()) : 0n;
    const seen = view.events.filter(
      (event) =>
        this.isVisible(event) &&
        (backwards ? stream.hasEnd() || event.revision <= from : event.revision >= from),
    );
    if (backwards) seen.reverse();
    for (const event of seen.slice(0, count)) await this.sendEvent(call, event);
  }

  private async readAll(call: ReadCall, options: ReadReq.Options): Promise<void> {
    const all = options.getAll();
    const count = Number(options.getCount());
    if (!all || count === 0) throw refusals.unknown();
    const backwards =
      options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
    const from = all.getPosition();
    const position = from ? BigInt(from.getCommitPosition()) : 0n;
    if (from && !this.log.isBoundary(position)) return;
    const length = this.visibleLength();
    if (backwards) {
      let index = from ? this.log.countUpTo(position - 1n) : all.hasStart() ? 0 : length;
      index = Math.min(index, length);
      for (let left = count; left > 0 && index > 0; left -= 1) {
        index -= 1;
        await this.sendEvent(call, this.log.at(index));
        if (call.cancelled) return;
      }
      return;
    }
    if (all.hasEnd()) throw refusals.unknown();
    let index = from ? this.log.countUpTo(position - 1n) : 0;
    for (let left = count; left > 0 && index < length; left -= 1) {
      await this.sendEvent(call, this.log.at(index));
      if (call.cancelled) return;
      index += 1;
    }
  }

  private async subscribeToStream(
    call: ReadCall,
    stream: ReadReq.Options.StreamOptions,
  ): Promise<void> {
    const streamId = nameOf(stream.getStreamIdentifier());
    if (this.log.view(streamId).kind === 'deleted') throw refusals.streamDeleted(streamId);
    await this.confirm(call);
    let after = -1n;
    if (stream.hasRevision()) after = BigInt(stream.getRevision());
    else if (stream.hasEnd()) after = this.log.lastRevision(streamId);
    let caughtUp = false;
    while (!call.cancelled) {
      const view = this.log.view(streamId);
      if (view.kind === 'deleted') throw refusals.streamDeleted(streamId);
      const next =
        view.kind === 'found'
          ? view.events.filter((event) => event.revision > after && this.isVisible(event))
          : [];
      for (const event of next) {
        if (!(await this.sendEvent(call, event))) return;
        after = event.revision;
      }
      if (next.length > 0) continue;
      if (!caughtUp) {
        caughtUp = true;
        call.write(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
      }
      await this.moreComes(call, this.log.length);
    }
  }

  private async subscribeToAll(call: ReadCall, options: ReadReq.Options): Promise<void> {
    const all = options.getAll();
    if (!all) throw refusals.unknown();
    const filtering = filterOf(options);
    await this.confirm(call);
    const from = all.getPosition();
    let after = from ? BigInt(from.getCommitPosition()) : -1n;
    // Exclusive of an event only when both of its positions are named.
    if (from && BigInt(from.getPreparePosition()) < after) after -= 1n;
    const last = this.log.at(this.visibleLength() - 1)?.position ?? -1n;
    if (all.hasEnd()) after = last;
    const cursor = new SubscriptionCursor(after, filtering);
    let index = this.log.countUpTo(after);
    const sayCaughtUp = (): void => {
      cursor.live = true;
      call.write(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
    };
    if (after >= last) sayCaughtUp();
    while (!call.cancelled) {
      for (; index < this.subscribedLength(); index += 1) {
        const event = this.log.at(index);
        if (!event) return;
        // Asked for a position past the end: silent until the log has grown beyond it.
        if (event.position <= after) continue;
        if (!filtering || filtering.lets(event)) {
          if (!(await this.sendEvent(call, event))) return;
          cursor.sent(event);
        }
        const checkpoint = cursor.considered(event);
        if (checkpoint !== undefined) await this.sendCheckpoint(call, checkpoint);
        if (isOver(call)) return;
      }
      if (!cursor.live) {
        const checkpoint = cursor.endOfHistory();
        if (checkpoint !== undefined) await this.sendCheckpoint(call, checkpoint);
        sayCaughtUp();
      }
      await this.moreComes(call, index);
    }
  }

  private async confirm(call: ReadCall): Promise<void> {
    const confirmation = new streams.ReadResp.SubscriptionConfirmation();
    confirmation.setSubscriptionId(randomUUID());
    await write(call, new streams.ReadResp().setConfirmation(confirmation));
  }

  private async sendCheckpoint(call: ReadCall, { commit, prepare }: Checkpoint): Promise<void> {
    const checkpoint = new streams.ReadResp.Checkpoint();
    checkpoint.setCommitPosition(commit);
    checkpoint.setPreparePosition(prepare);
    await write(call, new streams.ReadResp().setCheckpoint(checkpoint));
  }

  /** `false` when the call is over. */
  private async sendEvent(call: ReadCall, event: LoggedEvent | undefined): Promise<boolean> {
    if (!event || call.cancelled) return false;
    const { faults } = this;
    if (faults.breakReadAfter !== undefined) {
      if (faults.breakReadAfter <= 0) {
        faults.breakReadAfter = undefined;
        throw refusals.unavailable();
      }
      faults.breakReadAfter -= 1;
    }
    this.counts.eventsSent += 1;
    this.counts.eventBytesSent += event.data.length;
    await write(call, new streams.ReadResp().setEvent(readEvent(event)));
    return true;
  }

  private async moreComes(call: ReadCall, seen: number): Promise<void> {
    if (this.subscribedLength() > seen || call.cancelled) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        off();
        call.off('cancelled', done);
        call.off('error', done);
        resolve();
      };
      const off = this.log.onAppend(done);
      call.once('cancelled', done);
      call.once('error', done);
    });
  }

  private visibleLength(): number {
    return this.oldHead ?? this.log.length;
  }

  private subscribedLength(): number {
    return Math.min(this.visibleLength(), this.heldAt ?? Infinity);
  }

  private isVisible(event: LoggedEvent): boolean {
    return (
      this.oldHead === undefined ||
      event.position <= (this.log.at(this.oldHead - 1)?.position ?? -1n)
    );
  }

  // --- who asks, and what else the client asks

  private authorize(metadata: grpc.Metadata): void {
    const { users } = this.options;
    if (!users) return;
    const [header] = metadata.get('authorization');
    if (header === undefined) throw refusals.accessDenied();
    const [name = '', password] = Buffer.from(String(header).replace(/^Basic /, ''), 'base64')
      .toString('utf8')
      .split(/:(.*)/s);
    if (!Object.hasOwn(users, name) || users[name] !== password) throw refusals.unauthenticated();
  }

  private requireLeader(metadata: grpc.Metadata): void {
    const required = metadata.get('requires-leader').some((value) => String(value) === 'true');
    if (this.leader && required) throw refusals.notLeader(this.leader);
  }

  private readonly supportedMethods: handleUnaryCall<unknown, unknown> = (_call, answer) => {
    const response = new features.SupportedMethods();
    response.setEventStoreServerVersion(SERVER_VERSION);
    const methods: Readonly<Record<string, readonly string[]>> = {
      read: ['position', 'events'],
      append: [],
      delete: [],
      tombstone: [],
      batchappend: ['deadline_duration'],
    };
    for (const [name, list] of Object.entries(methods)) {
      const method = new features.SupportedMethod();
      method.setServiceName('event_store.client.streams.streams');
      method.setMethodName(name);
      method.setFeaturesList([...list]);
      response.addMethods(method);
    }
    answer(null, response);
  };

  private readonly gossip: handleUnaryCall<unknown, unknown> = (_call, answer) => {
    const { VNodeState } = gossip.MemberInfo;
    const alone: DoubleMember = { host: HOST, port: this.port, role: 'leader' };
    const response = new gossip.ClusterInfo();
    for (const { host, port, role } of this.options.members?.() ?? [alone]) {
      const endpoint = new gossip.EndPoint();
      endpoint.setAddress(host);
      endpoint.setPort(port);
      const member = new gossip.MemberInfo();
      member.setInstanceId(new shared.UUID().setString(randomUUID()));
      member.setTimeStamp(String(BigInt(Date.now()) * 10_000n));
      member.setState(role === 'leader' ? VNodeState.LEADER : VNodeState.FOLLOWER);
      member.setIsAlive(role !== 'dead');
      member.setHttpEndPoint(endpoint);
      response.addMembers(member);
    }
    answer(null, response);
  };
}

type Emit = (event: 'error', error: unknown) => boolean;
type Message = AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage;

interface Serializable {
  serializeBinary(): Uint8Array;
}

interface Filtering {
  readonly lets: Filter;
  /** Events of the filter's search window; a page of the catch-up. */
  readonly window: number;
  /** Windows between two checkpoints. */
  readonly interval: number;
}

interface Checkpoint {
  readonly commit: string;
  readonly prepare: string;
}

/** Which checkpoints a filtered subscription is told: while catching up the start of the last page, live each event's own. */
class SubscriptionCursor {
  live = false;
  private sinceCheckpoint = 0;
  private inPage = 0;
  private pageStart: bigint | undefined;
  /** The start of a page has a prepare position of 0: it is no event's. */
  private atPageStart = false;
  private told: bigint | undefined;

  constructor(
    private behind: bigint,
    private readonly filtering: Filtering | undefined,
  ) {}

  sent(event: LoggedEvent): void {
    this.behind = event.position;
    this.atPageStart = false;
  }

  considered(event: LoggedEvent): Checkpoint | undefined {
    const { filtering } = this;
    if (!filtering) return undefined;
    this.sinceCheckpoint += 1;
    const due = this.sinceCheckpoint >= filtering.interval * filtering.window;
    if (this.live) {
      if (!due) return undefined;
      this.sinceCheckpoint = 0;
      this.behind = event.position;
      this.atPageStart = false;
      return this.tell();
    }
    if (this.inPage === 0) this.pageStart = event.position;
    this.inPage = (this.inPage + 1) % filtering.window;
    if (this.inPage !== 0 || !due) return undefined;
    this.sinceCheckpoint = 0;
    if (this.pageStart !== undefined && this.behind < this.pageStart) {
      this.behind = this.pageStart;
      this.atPageStart = true;
    }
    return this.tell();
  }

  /** A subscription from the start that let nothing through tells a position of -1, and then no other ever. */
  endOfHistory(): Checkpoint | undefined {
    return this.filtering && this.tell();
  }

  private tell(): Checkpoint | undefined {
    const commit = this.behind < 0n ? NO_POSITION : this.behind;
    if (this.told !== undefined && commit <= this.told) return undefined;
    this.told = commit;
    return { commit: String(commit), prepare: this.atPageStart ? '0' : String(commit) };
  }
}

function filterOf(options: ReadReq.Options): Filtering | undefined {
  const filter = options.getFilter();
  if (!filter) return undefined;
  const expression = filter.getStreamIdentifier() ?? filter.getEventType();
  if (!expression) throw refusals.unknown();
  const textOf = filter.hasStreamIdentifier()
    ? (event: LoggedEvent): string => event.streamId
    : (event: LoggedEvent): string => event.type;
  const source = expression.getRegex();
  const prefixes = expression.getPrefixList();
  const lets = source === '' ? startsWith(prefixes) : matches(source);
  return {
    lets: (event) => lets(textOf(event)),
    window: filter.hasMax() ? filter.getMax() : WINDOW_DEFAULT,
    interval: filter.getCheckpointintervalmultiplier(),
  };
}

function startsWith(prefixes: readonly string[]): (text: string) => boolean {
  return (text) => prefixes.some((prefix) => text.startsWith(prefix));
}

function matches(source: string): (text: string) => boolean {
  try {
    const regex = new RegExp(source);
    return (text) => regex.test(text);
  } catch {
    throw refusals.unknown();
  }
}

/** Asked anew after a wait: the compiler takes what was not cancelled before for what never is. */
function isOver(call: ReadCall): boolean {
  return call.cancelled;
}

async function write(call: ReadCall, response: ReadResp): Promise<void> {
  if (isOver(call) || call.write(response) || isOver(call)) return;
  const controller = new AbortController();
  const { signal } = controller;
  const over = (): void => {
    controller.abort();
  };
  call.once('cancelled', over);
  try {
    await once(call, 'drain', { signal });
  } catch {
    // The reader is gone, or the call has failed: the loop that writes sees it.
  } finally {
    call.off('cancelled', over);
  }
}

function readEvent(event: LoggedEvent): ReadResp.ReadEvent {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(new shared.UUID().setString(event.id));
  recorded.setStreamIdentifier(identifier(event.streamId));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(event.position));
  recorded.setPreparePosition(String(event.position));
  recorded
    .getMetadataMap()
    .set('type', event.type)
    .set('created', String(event.createdTicks))
    .set('content-type', event.isJson ? 'application/json' : 'application/octet-stream');
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.metadata);
  const made = new streams.ReadResp.ReadEvent();
  made.setEvent(recorded);
  made.setCommitPosition(String(event.position));
  return made;
}

function appendResponse(
  streamId: string,
  expected: Expectation,
  outcome: AppendOutcome,
): AppendResp {
  const response = new streams.AppendResp();
  if (outcome.kind === 'streamDeleted') throw refusals.streamDeleted(streamId);
  if (outcome.kind === 'wrongRevision') {
    const wrong = new streams.AppendResp.WrongExpectedVersion();
    if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
    else if (expected === 'noStream') wrong.setExpectedNoStream(new shared.Empty());
    else if (expected === 'streamExists') wrong.setExpectedStreamExists(new shared.Empty());
    else wrong.setExpectedRevision(String(expected));
    if (outcome.actual < 0n) wrong.setCurrentNoStream(new shared.Empty());
    else wrong.setCurrentRevision(String(outcome.actual));
    return response.setWrongExpectedVersion(wrong);
  }
  const position = new streams.AppendResp.Position();
  position.setCommitPosition(String(outcome.position));
  position.setPreparePosition(String(outcome.position));
  const success = new streams.AppendResp.Success();
  success.setPosition(position);
  if (outcome.revision < 0n) success.setNoStream(new shared.Empty());
  else success.setCurrentRevision(String(outcome.revision));
  return response.setSuccess(success);
}

function batchResponse(
  response: BatchAppendResp,
  expected: Expectation,
  outcome: AppendOutcome,
  streamId: string,
): BatchAppendResp {
  if (outcome.kind === 'streamDeleted') {
    const detail = new shared.StreamDeleted();
    detail.setStreamIdentifier(identifier(streamId));
    return response.setError(statusWith('StreamDeleted', detail));
  }
  if (outcome.kind === 'wrongRevision') {
    const detail = new shared.WrongExpectedVersion();
    // The stubs type `google.protobuf.Empty` here; on the wire the two empty messages are the same.
    const empty = new shared.Empty() as never;
    if (expected === 'any') detail.setExpectedAny(empty);
    else if (expected === 'noStream') detail.setExpectedNoStream(empty);
    else if (expected === 'streamExists') detail.setExpectedStreamExists(empty);
    else detail.setExpectedStreamPosition(String(expected));
    if (outcome.actual < 0n) detail.setCurrentNoStream(empty);
    else detail.setCurrentStreamRevision(String(outcome.actual));
    return response.setError(statusWith('WrongExpectedVersion', detail));
  }
  const position = new shared.AllStreamPosition();
  position.setCommitPosition(String(outcome.position));
  position.setPreparePosition(String(outcome.position));
  const success = new streams.BatchAppendResp.Success();
  success.setPosition(position);
  const empty = new shared.Empty() as never;
  if (outcome.revision < 0n) success.setNoStream(empty);
  else success.setCurrentRevision(String(outcome.revision));
  return response.setSuccess(success);
}

/** `google.rpc.Status` with a packed detail, written by hand: its `Any` is no direct dependency. */
function statusWith(type: string, detail: Serializable): InstanceType<typeof status.Status> {
  const url = Buffer.from(`type.googleapis.com/event_store.client.${type}`);
  const packed = Buffer.concat([field(1, url), field(2, Buffer.from(detail.serializeBinary()))]);
  const message = Buffer.concat([field(2, Buffer.from(type)), field(3, packed)]);
  return status.Status.deserializeBinary(new Uint8Array(message));
}

function field(number: number, content: Buffer): Buffer {
  const head = [(number << 3) | 2];
  let { length } = content;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  head.push(length);
  return Buffer.concat([Buffer.from(head), content]);
}

function identifier(streamId: string): InstanceType<typeof shared.StreamIdentifier> {
  const made = new shared.StreamIdentifier();
  made.setStreamName(new Uint8Array(Buffer.from(streamId, 'utf8')));
  return made;
}

function nameOf(made: { getStreamName_asU8(): Uint8Array } | undefined): string {
  return made ? Buffer.from(made.getStreamName_asU8()).toString('utf8') : '';
}

function expectationOf(
  options: { hasNoStream(): boolean; hasStreamExists(): boolean },
  revision: string | false,
): Expectation {
  if (revision !== false) return BigInt(revision);
  if (options.hasNoStream()) return 'noStream';
  return options.hasStreamExists() ? 'streamExists' : 'any';
}

/** A real server counts the data alone. */
function sizeOf(messages: readonly Message[]): number {
  return messages.reduce((bytes, message) => bytes + message.getData_asU8().length, 0);
}

/** `undefined` for what a real server refuses while it builds the event. */
function proposedOf(message: Message): ProposedEvent | undefined {
  const id = message.getId()?.getString() ?? '';
  const type = message.getMetadataMap().get('type') ?? '';
  if (!UUID_SHAPE.test(id) || id === EMPTY_ID || type === '') return undefined;
  return {
    id: id.toLowerCase(),
    type,
    isJson: message.getMetadataMap().get('content-type') === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

function defined<T>(values: readonly (T | undefined)[]): readonly T[] {
  return values.filter((value) => value !== undefined);
}

function asStatus(error: unknown): ReturnType<Refusal['status']> {
  return (error instanceof Refusal ? error : refusals.unknown()).status();
}
