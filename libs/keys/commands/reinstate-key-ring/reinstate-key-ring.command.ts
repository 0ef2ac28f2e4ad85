import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { RequestContext } from '#messaging';
import type { Holder, Portal } from '../../domain/portal.value.js';
import type { ChangedKeyRing, Outcome } from '../key-outcomes.value.js';

/** Lifts the suspension of a holder; keys that were suspended by themselves stay so. */
export class ReinstateKeyRing extends Command<Outcome<ChangedKeyRing>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly portal: Portal;
      readonly holder: Holder;
      readonly reason: string;
    },
  ) {
    super();
  }
}
