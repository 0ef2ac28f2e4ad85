import { Injectable } from '@nestjs/common';
import { Peppers, WrappingKeyMissingError } from '#sealing';
import { canonicalJson } from './canonical-json.js';

const PURPOSE = 'request';
/** Of a request that could not be hashed: it is compared with nothing. */
export const UNHASHED = '';

/** `<pepper id>:<hmac>`: keyed, for a body may hold a passphrase that could be guessed from a plain hash. */
@Injectable()
export class RequestHasher {
  constructor(private readonly peppers: Peppers) {}

  async hash(operation: string, input: unknown): Promise<string> {
    try {
      const pepperId = await this.peppers.current();
      const text = canonicalJson([operation, input]);
      return `${pepperId}:${await this.peppers.hash(pepperId, PURPOSE, text)}`;
    } catch (error) {
      // What needs no secret serves without the wrapping key; requests are then told apart by their key alone.
      if (error instanceof WrappingKeyMissingError) return UNHASHED;
      throw error;
    }
  }
}

/** Whether two hashes are known to be of different requests: those under different peppers can't be compared. */
export function differs(one: string, other: string): boolean {
  if (one === UNHASHED || other === UNHASHED || pepperOf(one) !== pepperOf(other)) return false;
  return one !== other;
}

const pepperOf = (hash: string) => hash.slice(0, hash.indexOf(':') + 1);
