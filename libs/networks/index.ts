export type { ApiProfile, DocumentationLink, Portal, Region } from './domain/api-profile.value.js';
export { PORTALS, REGIONS, defaultApiProfile } from './domain/api-profile.value.js';
export type {
  EligibilityPolicy,
  KeyPolicy,
  PartnerTrait,
  ShareTtl,
} from './domain/key-policy.value.js';
export { DEFAULT_KEY_POLICY, PARTNER_TRAITS } from './domain/key-policy.value.js';
export type { NetworkEvent } from './domain/network.events.js';
export type { NetworksErrorCode } from './domain/networks.errors.js';
export type { NetworkSettings } from './network-settings.reader.js';
export { NetworkSettingsReader, networkStreamId } from './network-settings.reader.js';
export { networksEvents } from './networks.catalogue.js';
export { networksProblems } from './networks.problems.js';
import type { Projection } from '#projections';
import { networkDirectory, NETWORKS_TABLE } from './projections/network-directory.projection.js';

export { networkDirectory, NETWORKS_TABLE };
export const networksProjections: readonly Projection[] = [networkDirectory];
export type { NetworkView } from './queries/network.view.js';
export { settingsViewOf } from './queries/network.view.js';
export { CreateNetwork } from './commands/create-network/create-network.command.js';
export { SetKeyPolicy } from './commands/set-key-policy/set-key-policy.command.js';
export { SetApiProfile } from './commands/set-api-profile/set-api-profile.command.js';
export { IssueWebhookCredential } from './commands/issue-webhook-credential/issue-webhook-credential.command.js';
export type { WebhookCredentialAnswer } from './commands/issue-webhook-credential/issue-webhook-credential.handler.js';
export { RevokeWebhookCredential } from './commands/revoke-webhook-credential/revoke-webhook-credential.command.js';
export type { NetworkAnswer } from './commands/network-answer.js';
export { GetNetwork } from './queries/get-network/get-network.query.js';
export { ListNetworks } from './queries/list-networks/list-networks.query.js';
export type { WebhookCaller } from './webhook-credential.verifier.js';
export { WebhookCredentialVerifier } from './webhook-credential.verifier.js';
export { NetworksModule } from './networks.module.js';
