import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { RequestContext } from '#messaging';
import type { Page } from '#projections';
import type { Outcome } from '../key-outcomes.value.js';

/** Connections of one answer: every key of theirs is an append of its own. */
export const CONNECTIONS_REVEALED_DEFAULT = 10;
export const CONNECTIONS_REVEALED_MAX = 20;

export interface RevealedConnectionKey {
  readonly partnerId: number;
  readonly keyId: string;
  readonly label: string;
  /** The secret; `null` when this request showed it before and it can't be shown again. */
  readonly key: string | null;
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
