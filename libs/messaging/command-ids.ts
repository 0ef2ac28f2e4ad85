import { createHash } from 'node:crypto';
import { v5 as uuidv5 } from 'uuid';
import type { Actor } from '#event-store';
import type { NetworkId } from '#kernel';

/** Namespaces of our version 5 UUIDs. Stored events depend on them: never changed. */
const COMMAND_NAMESPACE = 'b7d3bb2e-6c7e-4d0c-9f57-4c9a3df0c1a1';
const EVENT_NAMESPACE = '1f0f5d64-5f0d-4f8a-8a55-7a1f3f0b9d42';
const PROCESS_NAMESPACE = '6a5c1b4e-2f3d-4f3e-b1a2-0d8e9c7f5b63';

/** The same for every repetition of one request, and for no other. */
export function requestCommandId(
  networkId: NetworkId | null,
  { issuer, subject }: Pick<Actor, 'issuer' | 'subject'>,
  operation: string,
  idempotencyKey: string,
): string {
  const name = JSON.stringify([networkId, issuer, subject, operation, idempotencyKey]);
  return uuidv5(name, COMMAND_NAMESPACE);
}

/** A process that sees an event again gives the same command again. */
export function processCommandId(process: string, causingEventId: string, step: string): string {
  return uuidv5(JSON.stringify([process, causingEventId, step]), PROCESS_NAMESPACE);
}

/**
 * Other bytes have another id: a second attempt that drew another secret conflicts and finds the first, instead of
 * being taken for it by the store.
 */
export function eventId(
  streamId: string,
  commandId: string,
  index: number,
  type: string,
  data: string,
): string {
  const digest = createHash('sha256').update(`${type}\n${data}`).digest('hex');
  return uuidv5(JSON.stringify([streamId, commandId, index, digest]), EVENT_NAMESPACE);
}
