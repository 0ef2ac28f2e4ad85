import type { IsoTime } from '#kernel';
import type { ApiAccess } from '../api-access/api-access.value.js';
import type { Portal } from '../../domain/portal.value.js';
import type { KeyStatus } from '../keys/key.view.js';

/** One of the partner's keys as the partner itself sees it: not who issued it, and not why it was suspended. */
export interface OwnKey {
  readonly keyId: string;
  readonly portal: Portal;
  readonly label: string;
  readonly masked: string;
  readonly status: KeyStatus;
  readonly issuedAt: IsoTime;
  readonly expiresAt: IsoTime | null;
  /** Whether `POST` to its reveal link answers the key now. */
  readonly revealable: boolean;
}

/** What the domain calls the API tab: it is there from the first key on, and gone when no key is left. */
export type OwnApi =
  | { readonly available: false }
  | ({ readonly available: true; readonly keys: readonly OwnKey[] } & ApiAccess);
