import { Injectable } from '@nestjs/common';
import { Peppers, WrappingKeyMissingError } from '#sealing';
import { canonicalJson } from './canonical-json.js';
import type { RequestContext } from './request-context.js';

const PURPOSE = 'request';
/** Of a request that could not be hashed: it is compared with nothing. */
export const UNHASHED = '';

export type RequestHashes = Pick<RequestContext, 'requestHash' | 'olderRequestHashes'>;

/** `<pepper id>:<hmac>`: keyed, for a body may hold a passphrase that could be guessed from a plain hash. */
@Injectable()
export class RequestHasher {
  constructor(private readonly peppers: Peppers) {}

  async hash(operation: string, input: unknown): Promise<RequestHashes> {
    try {
      const hashes = await this.peppers.hashes(PURPOSE, canonicalJson([operation, input]));
      const [requestHash = UNHASHED, ...olderRequestHashes] = hashes.map(
        ({ pepperId, hash }) => `${pepperId}:${hash}`,
      );
      return { requestHash, olderRequestHashes };
    } catch (error) {
      // What needs no secret serves without the wrapping key; requests are then told apart by their key alone.
      if (error instanceof WrappingKeyMissingError) return { requestHash: UNHASHED };
      throw error;
    }
  }
}

/**
 * Whether a stored hash is known to be of another request. It is compared under the pepper that it was made with; under
 * one that is no longer held nothing can be said.
 */
export function differs(
  stored: string,
  { requestHash, olderRequestHashes = [] }: RequestHashes,
): boolean {
  if (stored === UNHASHED || requestHash === UNHASHED) return false;
  const comparable = [requestHash, ...olderRequestHashes].find(
    (hash) => pepperOf(hash) === pepperOf(stored),
  );
  return comparable !== undefined && comparable !== stored;
}

const pepperOf = (hash: string) => hash.slice(0, hash.indexOf(':') + 1);
