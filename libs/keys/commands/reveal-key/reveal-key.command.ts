import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { KeyId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { RevealPurpose } from '../../domain/key-ring.events.js';
import type { RevealedKey, Outcome } from '../key-outcomes.value.js';

/** Shows the secret of a recoverable key to an employee who may see it. */
export class RevealKey extends Command<Outcome<RevealedKey>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly keyId: KeyId;
      readonly purpose: RevealPurpose;
      readonly note?: string;
    },
  ) {
    super();
  }
}
