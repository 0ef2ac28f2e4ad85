import type { IsoTime } from '#kernel';
import type { KeyView } from '../keys/key.view.js';

/** An active affiliate key of a partner that a marketplace partner acts for. Masked, and not who issued it. */
export interface ConnectionKey {
  readonly partnerId: number;
  readonly keyId: string;
  readonly label: string;
  readonly masked: string;
  readonly issuedAt: IsoTime;
  readonly expiresAt: IsoTime | null;
}

export const connectionKeyOf = (key: KeyView): ConnectionKey => ({
  partnerId: key.partnerId ?? 0,
  keyId: key.keyId,
  label: key.label,
  masked: key.masked,
  issuedAt: key.issued.at,
  expiresAt: key.expiresAt,
});
