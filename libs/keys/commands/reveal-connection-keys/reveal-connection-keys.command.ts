import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { RequestContext } from '#messaging';
import type { Page } from '#projections';
import type { Outcome, ShownSecret } from '../key-outcomes.value.js';

/** Connections of one answer: every key of theirs is an append of its own. */
export const CONNECTIONS_REVEALED_DEFAULT = 10;
export const CONNECTIONS_REVEALED_MAX = 20;

export interface RevealedConnectionKey extends ShownSecret {
  readonly partnerId: number;
  readonly keyId: string;
  readonly label: string;
}

/** Lists the active affiliate keys of a marketplace partner's own connections, with their secrets. */
export class RevealConnectionKeys extends Command<Outcome<Page<RevealedConnectionKey>>> {
  constructor(
    readonly principal: Principal,
    readonly context: RequestContext,
    readonly input: {
      /** Connections, not keys: a page has all keys of each. */
      readonly first?: number;
      readonly after?: string;
    },
  ) {
    super();
  }
}
