import { setTimeout as pause } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  ServerReadableStream,
} from '@grpc/grpc-js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { UUID } from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import { APPEND_BYTES_MAX_OF_SERVER } from './double-log.js';
import type { AppendFault } from './faults.js';
import {
  appendResponse,
  batchResponse,
  defined,
  expectationOf,
  identifier,
  nameOf,
  proposedOf,
  sizeOf,
  statusWith,
} from './messages.js';
import type { Message, Serializable } from './messages.js';
import type { NodeState } from './node-state.js';
import { asStatus, Refusal, refusals } from './refusals.js';

const SECOND_ANSWER_AFTER_MS = 2_000;

type AppendCall = ServerReadableStream<AppendReq, AppendResp>;
type Emit = (event: 'error', error: unknown) => boolean;

/** Both append routes: the call of one append, and the batch that stays open. */
export class Appends {
  constructor(private readonly node: NodeState) {}

  readonly append: handleClientStreamingCall<AppendReq, AppendResp> = (call, answer) => {
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
    this.node.counts.append += 1;
    this.node.authorize(call.metadata);
    this.node.requireLeader(call.metadata);
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
    const outcome = this.node.log.append(streamId, expected, defined(events));
    if (fault === 'storedThenSilence') return undefined;
    if (fault === 'storedThenUnavailable') throw refusals.unavailable();
    if (fault === 'storedThenTimeout') throw refusals.timeout();
    return appendResponse(streamId, expected, outcome);
  }

  private async beforeAppend(): Promise<AppendFault | undefined> {
    const { faults } = this.node;
    if (faults.delayMs > 0) await pause(faults.delayMs);
    if (this.node.oldHead !== undefined) throw refusals.timeout();
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

  readonly batchAppend: handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> = (call) => {
    this.node.counts.batchAppend += 1;
    const pending = new Map<string, { options: BatchAppendReq.Options; messages: Message[] }>();
    let denied = false;
    try {
      this.node.authorize(call.metadata);
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
    const outcome = this.node.log.append(streamId, expected, defined(events));
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
}
