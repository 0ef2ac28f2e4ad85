import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { KeyId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { ChangedKey, Outcome } from '../key-outcomes.value.js';

/** Gives a key another label. */
export class RelabelKey extends Command<Outcome<ChangedKey>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly keyId: KeyId;
      readonly label: string;
      /** The version that the client saw; another one is refused (412). */
      readonly ifMatch?: number;
    },
  ) {
    super();
  }
}
