import type { handleUnaryCall, sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type {
  DeleteReq,
  DeleteResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type { DeleteOutcome, Expectation } from './double-log.js';
import { expectationOf, nameOf } from './messages.js';
import type { NodeState } from './node-state.js';
import { asStatus, refusals } from './refusals.js';

/** A soft delete hides what is there and lets the stream begin again; a tombstone is for ever. */
export class Deletes {
  constructor(private readonly node: NodeState) {}

  readonly delete: handleUnaryCall<DeleteReq, DeleteResp> = (call, answer) => {
    this.deleting(
      call,
      answer,
      new streams.DeleteResp(),
      new streams.DeleteResp.Position(),
      (s, e) => this.node.log.softDelete(s, e),
    );
  };

  readonly tombstone: handleUnaryCall<TombstoneReq, TombstoneResp> = (call, answer) => {
    this.deleting(
      call,
      answer,
      new streams.TombstoneResp(),
      new streams.TombstoneResp.Position(),
      (s, e) => this.node.log.tombstone(s, e),
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
      this.node.authorize(call.metadata);
      this.node.requireLeader(call.metadata);
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
}
