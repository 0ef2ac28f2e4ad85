import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { LoggedEvent } from './double-log.js';
import { identifier, nameOf, readEvent } from './messages.js';
import type { NodeState } from './node-state.js';
import { asStatus, refusals } from './refusals.js';
import { filterOf, SubscriptionCursor } from './subscription-cursor.js';
import type { Checkpoint } from './subscription-cursor.js';

type ReadCall = ServerWritableStream<ReadReq, ReadResp>;

/** Reads and subscriptions: one route, told apart by its options. */
export class Reads {
  private readonly open = new Set<ReadCall>();

  constructor(private readonly node: NodeState) {}

  /** Ends all that is open with `unavailable`. */
  end(): void {
    for (const call of this.open) call.emit('error', refusals.unavailable().status());
  }

  readonly read: handleServerStreamingCall<ReadReq, ReadResp> = (call) => {
    this.node.counts.read += 1;
    this.open.add(call);
    const over = (): void => {
      this.open.delete(call);
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
    this.node.authorize(call.metadata);
    this.node.requireLeader(call.metadata);
    if (this.node.faults.delayMs > 0) await pause(this.node.faults.delayMs);
    switch (this.node.faults.takeRead()) {
      case 'notLeader':
        throw refusals.notLeader(this.node.faults.leader);
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
    const view = this.node.log.view(streamId);
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
        this.node.isVisible(event) &&
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
    if (from && !this.node.log.isBoundary(position)) return;
    const length = this.node.visibleLength();
    if (backwards) {
      let index = from ? this.node.log.countUpTo(position - 1n) : all.hasStart() ? 0 : length;
      index = Math.min(index, length);
      for (let left = count; left > 0 && index > 0; left -= 1) {
        index -= 1;
        await this.sendEvent(call, this.node.log.at(index));
        if (call.cancelled) return;
      }
      return;
    }
    if (all.hasEnd()) throw refusals.unknown();
    let index = from ? this.node.log.countUpTo(position - 1n) : 0;
    for (let left = count; left > 0 && index < length; left -= 1) {
      await this.sendEvent(call, this.node.log.at(index));
      if (call.cancelled) return;
      index += 1;
    }
  }

  private async subscribeToStream(
    call: ReadCall,
    stream: ReadReq.Options.StreamOptions,
  ): Promise<void> {
    const streamId = nameOf(stream.getStreamIdentifier());
    if (this.node.log.view(streamId).kind === 'deleted') throw refusals.streamDeleted(streamId);
    await this.confirm(call);
    let after = -1n;
    if (stream.hasRevision()) after = BigInt(stream.getRevision());
    else if (stream.hasEnd()) after = this.node.log.lastRevision(streamId);
    let caughtUp = false;
    while (!call.cancelled) {
      const view = this.node.log.view(streamId);
      if (view.kind === 'deleted') throw refusals.streamDeleted(streamId);
      const next =
        view.kind === 'found'
          ? view.events.filter((event) => event.revision > after && this.node.isVisible(event))
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
      await this.moreComes(call, this.node.log.length);
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
    const last = this.node.log.at(this.node.visibleLength() - 1)?.position ?? -1n;
    if (all.hasEnd()) after = last;
    const cursor = new SubscriptionCursor(after, filtering);
    let index = this.node.log.countUpTo(after);
    const sayCaughtUp = (): void => {
      cursor.live = true;
      call.write(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()));
    };
    if (after >= last) sayCaughtUp();
    while (!call.cancelled) {
      for (; index < this.node.subscribedLength(); index += 1) {
        const event = this.node.log.at(index);
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
    const { faults } = this.node;
    if (faults.breakReadAfter !== undefined) {
      if (faults.breakReadAfter <= 0) {
        faults.breakReadAfter = undefined;
        throw refusals.unavailable();
      }
      faults.breakReadAfter -= 1;
    }
    this.node.counts.eventsSent += 1;
    this.node.counts.eventBytesSent += event.data.length;
    await write(call, new streams.ReadResp().setEvent(readEvent(event)));
    return true;
  }

  private async moreComes(call: ReadCall, seen: number): Promise<void> {
    if (this.node.subscribedLength() > seen || call.cancelled) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        off();
        call.off('cancelled', done);
        call.off('error', done);
        resolve();
      };
      const off = this.node.log.onAppend(done);
      call.once('cancelled', done);
      call.once('error', done);
    });
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
