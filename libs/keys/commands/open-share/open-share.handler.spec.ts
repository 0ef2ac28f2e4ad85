import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Principal } from '#access';
import { LedgerAuthorizer } from '#access';
import { RecordingDenials } from '#access/testing';
import { EventCatalogue } from '#event-store';
import type { Decider, DomainEvent, KeyId, NetworkId, PartnerId, ShareId } from '#kernel';
import { DomainError } from '#kernel';
import { FixedClock } from '#kernel/testing';
import { memoryMessaging, requestContext } from '#messaging/testing';
import { networksEvents, NetworkSettingsReader, networkStreamId } from '#networks';
import { MarketplacePartnerReader } from '#partners';
import { memorySealing } from '#sealing/testing';
import { CryptoSecretSource } from '../../adapters/crypto-secret-source.js';
import { ScryptPassphrases } from '../../adapters/scrypt-passphrases.js';
import { LedgerMarketplaceFacts } from '../../adapters/ledger-marketplace-facts.js';
import { SealedKeyVault } from '../../adapters/sealed-key-vault.js';
import type { KeyRingCommand } from '../../domain/key-ring.commands.js';
import { keyRingDecider } from '../../domain/key-ring.decider.js';
import type { ShareBound, ShareRecipient } from '../../domain/key-ring.events.js';
import { userReference } from '../../domain/key-ring.events.js';
import { keyRingStream } from '../../domain/portal.value.js';
import { keysEvents } from '../../keys.catalogue.js';
import { PartnerFactsPort } from '../../ports/partner-facts.port.js';
import { PASSPHRASE_TRIES_MAX, SHARE_TOKEN_PURPOSE } from '../../ports/share-store.port.js';
import { MemoryKeySecrets } from '../../testing/memory-key-secrets.js';
import { MemoryShares } from '../../testing/memory-shares.js';
import { KeyRingDecisions } from '../key-ring-decisions.js';
import { SecretUpkeep } from '../secret-upkeep.js';
import { OpenShare } from './open-share.command.js';
import { OpenShareHandler, SHARE_BEARER_ISSUER } from './open-share.handler.js';

const NOW = new Date('2026-03-01T10:00:00.000Z');
const TTL_MS = 3_600_000;
const RING = {
  networkId: 3 as NetworkId,
  portal: 'affiliate',
  holder: { type: 'partner', id: 7 },
} as const;
const STREAM = keyRingStream(RING);

/** Counts what costs a stranger's try, and is as cheap as a comparison. */
class CountedPassphrases extends ScryptPassphrases {
  verified = 0;
  override hash(passphrase: string) {
    return Promise.resolve(`plain:${passphrase}`);
  }
  override verify(passphrase: string, encoded: string) {
    this.verified += 1;
    return Promise.resolve(encoded === `plain:${passphrase}`);
  }
}

/** Opening a share asks nothing of the partner: who has the link is told by the share. */
class NoPartnerFacts extends PartnerFactsPort {
  override load() {
    return Promise.resolve(undefined);
  }
  override suspensionCause() {
    return Promise.resolve(undefined);
  }
  override usersAt(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }
}

const storing = <Event extends DomainEvent>(): Decider<null, readonly Event[], Event> => ({
  initialState: () => null,
  decide: (events) => events,
  evolve: () => null,
});

async function setUp() {
  const clock = new FixedClock(NOW);
  const sealing = memorySealing(clock);
  const messaging = memoryMessaging({
    catalogue: new EventCatalogue(keysEvents, networksEvents),
    clock,
  });
  const shares = new MemoryShares();
  const passphrases = new CountedPassphrases();
  const secrets = new MemoryKeySecrets();
  const vault = new SealedKeyVault(sealing.sealer, sealing.peppers, secrets, sealing.clock);
  const denials = new RecordingDenials();
  const handler = new OpenShareHandler(
    shares,
    sealing.peppers,
    messaging.streams,
    new KeyRingDecisions(
      new LedgerAuthorizer(),
      vault,
      new NoPartnerFacts(),
      messaging.decisions,
      new SecretUpkeep(vault, shares),
      new LedgerMarketplaceFacts(new MarketplacePartnerReader(messaging.streams)),
    ),
    passphrases,
    vault,
    new NetworkSettingsReader(messaging.streams),
    denials,
  );
  const { networkId } = RING;
  await messaging.decisions.execute({
    streamId: networkStreamId(networkId),
    decider: storing(),
    command: [{ type: 'NetworkCreated', data: { name: 'Acme', region: 'us' } }],
    context: requestContext({ networkId }),
  });
  const decide = (command: KeyRingCommand) =>
    messaging.decisions.execute({
      streamId: STREAM,
      decider: keyRingDecider,
      command,
      context: requestContext({ networkId, now: clock.now() }),
    });
  const source = new CryptoSecretSource();
  const keyId = randomUUID() as KeyId;
  const key = source.key('kl', 'aff');
  const secret = await vault.keep({ ring: RING, keyId, secret: key, expiresAt: null });
  await decide({
    type: 'issue',
    portal: RING.portal,
    holder: RING.holder,
    key: {
      keyId,
      label: 'Dashboard',
      prefix: 'kl',
      hint: key.slice(-4),
      secret,
      permissions: [],
      employeeId: null,
      expiresAt: null,
    },
    policy: { activeKeysMax: 2 },
    verdict: { eligible: true, blockers: [], score: 4, threshold: 4, traits: [] },
    at: clock.now().toISOString(),
  });

  const share = async (
    bound: ShareBound,
    recipient: ShareRecipient = { type: 'holderUsers', reference: '7' },
  ) => {
    const shareId = randomUUID() as ShareId;
    const token = source.shareToken();
    const passphrase = source.passphrase();
    const pepperId = await sealing.peppers.current();
    const tokenHash = await sealing.peppers.hash(pepperId, SHARE_TOKEN_PURPOSE, token);
    const expiresAt = new Date(clock.now().getTime() + TTL_MS).toISOString();
    await shares.keep(
      {
        ring: RING,
        shareId,
        keyId,
        bound,
        tokenHash,
        pepperId,
        passphraseHash: bound === 'passphrase' ? await passphrases.hash(passphrase) : null,
        expiresAt,
      },
      clock.now(),
    );
    await decide({
      type: 'share',
      keyId,
      share: {
        shareId,
        recipient,
        channel: 'email',
        reason: 'First',
        bound,
        tokenHash,
        pepperId,
        expiresAt,
      },
      shareTtlSecondsMax: 86_400,
      at: clock.now().toISOString(),
    });
    await shares.confirm(networkId, shareId, tokenHash);
    return { shareId, token, passphrase };
  };

  const open = (
    input: { readonly token: string; readonly passphrase?: string },
    principal?: Principal,
    context = requestContext({ networkId: null, now: clock.now(), ip: '203.0.113.9' }),
  ) => handler.execute(new OpenShare(principal, context, input));

  const events = async () => {
    const all: { type: string; data: unknown; metadata: string }[] = [];
    for await (const event of messaging.store.readStream(STREAM))
      all.push({ type: event.type, data: JSON.parse(event.data), metadata: event.metadata });
    return all;
  };
  const eventsOf = async (type: string) => (await events()).filter((event) => event.type === type);

  return {
    clock,
    sealing,
    messaging,
    shares,
    secrets,
    passphrases,
    denials,
    decide,
    share,
    open,
    eventsOf,
    key,
    keyId,
  };
}

const partnerUser = (networkId: number, partnerId: number, subject = 'pat'): Principal => ({
  actor: { type: 'partnerUser', issuer: 'https://id.example', subject },
  networkId: networkId as NetworkId,
  partnerUser: { partnerId: partnerId as PartnerId },
});

async function refusal(attempt: Promise<unknown>): Promise<DomainError> {
  const error: unknown = await attempt.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof DomainError)) throw new Error('expected a refusal', { cause: error });
  return error;
}

describe('opening a share that is bound to a passphrase', () => {
  it('answers the key and how to use it, and says in the log that the link was opened', async () => {
    const { share, open, eventsOf, key, keyId } = await setUp();
    const { shareId, token, passphrase } = await share('passphrase');
    const { value } = await open({ token, passphrase });
    expect(value).toMatchObject({ shareId, keyId, portal: 'affiliate', label: 'Dashboard', key });
    expect(value.access).toMatchObject({
      baseUrl: 'https://api.eflow.team/v1',
      headerName: 'X-Eflow-API-Key',
    });
    expect(value.access.exampleRequest).not.toContain(key);
    const [opened] = await eventsOf('ShareOpened');
    expect(opened?.data).toEqual({ shareId, keyId, openedBy: { type: 'passphrase' } });
    expect(JSON.parse(opened?.metadata ?? '')).toMatchObject({
      networkId: 3,
      actor: { type: 'service', issuer: SHARE_BEARER_ISSUER, subject: shareId },
    });
  });

  it('opens once', async () => {
    const { share, open, eventsOf, denials } = await setUp();
    const { token, passphrase } = await share('passphrase');
    await open({ token, passphrase });
    expect((await refusal(open({ token, passphrase }))).code).toBe('keys/share-already-opened');
    expect(await eventsOf('ShareOpened')).toHaveLength(1);
    expect(denials.denials).toEqual([
      expect.objectContaining({ code: 'keys/share-already-opened', networkId: 3 }),
    ]);
  });

  it('gives the key to one of many that open it at once', async () => {
    const { share, open, eventsOf, key } = await setUp();
    const { token, passphrase } = await share('passphrase');
    const answers = await Promise.allSettled(
      Array.from({ length: 4 }, () => open({ token, passphrase })),
    );
    const won = answers.filter((answer) => answer.status === 'fulfilled');
    expect(won.map((answer) => answer.value.value.key)).toEqual([key]);
    for (const answer of answers)
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({ code: 'keys/share-already-opened' });
    expect(await eventsOf('ShareOpened')).toHaveLength(1);
  });

  it('gives the key to one, and ends for nobody, when more try the right passphrase than there are tries', async () => {
    const { share, open, eventsOf, key, passphrases } = await setUp();
    const { token, passphrase } = await share('passphrase');
    const verify = passphrases.verify.bind(passphrases);
    // All tries are taken before the first is given back.
    let taken = 0;
    const { promise: allTaken, resolve } = Promise.withResolvers<undefined>();
    passphrases.verify = async (tried, encoded) => {
      taken += 1;
      if (taken === PASSPHRASE_TRIES_MAX) resolve(undefined);
      await allTaken;
      return verify(tried, encoded);
    };
    const answers = await Promise.allSettled(
      Array.from({ length: PASSPHRASE_TRIES_MAX + 3 }, () => open({ token, passphrase })),
    );
    const won = answers.filter((answer) => answer.status === 'fulfilled');
    expect(won.map((answer) => answer.value.value.key)).toEqual([key]);
    for (const answer of answers)
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({ code: 'keys/share-already-opened' });
    expect(await eventsOf('ShareOpened')).toHaveLength(1);
    expect(await eventsOf('ShareEnded')).toHaveLength(0);
  });

  it('ends when the tries are used up and whoever used the last one does not end it', async () => {
    const { share, open, shares, eventsOf, passphrases } = await setUp();
    const { shareId, token, passphrase } = await share('passphrase');
    for (let n = 0; n < PASSPHRASE_TRIES_MAX; n += 1)
      await shares.countTry(RING.networkId, shareId);
    expect((await refusal(open({ token, passphrase }))).code).toBe('keys/share-ended');
    expect(passphrases.verified).toBe(0);
    expect(await eventsOf('ShareEnded')).toHaveLength(1);
  });

  it('ends at the fifth wrong passphrase, after which the right one opens nothing', async () => {
    const { share, open, eventsOf, denials } = await setUp();
    const { shareId, token, passphrase } = await share('passphrase');
    for (let left = PASSPHRASE_TRIES_MAX - 1; left >= 0; left -= 1)
      expect(await refusal(open({ token, passphrase: 'wrong' }))).toMatchObject({
        code: 'keys/share-wrong-passphrase',
        details: { triesLeft: left },
      });
    expect((await eventsOf('ShareEnded')).map(({ data }) => data)).toEqual([
      expect.objectContaining({ shareId, reason: 'wrongPassphrases' }),
    ]);
    expect((await refusal(open({ token, passphrase }))).code).toBe('keys/share-ended');
    expect(await eventsOf('ShareOpened')).toHaveLength(0);
    expect(denials.denials).toHaveLength(PASSPHRASE_TRIES_MAX + 1);
  });

  it('looks at no more than five passphrases, however many come at once', async () => {
    const { share, open, passphrases, eventsOf } = await setUp();
    const { token } = await share('passphrase');
    const codes = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, n) => (await refusal(open({ token, passphrase: `guess ${String(n)}` }))).code,
      ),
    );
    expect(passphrases.verified).toBe(PASSPHRASE_TRIES_MAX);
    expect(new Set(codes)).toEqual(new Set(['keys/share-wrong-passphrase', 'keys/share-ended']));
    expect(await eventsOf('ShareEnded')).toHaveLength(1);
  });

  it('counts no try for a right passphrase, a missing one, or a link that is over', async () => {
    const { share, open, passphrases, clock } = await setUp();
    const { token, passphrase } = await share('passphrase');
    for (let n = 1; n < PASSPHRASE_TRIES_MAX; n += 1)
      await refusal(open({ token, passphrase: 'wrong' }));
    expect((await refusal(open({ token }))).details).toEqual({ passphraseMissing: true });
    expect(passphrases.verified).toBe(PASSPHRASE_TRIES_MAX - 1);
    await open({ token, passphrase });

    const late = await share('passphrase');
    clock.advanceMs(TTL_MS);
    for (let n = 0; n <= PASSPHRASE_TRIES_MAX; n += 1)
      expect((await refusal(open({ token: late.token, passphrase: 'wrong' }))).code).toBe(
        'keys/share-expired',
      );
    expect(passphrases.verified).toBe(PASSPHRASE_TRIES_MAX);
  });

  it('opens after the pepper was rotated, and a link of since then too', async () => {
    const { share, open, sealing, key } = await setUp();
    const before = await share('passphrase');
    sealing.sealingKeys.rotatePepper();
    expect((await open(before)).value.key).toBe(key);
    expect((await open(await share('passphrase'))).value.key).toBe(key);
  });

  it('is not used up, and loses no try, when the secret cannot be read now', async () => {
    const { share, open, sealing, eventsOf, key, shares } = await setUp();
    const { token, passphrase } = await share('passphrase');
    const found = shares.findByToken.bind(shares);
    // The wrapping key goes away after the look-up, which needs the pepper.
    shares.findByToken = (...hashes) => {
      sealing.sealingKeys.missing = true;
      return found(...hashes);
    };
    for (let n = 0; n <= PASSPHRASE_TRIES_MAX; n += 1) {
      expect((await refusal(open({ token, passphrase }))).code).toBe('keys/wrapping-key-missing');
      sealing.sealingKeys.missing = false;
    }
    expect(await eventsOf('ShareOpened')).toHaveLength(0);
    shares.findByToken = found;
    sealing.sealingKeys.missing = false;
    expect((await open({ token, passphrase })).value.key).toBe(key);
  });
});

describe('links that open nothing', () => {
  it('answers a guessed token just as one that could never be a token', async () => {
    const { open, denials, share } = await setUp();
    await share('passphrase');
    const guessed = await refusal(open({ token: 'A'.repeat(43), passphrase: 'x' }));
    const malformed = await refusal(open({ token: 'no token', passphrase: 'x' }));
    expect([guessed.code, guessed.details]).toEqual(['keys/share-link-invalid', {}]);
    expect([malformed.code, malformed.details]).toEqual([guessed.code, guessed.details]);
    expect(denials.denials).toEqual(
      Array(2).fill(
        expect.objectContaining({
          code: 'keys/share-link-invalid',
          networkId: null,
          ip: '203.0.113.9',
        }),
      ),
    );
  });

  it('answers the link of another attempt at a share as a guessed one', async () => {
    const { share, shares, sealing, open, clock, keyId } = await setUp();
    const { shareId } = await share('passphrase');
    const token = new CryptoSecretSource().shareToken();
    const pepperId = await sealing.peppers.current();
    for (const ofShare of [shareId, randomUUID() as ShareId]) {
      await shares.keep(
        {
          ring: RING,
          shareId: ofShare,
          keyId,
          bound: 'passphrase',
          tokenHash: await sealing.peppers.hash(pepperId, SHARE_TOKEN_PURPOSE, token),
          pepperId,
          passphraseHash: 'plain:x',
          expiresAt: new Date(clock.now().getTime() + TTL_MS).toISOString(),
        },
        clock.now(),
      );
      const { code } = await refusal(open({ token, passphrase: 'x' }));
      expect(code).toBe('keys/share-link-invalid');
    }
  });

  it('refuses an expired link, and one whose key was revoked since', async () => {
    const { share, open, clock, decide, keyId } = await setUp();
    const late = await share('passphrase');
    clock.advanceMs(TTL_MS);
    expect((await refusal(open(late))).code).toBe('keys/share-expired');
    const stale = await share('passphrase');
    await decide({ type: 'revoke', keyId, reason: 'leaked', note: null });
    expect((await refusal(open(stale))).code).toBe('keys/share-ended');
  });

  it('refuses a link whose secret is gone, and records that as every other refusal', async () => {
    const { share, open, secrets, keyId, denials } = await setUp();
    const { token, passphrase } = await share('passphrase');
    await secrets.destroy(RING.networkId, keyId);
    expect((await refusal(open({ token, passphrase }))).code).toBe('keys/secret-destroyed');
    expect(denials.denials).toEqual([
      expect.objectContaining({ code: 'keys/secret-destroyed', networkId: 3 }),
    ]);
  });

  it('gives nothing when the key is revoked between the look and the append', async () => {
    const { share, open, shares, decide, keyId, eventsOf } = await setUp();
    const { token, passphrase } = await share('passphrase');
    shares.forgiveTry = async () => {
      await decide({ type: 'revoke', keyId, reason: 'leaked', note: null });
    };
    expect((await refusal(open({ token, passphrase }))).code).toBe('keys/share-ended');
    expect(await eventsOf('ShareOpened')).toHaveLength(0);
  });
});

describe('opening a share that is bound to users', () => {
  it('needs the access token of a user of the partner', async () => {
    const { share, open, eventsOf, key, denials } = await setUp();
    const { token } = await share('users');
    expect((await refusal(open({ token }))).code).toBe('access/unauthenticated');
    expect(denials.denials).toEqual([
      expect.objectContaining({ code: 'access/unauthenticated', networkId: 3, ip: '203.0.113.9' }),
    ]);
    const employee: Principal = {
      actor: { type: 'employee', issuer: 'https://id.example', subject: 'ann' },
      networkId: RING.networkId,
    };
    for (const other of [employee, partnerUser(3, 8)])
      expect((await refusal(open({ token }, other))).code).toBe('keys/share-other-user');
    expect(await eventsOf('ShareOpened')).toHaveLength(0);

    expect((await open({ token }, partnerUser(3, 7))).value.key).toBe(key);
    const [opened] = await eventsOf('ShareOpened');
    expect(opened?.data).toMatchObject({
      openedBy: { type: 'partnerUser', reference: userReference('https://id.example', 'pat') },
    });
  });

  it('was never there for a user of another network, whose partner has the same id', async () => {
    const { share, open } = await setUp();
    const { token } = await share('users');
    const foreign = await refusal(open({ token }, partnerUser(4, 7)));
    expect([foreign.code, foreign.details]).toEqual(['keys/share-link-invalid', {}]);
  });

  it('opens for the one user that it names', async () => {
    const { share, open, key } = await setUp();
    const { token } = await share('users', {
      type: 'partnerUser',
      reference: userReference('https://id.example', 'pat'),
    });
    expect((await refusal(open({ token }, partnerUser(3, 7, 'sam')))).code).toBe(
      'keys/share-other-user',
    );
    expect((await open({ token }, partnerUser(3, 7, 'pat'))).value.key).toBe(key);
  });

  it('repeats to a retry of the same request all but the key', async () => {
    const { share, open, eventsOf, clock } = await setUp();
    const { token } = await share('users');
    const context = requestContext({ networkId: RING.networkId, now: clock.now() });
    const { value } = await open({ token }, partnerUser(3, 7), context);
    expect((await open({ token }, partnerUser(3, 7), context)).value).toEqual({
      ...value,
      key: null,
      secretWithheld: 'inFirstAnswerOnly',
    });
    expect(await eventsOf('ShareOpened')).toHaveLength(1);
  });
});

it('leaves neither key nor token nor passphrase in the log', async () => {
  const { share, open, messaging, key } = await setUp();
  const { token, passphrase } = await share('passphrase');
  await open({ token, passphrase });
  let text = '';
  for await (const event of messaging.store.readAll()) text += event.data + event.metadata;
  for (const secret of [key, token, passphrase])
    for (const form of [
      secret,
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('hex'),
    ])
      expect(text).not.toContain(form);
});
