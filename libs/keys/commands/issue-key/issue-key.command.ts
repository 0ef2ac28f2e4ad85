import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { RequestContext } from '#messaging';
import type { Holder, Portal } from '../../domain/portal.value.js';
import type { IssuedKey, Outcome } from '../key-outcomes.value.js';

/** Issues a key to an eligible holder. */
export class IssueKey extends Command<Outcome<IssuedKey>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      readonly portal: Portal;
      readonly holder: Holder;
      readonly label: string;
      /** Any ISO-8601 time; kept in UTC. */
      readonly expiresAt?: string;
      /** Network keys only. */
      readonly permissions?: readonly string[];
      /** Network keys only: who uses it; the caller when absent. */
      readonly employeeId?: number;
    },
  ) {
    super();
  }
}
