import { Command } from '@nestjs/cqrs';
import type { Principal } from '#access';
import type { Position } from '#event-store';
import type { RequestContext } from '#messaging';
import type { Portal } from '../../domain/portal.value.js';
import type { ShownSecret } from '../key-outcomes.value.js';
import type { ApiAccess } from '../../queries/api-access/api-access.value.js';

/** What the link's holder gets, once: the key and how to use it. */
export interface OpenedShare extends ShownSecret {
  readonly shareId: string;
  readonly keyId: string;
  readonly portal: Portal;
  readonly label: string;
  readonly access: ApiAccess;
}

/**
 * Opens a share by the token of its link, and so needs no network: the share says whose it is. Whoever calls without a
 * token of their own (`principal` absent) needs the passphrase.
 */
export class OpenShare extends Command<{
  readonly value: OpenedShare;
  readonly position: Position;
}> {
  constructor(
    readonly principal: Principal | undefined,
    readonly context: RequestContext,
    readonly input: { readonly token: string; readonly passphrase?: string },
  ) {
    super();
  }
}
