import type { Decider } from '#kernel';
import { DomainError } from '#kernel';
import type { ApiProfile, Region } from './api-profile.value.js';
import { checkedApiProfile, defaultApiProfile } from './api-profile.value.js';
import type { KeyPolicy } from './key-policy.value.js';
import { DEFAULT_KEY_POLICY, checkedKeyPolicy } from './key-policy.value.js';
import type { NetworkCommand } from './network.commands.js';
import type { NetworkEvent } from './network.events.js';

export interface WebhookCredential {
  readonly credentialId: string;
  readonly pepperId: string;
  readonly hash: string;
  readonly label: string;
  readonly revoked: boolean;
}

export type NetworkState =
  | { readonly lifecycle: 'absent' }
  | {
      readonly lifecycle: 'created';
      readonly name: string;
      readonly region: Region;
      readonly keyPolicy: KeyPolicy;
      readonly apiProfile: ApiProfile;
      readonly webhookCredentials: readonly WebhookCredential[];
    };

/** Enough to rotate one per webhook kind. */
export const WEBHOOK_CREDENTIALS_ACTIVE_MAX = 8;

export const networkDecider: Decider<NetworkState, NetworkCommand, NetworkEvent> = {
  initialState: () => ({ lifecycle: 'absent' }),

  decide(command, state) {
    if (command.kind === 'create') {
      const { name, region } = command;
      if (state.lifecycle === 'absent') return [{ type: 'NetworkCreated', data: { name, region } }];
      if (state.name === name && state.region === region) return [];
      throw new DomainError('networks/already-exists');
    }
    if (state.lifecycle === 'absent') throw new DomainError('networks/not-found');
    switch (command.kind) {
      case 'setKeyPolicy': {
        const policy = checkedKeyPolicy(command.policy);
        return same(policy, state.keyPolicy)
          ? []
          : [{ type: 'NetworkKeyPolicySet', data: { policy } }];
      }
      case 'setApiProfile': {
        const profile = checkedApiProfile(command.profile);
        return same(profile, state.apiProfile)
          ? []
          : [{ type: 'NetworkApiProfileSet', data: profile }];
      }
      case 'issueWebhookCredential': {
        const { credentialId, pepperId, hash, label } = command;
        const active = state.webhookCredentials.filter(({ revoked }) => !revoked).length;
        if (active >= WEBHOOK_CREDENTIALS_ACTIVE_MAX)
          throw new DomainError('networks/webhook-credentials-max', {
            max: WEBHOOK_CREDENTIALS_ACTIVE_MAX,
          });
        return [{ type: 'WebhookCredentialIssued', data: { credentialId, pepperId, hash, label } }];
      }
      case 'revokeWebhookCredential': {
        const { credentialId } = command;
        const credential = state.webhookCredentials.find((c) => c.credentialId === credentialId);
        if (!credential) throw new DomainError('networks/webhook-credential-not-found');
        return credential.revoked
          ? []
          : [{ type: 'WebhookCredentialRevoked', data: { credentialId } }];
      }
    }
  },

  evolve(state, event) {
    if (event.type === 'NetworkCreated')
      return {
        lifecycle: 'created',
        name: event.data.name,
        region: event.data.region,
        keyPolicy: DEFAULT_KEY_POLICY,
        apiProfile: defaultApiProfile(event.data.region),
        webhookCredentials: [],
      };
    if (state.lifecycle === 'absent') return state;
    switch (event.type) {
      case 'NetworkKeyPolicySet':
        return { ...state, keyPolicy: event.data.policy };
      case 'NetworkApiProfileSet':
        return { ...state, apiProfile: event.data };
      case 'WebhookCredentialIssued':
        return {
          ...state,
          webhookCredentials: [...state.webhookCredentials, { ...event.data, revoked: false }],
        };
      case 'WebhookCredentialRevoked':
        return {
          ...state,
          webhookCredentials: state.webhookCredentials.map((credential) =>
            credential.credentialId === event.data.credentialId
              ? { ...credential, revoked: true }
              : credential,
          ),
        };
    }
  },
};

// Both sides were built field by field in one order, so their texts are equal when they are.
const same = (a: object, b: object) => JSON.stringify(a) === JSON.stringify(b);
