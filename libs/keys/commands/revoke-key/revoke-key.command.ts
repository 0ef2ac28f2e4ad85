import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { KeyId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { RevocationReason } from '../../domain/key-ring.events.js';
import type { ChangedKey, Outcome } from '../key-outcomes.value.js';

/** Revokes a key for ever. A key that is revoked already stays as it is. */
export class RevokeKey extends Command<Outcome<ChangedKey>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly keyId: KeyId;
      readonly reason: RevocationReason;
      readonly note?: string;
      /** The version that the client saw; another one is refused (412). */
      readonly ifMatch?: number;
    },
  ) {
    super();
  }
}
