import { Injectable } from '@nestjs/common';
import { v5 as uuidv5 } from 'uuid';
import { DomainError, KEY_HINT_CHARS, keyId } from '#kernel';
import type { KeyId } from '#kernel';
import type { RequestContext, SecretWithheld } from '#messaging';
import { StreamReader } from '#messaging';
import type { NewKey } from '../domain/key-ring.commands.js';
import { keyRingDecider } from '../domain/key-ring.decider.js';
import type { KeysErrorCode } from '../domain/key-ring.errors.js';
import type { KeyIssued } from '../domain/key-ring.events.js';
import type { RingId } from '../domain/portal.value.js';
import { keyRingStream, PORTAL_RULES } from '../domain/portal.value.js';
import { KeyVault } from '../ports/key-vault.port.js';
import { SecretSource } from '../ports/secret-source.port.js';
import type { ShownSecret } from './key-outcomes.value.js';
import type { KeyRingReceipt } from './key-ring-decisions.js';

/** How long a retry of an issuance or a reveal is answered with the secret of a recoverable key. */
export const RETRY_SHOWS_SECRET_MS = 24 * 3_600_000;

export interface DrawnKey {
  readonly key: NewKey;
  readonly secret: string;
}

/** Draws keys before the append, and gives out after it only the secret that the log names. */
@Injectable()
export class NewKeys {
  constructor(
    private readonly secrets: SecretSource,
    private readonly vault: KeyVault,
    private readonly streams: StreamReader,
  ) {}

  /** The same for every attempt of one command in one ring. */
  keyIdOf(ring: RingId, { commandId }: RequestContext): KeyId {
    return keyId(uuidv5(`key in ${keyRingStream(ring)}`, commandId));
  }

  /** @throws {DomainError} `keys/wrapping-key-missing`; then nothing was kept. */
  async draw(
    ring: RingId,
    prefix: string,
    rest: Omit<NewKey, 'prefix' | 'hint' | 'secret'>,
  ): Promise<DrawnKey> {
    const secret = this.secrets.key(prefix, PORTAL_RULES[ring.portal].code);
    const { keyId: id, expiresAt } = rest;
    const reference = await this.vault.keep({ ring, keyId: id, secret, expiresAt });
    const hint = secret.slice(-KEY_HINT_CHARS);
    return { key: { ...rest, prefix, hint, secret: reference }, secret };
  }

  /** A key of no secret: what `decide` would say, before anything is drawn and kept. */
  blank(ring: RingId, rest: Omit<NewKey, 'prefix' | 'hint' | 'secret'>): NewKey {
    const { storage } = PORTAL_RULES[ring.portal];
    return { ...rest, prefix: '', hint: '', secret: { storage, pepperId: '', lookupHash: '' } };
  }

  /**
   * The secret of the key that this command issued. Drawn in this very request: as it was drawn. A retry: opened again
   * where the portal's secrets are recoverable, for a day and while the key is active; else why not.
   */
  async secretOf(
    ring: RingId,
    receipt: KeyRingReceipt,
    drawn: DrawnKey | undefined,
    context: RequestContext,
  ): Promise<ShownSecret> {
    const issued = receipt.events.find(({ type }) => type === 'KeyIssued');
    if (!issued) throw new TypeError('an issuance without its event');
    const { keyId: id, secret } = issued.data as KeyIssued['data'];
    if (drawn?.key.secret.lookupHash === secret.lookupHash)
      return { key: drawn.secret, secretWithheld: null };
    return this.openAgain(ring, id, issued.metadata.recordedAt, context);
  }

  /** For a retry of a command that showed the secret. */
  async openAgain(
    ring: RingId,
    id: KeyId,
    shownAt: string,
    context: RequestContext,
  ): Promise<ShownSecret> {
    const { state } = await this.streams.load(keyRingStream(ring), keyRingDecider, context.signal);
    const key = state.keys.get(id);
    if (!key) return withheld('secretDestroyed');
    if (key.secret.storage !== 'sealed') return withheld('inFirstAnswerOnly');
    const { now } = context;
    const over = key.expiresAt !== null && Date.parse(key.expiresAt) <= now.getTime();
    if (over || key.status === 'revoked' || key.status === 'expired')
      return withheld('secretDestroyed');
    if (key.status === 'suspended') return withheld('keySuspended');
    if (now.getTime() - Date.parse(shownAt) > RETRY_SHOWS_SECRET_MS)
      return withheld('retryTooLate');
    try {
      const secret = await this.vault.open({ ...ring, keyId: id }, key.secret);
      return { key: secret, secretWithheld: null };
    } catch (error) {
      if (error instanceof DomainError && error.code === SECRET_DESTROYED)
        return withheld('secretDestroyed');
      throw error;
    }
  }
}

const SECRET_DESTROYED = 'keys/secret-destroyed' satisfies KeysErrorCode;

const withheld = (secretWithheld: SecretWithheld): ShownSecret => ({ key: null, secretWithheld });
