import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { ShareId } from '#kernel';
import type { RequestContext } from '#messaging';
import type { EndedShare, Outcome } from '../key-outcomes.value.js';

/** Withdraws a link that was not opened yet. */
export class EndShare extends Command<Outcome<EndedShare>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly shareId: ShareId;
    },
  ) {
    super();
  }
}
