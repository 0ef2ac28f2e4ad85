import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { KeyId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { ShareBound, ShareChannel, ShareRecipient } from '../../domain/key-ring.events.js';
import type { CreatedShare, Outcome } from '../key-outcomes.value.js';

/** Makes a one-time link to a recoverable key; it ends the earlier open links of that key. */
export class ShareKey extends Command<Outcome<CreatedShare>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly keyId: KeyId;
      readonly recipient: ShareRecipient;
      readonly channel: ShareChannel;
      readonly reason: string;
      readonly bound: ShareBound;
      /** The policy's default when absent. */
      readonly ttlSeconds?: number;
    },
  ) {
    super();
  }
}
