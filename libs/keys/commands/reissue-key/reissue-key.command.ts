import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { KeyId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { RevocationReason } from '../../domain/key-ring.events.js';
import type { ReissuedKey, Outcome } from '../key-outcomes.value.js';

/** Revokes a key and issues its replacement: one decision, one append. */
export class ReissueKey extends Command<Outcome<ReissuedKey>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly keyId: KeyId;
      readonly reason: RevocationReason;
      readonly note?: string;
      /** The old key's when absent. */
      readonly label?: string;
      readonly expiresAt?: string;
      /** The version that the client saw; another one is refused (412). */
      readonly ifMatch?: number;
    },
  ) {
    super();
  }
}
