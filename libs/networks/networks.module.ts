import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { CreateNetworkHandler } from './commands/create-network/create-network.handler.js';
import { IssueWebhookCredentialHandler } from './commands/issue-webhook-credential/issue-webhook-credential.handler.js';
import { RevokeWebhookCredentialHandler } from './commands/revoke-webhook-credential/revoke-webhook-credential.handler.js';
import { SetApiProfileHandler } from './commands/set-api-profile/set-api-profile.handler.js';
import { SetKeyPolicyHandler } from './commands/set-key-policy/set-key-policy.handler.js';
import { NetworksResolver } from './interface/graphql/networks.resolver.js';
import { NetworksController } from './interface/rest/networks.controller.js';
import { NetworkSettingsReader } from './network-settings.reader.js';
import { GetNetworkHandler } from './queries/get-network/get-network.query-handler.js';
import { ListNetworksHandler } from './queries/list-networks/list-networks.query-handler.js';
import { WebhookCredentialVerifier } from './webhook-credential.verifier.js';

@Module({
  imports: [CqrsModule],
  controllers: [NetworksController],
  providers: [
    NetworksResolver,
    NetworkSettingsReader,
    WebhookCredentialVerifier,
    CreateNetworkHandler,
    SetKeyPolicyHandler,
    SetApiProfileHandler,
    IssueWebhookCredentialHandler,
    RevokeWebhookCredentialHandler,
    ListNetworksHandler,
    GetNetworkHandler,
  ],
  exports: [NetworkSettingsReader, WebhookCredentialVerifier],
})
export class NetworksModule {}
