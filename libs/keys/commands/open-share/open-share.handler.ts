import { setTimeout as delay } from 'node:timers/promises';
import type { ICommandHandler } from '@nestjs/cqrs';
import { CommandHandler } from '@nestjs/cqrs';
import { v5 as uuidv5 } from 'uuid';
import type { AccessErrorCode, Principal } from '#access';
import { AccessDenials } from '#access';
import type { Actor, Position } from '#event-store';
import { DomainError } from '#kernel';
import type { RequestContext } from '#messaging';
import { StreamReader } from '#messaging';
import { NetworkSettingsReader } from '#networks';
import { Peppers } from '#sealing';
import type { KeyRingCommand } from '../../domain/key-ring.commands.js';
import type { KeyRing, Share } from '../../domain/key-ring.decider.js';
import { keyOf, keyRingDecider } from '../../domain/key-ring.decider.js';
import type { KeysErrorCode } from '../../domain/key-ring.errors.js';
import type { ShareOpener } from '../../domain/key-ring.events.js';
import { userReference } from '../../domain/key-ring.events.js';
import { keyRingStream } from '../../domain/portal.value.js';
import { KeyVault } from '../../ports/key-vault.port.js';
import { PassphraseHasher } from '../../ports/passphrase-hasher.port.js';
import type { ShareRecord } from '../../ports/share-store.port.js';
import {
  PASSPHRASE_TRIES_MAX,
  SHARE_TOKEN_PURPOSE,
  ShareStore,
} from '../../ports/share-store.port.js';
import type { ShownSecret } from '../key-outcomes.value.js';
import { KeyRingDecisions, refuse } from '../key-ring-decisions.js';
import { apiAccess } from '../../queries/api-access/api-access.value.js';
import type { OpenedShare } from './open-share.command.js';
import { OpenShare } from './open-share.command.js';

/** As `SecretSource.shareToken` draws it; anything else is no token, and is not looked up. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** How long one waits for the tries that others have under way: those that are right give theirs back. */
export const TRY_WAIT_MS_MAX = 2_000;
const TRY_POLL_MS = 50;

interface Opening {
  readonly value: OpenedShare;
  readonly position: Position;
}

/** Who stands before the share, seen from its own network: a user of another one is a stranger here. */
type Caller = Principal | undefined;

@CommandHandler(OpenShare)
export class OpenShareHandler implements ICommandHandler<OpenShare> {
  constructor(
    private readonly shares: ShareStore,
    private readonly peppers: Peppers,
    private readonly streams: StreamReader,
    private readonly rings: KeyRingDecisions,
    private readonly passphrases: PassphraseHasher,
    private readonly vault: KeyVault,
    private readonly networks: NetworkSettingsReader,
    private readonly denials: AccessDenials,
  ) {}

  async execute({ principal, context, input }: OpenShare): Promise<Opening> {
    // Operators never see a secret. Before the look-up, so that it does not tell which links there are.
    if (principal?.actor.type === 'operator')
      throw new DomainError('access/forbidden', { required: 'partner.api_keys.reveal' });
    const record = await this.find(input.token);
    const caller = record && principal?.networkId === record.ring.networkId ? principal : undefined;
    try {
      // To users of another network the link is one that never was.
      if (!record || (record.bound === 'users' && principal && !caller))
        return refuse('keys/share-link-invalid');
      return await this.open(
        record,
        caller,
        { ...context, ...actsFor(record, caller) },
        input.passphrase,
      );
    } catch (error) {
      if (error instanceof DomainError && isRefusal(error.code)) {
        const guessed = error.code === ('keys/share-link-invalid' satisfies KeysErrorCode);
        this.denials.record({
          principal: caller,
          ip: context.ip,
          code: error.code,
          networkId: record && !guessed ? record.ring.networkId : null,
        });
      }
      throw error;
    }
  }

  private async find(token: string): Promise<ShareRecord | undefined> {
    if (!TOKEN.test(token)) return undefined;
    const hashes = await this.peppers.hashes(SHARE_TOKEN_PURPOSE, token);
    return this.shares.findByToken(...hashes.map(({ hash }) => hash));
  }

  private async open(
    record: ShareRecord,
    caller: Caller,
    context: RequestContext,
    passphrase: string | undefined,
  ): Promise<Opening> {
    const { state } = await this.streams.load(
      keyRingStream(record.ring),
      keyRingDecider,
      context.signal,
    );
    const share = state.shares.get(record.shareId);
    // Another attempt's link, whose share never came to be.
    if (share?.tokenHash !== record.tokenHash) return refuse('keys/share-link-invalid');
    const command = {
      type: 'openShare',
      shareId: share.shareId,
      openedBy: openerOf(share, caller),
      at: context.now.toISOString(),
    } as const;
    // An opened share goes on to the decide service, which tells a retry of the opening from a second one.
    if (share.status !== 'opened') {
      // Lapsed and ended links are answered before a passphrase is looked at: they cost no try.
      keyRingDecider.decide(command, state);
      await this.assertBound(record, share, caller, context, command, passphrase);
    }
    const settings = await this.networks.load(record.ring.networkId, context.signal);
    if (!settings) throw new TypeError('a key ring of a network that has no settings');

    let key: string | undefined;
    // Read before the append: a link is not used up when the secret cannot be read.
    const receipt = await this.rings.decide(record.ring, context, async (current: KeyRing) => {
      if (current.shares.get(share.shareId)?.status === 'open')
        key = await this.vault.open(
          { ...record.ring, keyId: share.keyId },
          keyOf(current, share.keyId).secret,
        );
      return command;
    });
    // A link opens once, for a retry of the opening too.
    const shown: ShownSecret =
      receipt.replayed || key === undefined
        ? { key: null, secretWithheld: 'inFirstAnswerOnly' }
        : { key, secretWithheld: null };
    return {
      value: {
        shareId: share.shareId,
        keyId: share.keyId,
        portal: record.ring.portal,
        label: keyOf(receipt.state, share.keyId).label,
        ...shown,
        access: apiAccess(settings.apiProfile, record.ring.portal),
      },
      position: receipt.position,
    };
  }

  private async assertBound(
    record: ShareRecord,
    share: Share,
    caller: Caller,
    context: RequestContext,
    command: KeyRingCommand,
    passphrase: string | undefined,
  ): Promise<void> {
    if (share.bound === 'users') {
      if (!caller) throw new DomainError('access/unauthenticated');
      if (!isRecipient(share, record, caller)) refuse('keys/share-other-user');
      return;
    }
    // Nothing was tried: it costs no try.
    if (passphrase === undefined || record.passphraseHash === null)
      return refuse('keys/share-wrong-passphrase', { passphraseMissing: true });
    const { networkId } = record.ring;
    const tried = await this.countTry(record, context, command);
    const right =
      tried !== undefined && (await this.passphrases.verify(passphrase, record.passphraseHash));
    if (right) {
      await this.shares.forgiveTry(networkId, share.shareId);
      return;
    }
    // Also when no try was left: whoever used up the last one may have died before the share was ended.
    if (tried === undefined || tried >= PASSPHRASE_TRIES_MAX) await this.end(record, context);
    return tried === undefined
      ? refuse('keys/share-ended')
      : refuse('keys/share-wrong-passphrase', { triesLeft: PASSPHRASE_TRIES_MAX - tried });
  }

  /**
   * `undefined`: no try is left, and none came back. Until then the link may yet open for one of those who try now:
   * with more of them than there are tries, it must not end as if all had been wrong.
   *
   * @throws {DomainError} as soon as one of them opened or ended the link.
   */
  private async countTry(
    { ring, shareId }: ShareRecord,
    context: RequestContext,
    command: KeyRingCommand,
  ): Promise<number | undefined> {
    for (let waitedMs = 0; ; waitedMs += TRY_POLL_MS) {
      const tried = await this.shares.countTry(ring.networkId, shareId);
      if (tried !== undefined || waitedMs >= TRY_WAIT_MS_MAX) return tried;
      await delay(TRY_POLL_MS, undefined, { signal: context.signal });
      const { state } = await this.streams.load(
        keyRingStream(ring),
        keyRingDecider,
        context.signal,
      );
      keyRingDecider.decide(command, state);
    }
  }

  private async end(record: ShareRecord, context: RequestContext): Promise<void> {
    await this.rings.decide(
      record.ring,
      { ...context, commandId: uuidv5('end share', context.commandId), idempotent: false },
      { type: 'endShare', shareId: record.shareId, reason: 'wrongPassphrases' },
      { retryUntilDeadline: true, stops: true },
    );
  }
}

/** Of who stands before the link, of the link itself, or for what became of its key. */
const isRefusal = (code: string): boolean =>
  code.startsWith('keys/share-') || REFUSALS_BESIDE.includes(code);

const REFUSALS_BESIDE: readonly string[] = [
  'access/unauthenticated',
  'keys/key-revoked',
  'keys/key-expired',
  'keys/key-suspended',
  'keys/secret-destroyed',
] satisfies readonly (AccessErrorCode | KeysErrorCode)[];

/** The network and the actor of an opening are the share's to say: the request may come without a token. */
function actsFor(record: ShareRecord, caller: Caller): Pick<RequestContext, 'actor' | 'networkId'> {
  const bearer: Actor = {
    type: 'service',
    issuer: SHARE_BEARER_ISSUER,
    subject: record.shareId,
  };
  return { networkId: record.ring.networkId, actor: caller?.actor ?? bearer };
}

/** Stands for whoever had the link and the passphrase; the subject is the share's id. */
export const SHARE_BEARER_ISSUER = 'urn:keyledger:share-bearer';

function openerOf(share: Share, caller: Caller): ShareOpener {
  return share.bound === 'users' && caller
    ? { type: 'partnerUser', reference: userReference(caller.actor.issuer, caller.actor.subject) }
    : { type: 'passphrase' };
}

/** A linked user of the holder and, where the share names one user, that user. */
function isRecipient(
  share: Share,
  { ring }: ShareRecord,
  { actor, partnerUser }: Principal,
): boolean {
  if (ring.holder.type !== 'partner' || partnerUser?.partnerId !== ring.holder.id) return false;
  return (
    share.recipient.type !== 'partnerUser' ||
    share.recipient.reference === userReference(actor.issuer, actor.subject)
  );
}
