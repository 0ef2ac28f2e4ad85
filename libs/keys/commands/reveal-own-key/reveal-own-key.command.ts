import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { KeyId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { RevealedKey, Outcome } from '../key-outcomes.value.js';

/** Shows a partner’s own recoverable key to one of its users. Anybody else’s key is not found. */
export class RevealOwnKey extends Command<Outcome<RevealedKey>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly keyId: KeyId;
    },
  ) {
    super();
  }
}
