import type { DomainEvent } from '#kernel';
import type { ApiProfile, Region } from './api-profile.value.js';
import type { KeyPolicy } from './key-policy.value.js';

export type NetworkCreated = DomainEvent<
  'NetworkCreated',
  { readonly name: string; readonly region: Region }
>;
/** The whole policy, so that what held at any time stands in one event. */
export type NetworkKeyPolicySet = DomainEvent<
  'NetworkKeyPolicySet',
  { readonly policy: KeyPolicy }
>;
export type NetworkApiProfileSet = DomainEvent<'NetworkApiProfileSet', ApiProfile>;
export type WebhookCredentialIssued = DomainEvent<
  'WebhookCredentialIssued',
  {
    readonly credentialId: string;
    readonly pepperId: string;
    /** Keyed hash of the secret part. */
    readonly hash: string;
    readonly label: string;
  }
>;
export type WebhookCredentialRevoked = DomainEvent<
  'WebhookCredentialRevoked',
  { readonly credentialId: string }
>;

/** Stream `network-<id>-settings`. */
export type NetworkEvent =
  | NetworkCreated
  | NetworkKeyPolicySet
  | NetworkApiProfileSet
  | WebhookCredentialIssued
  | WebhookCredentialRevoked;
