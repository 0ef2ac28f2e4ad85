import type { Actor } from '#event-store';
import type { IsoTime } from '#kernel';
import type {
  ShareBound,
  ShareChannel,
  ShareEndReason,
  ShareOpener,
  ShareRecipient,
} from '../../domain/key-ring.events.js';
import type { HolderType, Portal } from '../../domain/portal.value.js';

export const SHARE_STATUSES = ['open', 'opened', 'expired', 'ended'] as const;
export type ShareStatus = (typeof SHARE_STATUSES)[number];

/** A share as its senders see it: never its token, its passphrase, or a hash of one. */
export interface ShareView {
  readonly shareId: string;
  readonly keyId: string;
  readonly portal: Portal;
  readonly holder: { readonly type: HolderType; readonly id: number };
  readonly recipient: ShareRecipient;
  readonly channel: ShareChannel;
  readonly reason: string;
  readonly bound: ShareBound;
  /** `expired` from that moment on, whether or not the ledger has closed it yet. */
  readonly status: ShareStatus;
  readonly expiresAt: IsoTime;
  readonly shared: { readonly at: IsoTime; readonly by: Actor; readonly position: string };
  readonly opened: { readonly at: IsoTime; readonly by: ShareOpener } | null;
  readonly ended: { readonly at: IsoTime; readonly reason: ShareEndReason } | null;
}
