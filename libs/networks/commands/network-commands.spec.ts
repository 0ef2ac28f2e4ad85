import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Principal } from '#access';
import { LedgerAuthorizer } from '#access';
import { EventCatalogue } from '#event-store';
import { MemoryEventStore, MemoryLog } from '#event-store/memory';
import { employeeId, networkId } from '#kernel';
import { FixedClock } from '#kernel/testing';
import { memoryMessaging, requestContext } from '#messaging/testing';
import { memorySealing } from '#sealing/testing';
import {
  CreateNetwork,
  DEFAULT_KEY_POLICY,
  IssueWebhookCredential,
  RevokeWebhookCredential,
  SetApiProfile,
  SetKeyPolicy,
  NetworkSettingsReader,
  WebhookCredentialVerifier,
  defaultApiProfile,
  networksEvents,
} from '../index.js';
import {
  formatWebhookCredential,
  parseWebhookCredential,
} from '../domain/webhook-credential.value.js';
import { CreateNetworkHandler } from './create-network/create-network.handler.js';
import { IssueWebhookCredentialHandler } from './issue-webhook-credential/issue-webhook-credential.handler.js';
import { RevokeWebhookCredentialHandler } from './revoke-webhook-credential/revoke-webhook-credential.handler.js';
import { SetApiProfileHandler } from './set-api-profile/set-api-profile.handler.js';
import { SetKeyPolicyHandler } from './set-key-policy/set-key-policy.handler.js';

const NETWORK = networkId(101);
const OTHER = networkId(102);
const operator: Principal = {
  actor: { type: 'operator', issuer: 'https://ops.test', subject: 'o' },
  networkId: null,
};
const superUser: Principal = {
  actor: { type: 'employee', issuer: 'https://id.test', subject: 's' },
  networkId: NETWORK,
  employee: { employeeId: employeeId(1), superUser: true, permissions: [], scope: 'global' },
};
const reader: Principal = {
  ...superUser,
  employee: {
    employeeId: employeeId(2),
    superUser: false,
    permissions: ['network.read', 'partners.manage'],
    scope: 'global',
  },
};

async function setUp() {
  const log = new MemoryLog();
  const store = new MemoryEventStore(log);
  const { decisions, streams } = memoryMessaging({
    catalogue: new EventCatalogue(networksEvents),
    store,
  });
  const { peppers, sealingKeys } = memorySealing(new FixedClock());
  const authorizer = new LedgerAuthorizer();
  const networks = new NetworkSettingsReader(streams);
  const create = new CreateNetworkHandler(authorizer, decisions);
  for (const id of [NETWORK, OTHER])
    await create.execute(
      new CreateNetwork(operator, requestContext({ networkId: null }), {
        networkId: id,
        name: 'Northwind Media',
        region: 'eu',
      }),
    );
  const events = async () => {
    const texts: string[] = [];
    for await (const { data, metadata } of store.readAll()) texts.push(data, metadata);
    return texts;
  };
  return {
    events,
    sealingKeys,
    networks,
    create,
    setKeyPolicy: new SetKeyPolicyHandler(authorizer, decisions),
    setApiProfile: new SetApiProfileHandler(authorizer, decisions),
    issue: new IssueWebhookCredentialHandler(authorizer, decisions, peppers),
    revoke: new RevokeWebhookCredentialHandler(authorizer, decisions),
    verifier: new WebhookCredentialVerifier(networks, peppers),
  };
}
const context = () => requestContext({ networkId: NETWORK });

describe('networks', () => {
  it('are created by operators alone, and their event is their own', async () => {
    const { create, networks, events } = await setUp();
    expect(await networks.load(NETWORK)).toMatchObject({ name: 'Northwind Media', region: 'eu' });
    expect(await networks.load(networkId(103))).toBeUndefined();
    expect(JSON.parse((await events())[1] ?? '')).toMatchObject({ networkId: 101 });
    for (const principal of [superUser, reader])
      await expect(
        create.execute(
          new CreateNetwork(principal, context(), {
            networkId: networkId(103),
            name: 'X',
            region: 'us',
          }),
        ),
      ).rejects.toMatchObject({ code: 'access/forbidden' });
  });

  it('have a policy and a profile that their own people set, by permission', async () => {
    const { setKeyPolicy, setApiProfile, networks } = await setUp();
    const policy = { ...DEFAULT_KEY_POLICY, activeKeysMax: 4 };
    await setKeyPolicy.execute(
      new SetKeyPolicy(superUser, context(), { networkId: NETWORK, policy }),
    );
    const profile = { ...defaultApiProfile('eu'), headerName: 'X-Api-Key' };
    await setApiProfile.execute(
      new SetApiProfile(superUser, context(), { networkId: NETWORK, profile }),
    );
    expect(await networks.load(NETWORK)).toMatchObject({ keyPolicy: policy, apiProfile: profile });
    for (const principal of [reader, operator])
      await expect(
        setKeyPolicy.execute(
          new SetKeyPolicy(principal, context(), { networkId: NETWORK, policy }),
        ),
      ).rejects.toMatchObject({ code: 'access/forbidden' });
  });

  it('of others are not found, whether they exist or not', async () => {
    const { setKeyPolicy, setApiProfile, issue, revoke } = await setUp();
    for (const id of [OTHER, networkId(999)])
      for (const attempt of [
        setKeyPolicy.execute(
          new SetKeyPolicy(superUser, context(), { networkId: id, policy: DEFAULT_KEY_POLICY }),
        ),
        setApiProfile.execute(
          new SetApiProfile(superUser, context(), {
            networkId: id,
            profile: defaultApiProfile('us'),
          }),
        ),
        issue.execute(
          new IssueWebhookCredential(superUser, context(), { networkId: id, label: 'x' }),
        ),
        revoke.execute(
          new RevokeWebhookCredential(superUser, context(), {
            networkId: id,
            credentialId: randomUUID(),
          }),
        ),
      ])
        await expect(attempt).rejects.toMatchObject({ code: 'networks/not-found', details: {} });
  });
});

describe('a webhook credential', () => {
  const issued = async () => {
    const all = await setUp();
    const command = new IssueWebhookCredential(superUser, context(), {
      networkId: NETWORK,
      label: 'Partner Created',
    });
    const { credential, ...answer } = await all.issue.execute(command);
    if (credential === null) throw new Error('the credential was withheld');
    return { ...all, command, answer: { ...answer, credential } };
  };

  it('says its network, and only itself', async () => {
    const { verifier, answer } = await issued();
    expect(await verifier.verify(answer.credential)).toEqual({
      networkId: NETWORK,
      credentialId: answer.credentialId,
    });
  });

  it('is shown once: the same request again does not issue or show one', async () => {
    const { issue, command, networks, answer } = await issued();
    expect(await issue.execute(command)).toEqual({
      ...answer,
      credential: null,
      secretWithheld: 'inFirstAnswerOnly',
    });
    expect((await networks.load(NETWORK))?.webhookCredentials).toHaveLength(1);
  });

  it('leaves no secret in the log', async () => {
    const { answer, events } = await issued();
    const secret = parseWebhookCredential(answer.credential)?.secret ?? '';
    expect(secret).toHaveLength(43);
    expect((await events()).join('\n')).not.toContain(secret);
  });

  it('is refused alike when it is missing, malformed, unknown, of another network, guessed or revoked', async () => {
    const { verifier, revoke, answer } = await issued();
    const parts = parseWebhookCredential(answer.credential);
    if (!parts) throw new Error('not a credential');
    const { credentialId, secret } = parts;
    await revoke.execute(
      new RevokeWebhookCredential(superUser, context(), { networkId: NETWORK, credentialId }),
    );
    for (const text of [
      undefined,
      '',
      'klwh_101',
      `klwh_101_${credentialId}_short`,
      'x'.repeat(1_000_000),
      formatWebhookCredential({ networkId: networkId(999), credentialId, secret }),
      formatWebhookCredential({ networkId: OTHER, credentialId, secret }),
      formatWebhookCredential({ networkId: NETWORK, credentialId: randomUUID(), secret }),
      formatWebhookCredential({ networkId: NETWORK, credentialId, secret: 'A'.repeat(43) }),
      answer.credential,
    ])
      await expect(verifier.verify(text)).rejects.toMatchObject({
        code: 'networks/webhook-credential-invalid',
        details: {},
      });
  });

  it('says its network after the pepper was rotated, and so does one of since then', async () => {
    const { verifier, sealingKeys, answer, issue } = await issued();
    sealingKeys.rotatePepper();
    const later = await issue.execute(
      new IssueWebhookCredential(superUser, context(), { networkId: NETWORK, label: 'Later' }),
    );
    for (const { credential, credentialId } of [answer, later])
      expect(await verifier.verify(credential ?? '')).toEqual({ networkId: NETWORK, credentialId });
  });

  it('is refused with another secret while it is active', async () => {
    const { verifier, answer } = await issued();
    const { credentialId } = answer;
    await expect(
      verifier.verify(
        formatWebhookCredential({ networkId: NETWORK, credentialId, secret: 'A'.repeat(43) }),
      ),
    ).rejects.toMatchObject({ code: 'networks/webhook-credential-invalid' });
  });
});
