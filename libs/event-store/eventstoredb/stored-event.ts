import type { AllStreamRecordedEvent, RecordedEvent } from '@eventstore/db-client';
import type { StoredEvent } from '../index.js';
import { EventStoreUnavailableError, position } from '../index.js';

/**
 * The bytes come back because `checkAppend` lets only text in that `JSON.parse` and `JSON.stringify` keep.
 *
 * @param streamId as the ledger has it.
 */
export function toStoredEvent(
  recorded: RecordedEvent | AllStreamRecordedEvent,
  streamId: string,
): StoredEvent {
  const at = 'position' in recorded ? recorded.position : undefined;
  if (!at)
    throw new EventStoreUnavailableError('the server does not say at which position an event lies');
  return {
    id: recorded.id,
    type: recorded.type,
    data: textOf(recorded.data),
    metadata: textOf(recorded.metadata),
    streamId,
    revision: recorded.revision,
    position: position(at.commit),
    storedAt: recorded.created,
  };
}

/** Bytes that are no JSON were never ours; they come as a JSON text in base64, so that whoever reads them can say so. */
function textOf(value: unknown): string {
  if (value === undefined) return '{}';
  return JSON.stringify(
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
}

/** What an event takes while it waits. */
export function bytesOf({ data, metadata }: StoredEvent): number {
  return data.length + metadata.length;
}
