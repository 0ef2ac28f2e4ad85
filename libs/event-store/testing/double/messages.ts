import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type {
  AppendReq,
  AppendResp,
  BatchAppendReq,
  BatchAppendResp,
  ReadResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendOutcome, Expectation, LoggedEvent, ProposedEvent } from './double-log.js';
import { refusals } from './refusals.js';

const UUID_SHAPE = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const EMPTY_ID = '00000000-0000-0000-0000-000000000000';

export type Message = AppendReq.ProposedMessage | BatchAppendReq.ProposedMessage;

export interface Serializable {
  serializeBinary(): Uint8Array;
}

export function readEvent(event: LoggedEvent): ReadResp.ReadEvent {
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

export function appendResponse(
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

export function batchResponse(
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
export function statusWith(type: string, detail: Serializable): InstanceType<typeof status.Status> {
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

export function identifier(streamId: string): InstanceType<typeof shared.StreamIdentifier> {
  const made = new shared.StreamIdentifier();
  made.setStreamName(new Uint8Array(Buffer.from(streamId, 'utf8')));
  return made;
}

export function nameOf(made: { getStreamName_asU8(): Uint8Array } | undefined): string {
  return made ? Buffer.from(made.getStreamName_asU8()).toString('utf8') : '';
}

export function expectationOf(
  options: { hasNoStream(): boolean; hasStreamExists(): boolean },
  revision: string | false,
): Expectation {
  if (revision !== false) return BigInt(revision);
  if (options.hasNoStream()) return 'noStream';
  return options.hasStreamExists() ? 'streamExists' : 'any';
}

/** A real server counts the data alone. */
export function sizeOf(messages: readonly Message[]): number {
  return messages.reduce((bytes, message) => bytes + message.getData_asU8().length, 0);
}

/** `undefined` for what a real server refuses while it builds the event. */
export function proposedOf(message: Message): ProposedEvent | undefined {
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

export function defined<T>(values: readonly (T | undefined)[]): readonly T[] {
  return values.filter((value) => value !== undefined);
}
