import type { ApiProfile, Region } from './api-profile.value.js';
import type { KeyPolicy } from './key-policy.value.js';

export type NetworkCommand =
  | { readonly kind: 'create'; readonly name: string; readonly region: Region }
  | { readonly kind: 'setKeyPolicy'; readonly policy: KeyPolicy }
  | { readonly kind: 'setApiProfile'; readonly profile: ApiProfile }
  | {
      readonly kind: 'issueWebhookCredential';
      readonly credentialId: string;
      readonly pepperId: string;
      readonly hash: string;
      readonly label: string;
    }
  | { readonly kind: 'revokeWebhookCredential'; readonly credentialId: string };
