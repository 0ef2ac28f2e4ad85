import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { v5 as uuidv5 } from 'uuid';
import { clientText, DomainError, shareId } from '#kernel';
import { Peppers, WrappingKeyMissingError } from '#sealing';
import type { NewShare } from '../../domain/key-ring.commands.js';
import type { KeyRing } from '../../domain/key-ring.decider.js';
import { keyRingDecider } from '../../domain/key-ring.decider.js';
import type { KeysErrorCode } from '../../domain/key-ring.errors.js';
import type { KeyShared, ShareRecipient } from '../../domain/key-ring.events.js';
import { REFERENCE_CHARACTERS_MAX } from '../../domain/key-text.value.js';
import { keyRingStream } from '../../domain/portal.value.js';
import { KeysOptions, SHARE_PAGE_PATH } from '../../keys.options.js';
import { NetworkPolicyPort } from '../../ports/network-policy.port.js';
import { PassphraseHasher } from '../../ports/passphrase-hasher.port.js';
import { SecretSource } from '../../ports/secret-source.port.js';
import { SHARE_TOKEN_PURPOSE, ShareStore } from '../../ports/share-store.port.js';
import { reasonText } from '../client-input.js';
import type { CreatedShare, Outcome } from '../key-outcomes.value.js';
import type { ReachedRing } from '../key-ring-decisions.js';
import { KeyRingDecisions, refuse } from '../key-ring-decisions.js';
import { ShareKey } from './share-key.command.js';

interface DrawnShare {
  readonly share: NewShare;
  readonly token: string;
  readonly passphrase: string | null;
}

@CommandHandler(ShareKey)
export class ShareKeyHandler implements ICommandHandler<ShareKey> {
  constructor(
    private readonly rings: KeyRingDecisions,
    private readonly policies: NetworkPolicyPort,
    private readonly secrets: SecretSource,
    private readonly passphrases: PassphraseHasher,
    private readonly peppers: Peppers,
    private readonly shares: ShareStore,
    private readonly options: KeysOptions,
  ) {}

  async execute(command: ShareKey): Promise<Outcome<CreatedShare>> {
    const { principal, context, input } = command;
    const act = { principal, context, permission: 'partner.api_keys.manage' } as const;
    const reached = await this.rings.reachKey(act, input.keyId);
    // Link and passphrase come back together: whoever has both can read the secret.
    if (input.bound === 'passphrase')
      await this.rings.reachKey({ ...act, permission: 'partner.api_keys.reveal' }, input.keyId);
    const { ring } = reached;
    const policy = await this.policies.load(ring.networkId, context.signal);
    if (!policy) return refuse('keys/key-not-found');
    const ttlSeconds = input.ttlSeconds ?? policy.shareTtlSecondsDefault;
    const blank: NewShare = {
      shareId: shareId(uuidv5(`share in ${keyRingStream(ring)}`, context.commandId)),
      recipient: recipientOf(command, reached),
      channel: input.channel,
      reason: reasonText(input.reason),
      bound: input.bound,
      tokenHash: '',
      pepperId: '',
      expiresAt: new Date(context.now.getTime() + ttlSeconds * 1_000).toISOString(),
    };
    const decided = (share: NewShare) =>
      ({
        type: 'share',
        keyId: input.keyId,
        share,
        shareTtlSecondsMax: policy.shareTtlSecondsMax,
        at: context.now.toISOString(),
      }) as const;

    let drawn: DrawnShare | undefined;
    const receipt = await this.rings.decide(ring, context, async (state: KeyRing) => {
      keyRingDecider.decide(decided(blank), state);
      assertRecipient(blank, reached);
      drawn = await this.draw(blank, command, reached);
      return decided(drawn.share);
    });
    const event = receipt.events.find(({ type }) => type === 'KeyShared');
    const shared = event?.data as KeyShared['data'] | undefined;
    if (!shared) throw new TypeError('a sharing without its event');
    // Of a link only hashes are kept: a retry cannot be told it again.
    const told = drawn?.share.tokenHash === shared.tokenHash ? drawn : undefined;
    return {
      value: {
        shareId: shared.shareId,
        keyId: shared.keyId,
        link: told ? `${this.options.publicUrl}${SHARE_PAGE_PATH}#${told.token}` : null,
        token: told?.token ?? null,
        passphrase: told?.passphrase ?? null,
        secretWithheld: told ? null : 'inFirstAnswerOnly',
        expiresAt: shared.expiresAt,
      },
      position: receipt.position,
    };
  }

  private async draw(
    blank: NewShare,
    { context, input }: ShareKey,
    { ring }: ReachedRing,
  ): Promise<DrawnShare> {
    const token = this.secrets.shareToken();
    const passphrase = input.bound === 'passphrase' ? this.secrets.passphrase() : null;
    const { pepperId, tokenHash } = await this.hashed(token);
    const share = { ...blank, pepperId, tokenHash };
    await this.shares.keep(
      {
        ring,
        shareId: share.shareId,
        keyId: input.keyId,
        bound: share.bound,
        tokenHash,
        pepperId,
        passphraseHash: passphrase === null ? null : await this.passphrases.hash(passphrase),
        expiresAt: share.expiresAt,
      },
      context.now,
    );
    return { share, token, passphrase };
  }

  private async hashed(token: string): Promise<Pick<NewShare, 'pepperId' | 'tokenHash'>> {
    try {
      const pepperId = await this.peppers.current();
      const tokenHash = await this.peppers.hash(pepperId, SHARE_TOKEN_PURPOSE, token);
      return { pepperId, tokenHash };
    } catch (error) {
      if (!(error instanceof WrappingKeyMissingError)) throw error;
      const code: KeysErrorCode = 'keys/wrapping-key-missing';
      throw new DomainError(code, {}, { cause: error });
    }
  }
}

/** The holder's users are named by the holder, whatever the client called them; one of them just as they were linked. */
function recipientOf({ input }: ShareKey, { ring, partner }: ReachedRing): ShareRecipient {
  const { type, reference } = input.recipient;
  if (type === 'holderUsers') return { type, reference: String(ring.holder.id) };
  if (type === 'partnerUser' && partner?.userReferences.includes(reference))
    return { type, reference };
  const field = '/recipient/reference';
  const text = clientText(reference, { max: REFERENCE_CHARACTERS_MAX, field });
  // An address in an event could never be erased; the record that the reference names can.
  if (type === 'contact' && text.normalize('NFKC').includes('@'))
    throw new DomainError('request/text-not-allowed', { reason: 'personal-data', field });
  return { type, reference: text };
}

/** @throws {DomainError} `keys/share-recipient-unknown`. */
function assertRecipient({ recipient, bound }: NewShare, { partner }: ReachedRing): void {
  const users = partner?.userReferences ?? [];
  const known = {
    holderUsers: bound === 'passphrase' || users.length > 0,
    partnerUser: users.includes(recipient.reference),
    contact: bound === 'passphrase',
  };
  if (!known[recipient.type])
    refuse('keys/share-recipient-unknown', { type: recipient.type, bound });
}
