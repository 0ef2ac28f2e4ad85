import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { NetworksModule } from '#networks';
import { PostgresDeadLetters } from './adapters/postgres-dead-letters.js';
import { AssessPartnerTraitsHandler } from './commands/assess-traits/assess-traits.handler.js';
import { AssignPartnerManagerHandler } from './commands/assign-manager/assign-manager.handler.js';
import { ChangePartnerStatusHandler } from './commands/change-status/change-status.handler.js';
import { CloseFlagHandler } from './commands/close-flag/close-flag.handler.js';
import { ConfirmTechnicalCapacityHandler } from './commands/confirm-technical-capacity/confirm-technical-capacity.handler.js';
import { ImportPartnersHandler } from './commands/import-partners/import-partners.handler.js';
import { LinkPartnerUserHandler } from './commands/link-user/link-user.handler.js';
import { ObservationIntake } from './commands/observation-intake.js';
import { OpenFlagHandler } from './commands/open-flag/open-flag.handler.js';
import { PartnerDecisions } from './commands/partner-decisions.js';
import { RegisterPartnerHandler } from './commands/register-partner/register-partner.handler.js';
import { TakePartnerWebhookHandler } from './commands/take-webhook/take-webhook.handler.js';
import { UnlinkPartnerUserHandler } from './commands/unlink-user/unlink-user.handler.js';
import { WithdrawTechnicalCapacityHandler } from './commands/withdraw-technical-capacity/withdraw-technical-capacity.handler.js';
import { ConnectMarketplacePartnerHandler } from './commands/connect-marketplace-partner/connect-marketplace-partner.handler.js';
import { DisconnectMarketplacePartnerHandler } from './commands/disconnect-marketplace-partner/disconnect-marketplace-partner.handler.js';
import { LinkMarketplaceUserHandler } from './commands/link-marketplace-user/link-marketplace-user.handler.js';
import { RegisterMarketplacePartnerHandler } from './commands/register-marketplace-partner/register-marketplace-partner.handler.js';
import { UnlinkMarketplaceUserHandler } from './commands/unlink-marketplace-user/unlink-marketplace-user.handler.js';
import { MarketplacePartnerDecisions } from './commands/marketplace-partner-decisions.js';
import { MarketplacePartnersResolver } from './interface/graphql/marketplace-partners.resolver.js';
import { PartnersResolver } from './interface/graphql/partners.resolver.js';
import { MarketplacePartnersController } from './interface/rest/marketplace-partners.controller.js';
import { PartnersController } from './interface/rest/partners.controller.js';
import { WebhooksController } from './interface/rest/webhooks.controller.js';
import { MarketplacePartnerReader } from './marketplace-partner.reader.js';
import { PartnerReader } from './partner.reader.js';
import { DeadLetters } from './ports/dead-letters.port.js';
import { AssessPartnerHandler } from './queries/assess-partner/assess-partner.query-handler.js';
import { GetPartnerHandler } from './queries/get-partner/get-partner.query-handler.js';
import { GetPartnersHandler } from './queries/get-partners/get-partners.query-handler.js';
import { ListDeadLettersHandler } from './queries/list-dead-letters/list-dead-letters.query-handler.js';
import { ListPartnersHandler } from './queries/list-partners/list-partners.query-handler.js';
import {
  GetMarketplacePartnerHandler,
  ListMarketplacePartnersHandler,
  MarketplaceDirectoryReader,
} from './queries/marketplace-partners/marketplace-partners.query-handler.js';
import { PartnerScope } from './queries/partner-scope.js';

@Module({
  imports: [CqrsModule, NetworksModule],
  controllers: [PartnersController, MarketplacePartnersController, WebhooksController],
  providers: [
    PartnersResolver,
    MarketplacePartnersResolver,
    PartnerReader,
    PartnerDecisions,
    ObservationIntake,
    PartnerScope,
    { provide: DeadLetters, useClass: PostgresDeadLetters },
    RegisterPartnerHandler,
    ChangePartnerStatusHandler,
    AssignPartnerManagerHandler,
    ConfirmTechnicalCapacityHandler,
    WithdrawTechnicalCapacityHandler,
    OpenFlagHandler,
    CloseFlagHandler,
    AssessPartnerTraitsHandler,
    LinkPartnerUserHandler,
    UnlinkPartnerUserHandler,
    ImportPartnersHandler,
    TakePartnerWebhookHandler,
    ListPartnersHandler,
    GetPartnerHandler,
    GetPartnersHandler,
    AssessPartnerHandler,
    ListDeadLettersHandler,
    MarketplacePartnerReader,
    MarketplacePartnerDecisions,
    MarketplaceDirectoryReader,
    ConnectMarketplacePartnerHandler,
    DisconnectMarketplacePartnerHandler,
    LinkMarketplaceUserHandler,
    RegisterMarketplacePartnerHandler,
    UnlinkMarketplaceUserHandler,
    ListMarketplacePartnersHandler,
    GetMarketplacePartnerHandler,
  ],
  exports: [PartnerReader, MarketplacePartnerReader],
})
export class PartnersModule {}
