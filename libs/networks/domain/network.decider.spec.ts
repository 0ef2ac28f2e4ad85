import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { specificationOf } from '../../kernel/testing/index.js';
import { defaultApiProfile } from './api-profile.value.js';
import { DEFAULT_KEY_POLICY } from './key-policy.value.js';
import { WEBHOOK_CREDENTIALS_ACTIVE_MAX, networkDecider } from './network.decider.js';
import type { NetworkEvent } from './network.events.js';

const given = specificationOf(networkDecider);
const created: NetworkEvent = {
  type: 'NetworkCreated',
  data: { name: 'Northwind Media', region: 'eu' },
};
const credentialIssued = (credentialId: string): NetworkEvent => ({
  type: 'WebhookCredentialIssued',
  data: { credentialId, pepperId: 'p1', hash: 'ab12', label: 'created' },
});

describe('a network', () => {
  it('is created once, and creating it again alike changes nothing', () => {
    given().when({ kind: 'create', name: 'Northwind Media', region: 'eu' }).then(created);
    given(created)
      .when({ kind: 'create', name: 'Northwind Media', region: 'eu' })
      .thenNothingHappened();
  });

  it('refuses another network of its id', () => {
    given(created)
      .when({ kind: 'create', name: 'Contoso', region: 'eu' })
      .thenRefused('networks/already-exists', {});
  });

  it('has no settings before it is created', () => {
    given()
      .when({ kind: 'setKeyPolicy', policy: DEFAULT_KEY_POLICY })
      .thenRefused('networks/not-found');
  });

  it('starts with the default policy and the API profile of its region', () => {
    const state = given(created).when({ kind: 'setKeyPolicy', policy: DEFAULT_KEY_POLICY }).state();
    expect(state).toMatchObject({
      keyPolicy: { keyPrefix: 'kl', activeKeysMax: 2, suspendOnFlag: true },
      apiProfile: { baseUrl: 'https://api-eu.eflow.team/v1', headerName: 'X-Eflow-API-Key' },
    });
    expect(defaultApiProfile('us').baseUrl).toBe('https://api.eflow.team/v1');
  });

  it('accepts its own default policy and profile as unchanged', () => {
    given(created).when({ kind: 'setKeyPolicy', policy: DEFAULT_KEY_POLICY }).thenNothingHappened();
    given(created)
      .when({ kind: 'setApiProfile', profile: defaultApiProfile('eu') })
      .thenNothingHappened();
  });

  it('records a changed policy whole', () => {
    const policy = { ...DEFAULT_KEY_POLICY, activeKeysMax: 5 };
    given(created)
      .when({ kind: 'setKeyPolicy', policy })
      .then({ type: 'NetworkKeyPolicySet', data: { policy } });
  });

  it.each([
    ['/keyPrefix', { keyPrefix: 'K_L' }],
    ['/activeKeysMax', { activeKeysMax: 0 }],
    ['/activeKeysMax', { activeKeysMax: 1.5 }],
    [
      '/eligibility/threshold',
      { eligibility: { ...DEFAULT_KEY_POLICY.eligibility, threshold: 7 } },
    ],
    ['/shareTtlSeconds/max', { shareTtlSeconds: { default: 60, max: 10_000_000 } }],
    ['/shareTtlSeconds/default', { shareTtlSeconds: { default: 3600, max: 60 } }],
  ])('names the field of a policy that is out of bounds: %s', (pointer, change) => {
    let refused: unknown;
    try {
      given(created)
        .when({ kind: 'setKeyPolicy', policy: { ...DEFAULT_KEY_POLICY, ...change } })
        .events();
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({
      code: 'networks/invalid-policy',
      details: { errors: [{ pointer }] },
    });
  });

  it.each([
    'http://api.example.test/v1',
    'https://user@api.example.test',
    'javascript:alert(1)',
    'https://api.example.test/"onload="x',
  ])('refuses the base URL %s', (baseUrl) => {
    given(created)
      .when({ kind: 'setApiProfile', profile: { ...defaultApiProfile('eu'), baseUrl } })
      .thenRefused('networks/invalid-api-profile', {
        errors: [
          { pointer: '/baseUrl', problem: 'must be an https URL of at most 500 characters' },
        ],
      });
  });

  it('keeps the keyed hash of a webhook credential, and revokes it once', () => {
    given(created)
      .when({
        kind: 'issueWebhookCredential',
        credentialId: 'c1',
        pepperId: 'p1',
        hash: 'ab12',
        label: 'created',
      })
      .then(credentialIssued('c1'));
    const revoked: NetworkEvent = {
      type: 'WebhookCredentialRevoked',
      data: { credentialId: 'c1' },
    };
    given(created, credentialIssued('c1'))
      .when({ kind: 'revokeWebhookCredential', credentialId: 'c1' })
      .then(revoked);
    given(created, credentialIssued('c1'), revoked)
      .when({ kind: 'revokeWebhookCredential', credentialId: 'c1' })
      .thenNothingHappened();
    given(created)
      .when({ kind: 'revokeWebhookCredential', credentialId: 'c1' })
      .thenRefused('networks/webhook-credential-not-found');
  });

  it('has a limit of active webhook credentials, which a revocation makes room in', () => {
    const full = Array.from({ length: WEBHOOK_CREDENTIALS_ACTIVE_MAX }, (_, n) =>
      credentialIssued(`c${String(n)}`),
    );
    const another = {
      kind: 'issueWebhookCredential',
      credentialId: 'new',
      pepperId: 'p1',
      hash: 'ab12',
      label: 'created',
    } as const;
    given(created, ...full)
      .when(another)
      .thenRefused('networks/webhook-credentials-max');
    given(created, ...full, {
      type: 'WebhookCredentialRevoked',
      data: { credentialId: 'c0' },
    })
      .when(another)
      .then(credentialIssued('new'));
  });

  it('never stores a policy that it would not accept, whatever it is asked', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer(), fc.integer(), fc.integer(), (keyPrefix, a, b, c) => {
        const policy = {
          ...DEFAULT_KEY_POLICY,
          keyPrefix,
          activeKeysMax: a,
          shareTtlSeconds: { default: b, max: c },
        };
        try {
          const [event] = given(created).when({ kind: 'setKeyPolicy', policy }).events();
          if (event?.type !== 'NetworkKeyPolicySet') return;
          given(created, event).when({ kind: 'setKeyPolicy', policy }).thenNothingHappened();
          expect(event.data.policy.activeKeysMax).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toMatchObject({ code: 'networks/invalid-policy' });
        }
      }),
    );
  });
});
