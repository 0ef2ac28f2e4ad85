import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { NetworksModule } from '#networks';
import { PartnersModule } from '#partners';
import { CryptoSecretSource } from './adapters/crypto-secret-source.js';
import { LedgerEmployeeFacts } from './adapters/ledger-employee-facts.js';
import { LedgerMarketplaceFacts } from './adapters/ledger-marketplace-facts.js';
import { LedgerNetworkPolicy } from './adapters/ledger-network-policy.js';
import { LedgerPartnerFacts } from './adapters/ledger-partner-facts.js';
import { PostgresKeySecrets } from './adapters/postgres-key-secrets.js';
import { PostgresShares } from './adapters/postgres-shares.js';
import { ScryptPassphrases } from './adapters/scrypt-passphrases.js';
import { SealedKeyVault } from './adapters/sealed-key-vault.js';
import { EndShareHandler } from './commands/end-share/end-share.handler.js';
import { IssueKeyHandler } from './commands/issue-key/issue-key.handler.js';
import { KeyReveals } from './commands/key-reveals.js';
import { KeyRingDecisions } from './commands/key-ring-decisions.js';
import { NewKeys } from './commands/new-keys.js';
import { OpenShareHandler } from './commands/open-share/open-share.handler.js';
import { ReinstateKeyHandler } from './commands/reinstate-key/reinstate-key.handler.js';
import { ReinstateKeyRingHandler } from './commands/reinstate-key-ring/reinstate-key-ring.handler.js';
import { ReissueKeyHandler } from './commands/reissue-key/reissue-key.handler.js';
import { RelabelKeyHandler } from './commands/relabel-key/relabel-key.handler.js';
import { RevealKeyHandler } from './commands/reveal-key/reveal-key.handler.js';
import { RevealConnectionKeysHandler } from './commands/reveal-connection-keys/reveal-connection-keys.handler.js';
import { RevealOwnKeyHandler } from './commands/reveal-own-key/reveal-own-key.handler.js';
import { RevokeKeyHandler } from './commands/revoke-key/revoke-key.handler.js';
import { SecretUpkeep } from './commands/secret-upkeep.js';
import { ShareKeyHandler } from './commands/share-key/share-key.handler.js';
import { SuspendKeyHandler } from './commands/suspend-key/suspend-key.handler.js';
import { SuspendKeyRingHandler } from './commands/suspend-key-ring/suspend-key-ring.handler.js';
import { ConnectionsController } from './interface/rest/connections.controller.js';
import { ApiKeysResolver } from './interface/graphql/api-keys.resolver.js';
import { ConnectionsResolver } from './interface/graphql/connections.resolver.js';
import { MeResolver } from './interface/graphql/me.resolver.js';
import {
  ApiKeyFieldsResolver,
  PartnerKeysResolver,
  ShareFieldsResolver,
} from './interface/graphql/nested.resolver.js';
import { SharesResolver } from './interface/graphql/shares.resolver.js';
import { ApiKeysController } from './interface/rest/api-keys.controller.js';
import { KeyRingsController } from './interface/rest/key-rings.controller.js';
import { MeController } from './interface/rest/me.controller.js';
import { SharePageController } from './interface/rest/share-page.controller.js';
import { SharesController } from './interface/rest/shares.controller.js';
import { KeysOptions } from './keys.options.js';
import { EmployeeFactsPort } from './ports/employee-facts.port.js';
import { KeySecretStore } from './ports/key-secret-store.port.js';
import { KeyVault } from './ports/key-vault.port.js';
import { MarketplaceFactsPort } from './ports/marketplace-facts.port.js';
import { NetworkPolicyPort } from './ports/network-policy.port.js';
import { PartnerFactsPort } from './ports/partner-facts.port.js';
import { PassphraseHasher } from './ports/passphrase-hasher.port.js';
import { SecretSource } from './ports/secret-source.port.js';
import { ShareStore } from './ports/share-store.port.js';
import { EndSharesOfRemovedUsers } from './processes/end-shares-of-removed-users.process.js';
import { ExpirySweep } from './processes/expiry.sweep.js';
import { KeepSecretsTrueToLog } from './processes/keep-secrets-true-to-log.process.js';
import { LostAttemptsSweep } from './processes/lost-attempts.sweep.js';
import { SuspendBlockedHolders } from './processes/suspend-blocked-holders.process.js';
import { ListConnectionKeysHandler } from './queries/connection-keys/list-connection-keys.query-handler.js';
import { KeyDirectoryReader } from './queries/key-directory.reader.js';
import { GetKeyHandler } from './queries/keys/get-key.query-handler.js';
import { GetKeysHandler } from './queries/keys/get-keys.query-handler.js';
import { ListKeysOfPartnersHandler } from './queries/keys/list-keys-of-partners.query-handler.js';
import { ListKeysHandler } from './queries/keys/list-keys.query-handler.js';
import { GetMeHandler } from './queries/me/get-me.query-handler.js';
import { GetOwnApiHandler } from './queries/own-api/get-own-api.query-handler.js';
import { GetShareHandler } from './queries/shares/get-share.query-handler.js';
import { ListSharesHandler } from './queries/shares/list-shares.query-handler.js';

/** Get each from the container and run it on the log (`KeysModule` provides them). */
export const keysProcesses = [
  SuspendBlockedHolders,
  EndSharesOfRemovedUsers,
  KeepSecretsTrueToLog,
] as const;

/** Get each from the container and run it every `intervalMs` (`KeysModule` provides them). */
export const keysSweeps = [ExpirySweep, LostAttemptsSweep] as const;

/** Needs the global ports: `Authorizer`, `Clock`, `DataSource`, `EventStore`, messaging, projections and sealing. */
@Module({})
export class KeysModule {
  static forRoot(options: KeysOptions): DynamicModule {
    return {
      module: KeysModule,
      imports: [CqrsModule, NetworksModule, PartnersModule],
      controllers: [
        ApiKeysController,
        KeyRingsController,
        SharesController,
        SharePageController,
        MeController,
        ConnectionsController,
      ],
      providers: [
        { provide: KeysOptions, useValue: options },
        { provide: KeySecretStore, useClass: PostgresKeySecrets },
        { provide: KeyVault, useClass: SealedKeyVault },
        { provide: ShareStore, useClass: PostgresShares },
        { provide: SecretSource, useClass: CryptoSecretSource },
        { provide: PassphraseHasher, useClass: ScryptPassphrases },
        { provide: PartnerFactsPort, useClass: LedgerPartnerFacts },
        { provide: EmployeeFactsPort, useClass: LedgerEmployeeFacts },
        { provide: MarketplaceFactsPort, useClass: LedgerMarketplaceFacts },
        { provide: NetworkPolicyPort, useClass: LedgerNetworkPolicy },
        SecretUpkeep,
        KeyRingDecisions,
        NewKeys,
        KeyReveals,
        IssueKeyHandler,
        ReissueKeyHandler,
        RevealKeyHandler,
        RevealOwnKeyHandler,
        RevealConnectionKeysHandler,
        ListConnectionKeysHandler,
        ShareKeyHandler,
        OpenShareHandler,
        EndShareHandler,
        RevokeKeyHandler,
        SuspendKeyHandler,
        SuspendKeyRingHandler,
        ReinstateKeyHandler,
        ReinstateKeyRingHandler,
        RelabelKeyHandler,
        KeyDirectoryReader,
        ListKeysHandler,
        GetKeyHandler,
        GetKeysHandler,
        ListKeysOfPartnersHandler,
        ListSharesHandler,
        GetShareHandler,
        GetOwnApiHandler,
        GetMeHandler,
        ApiKeysResolver,
        ConnectionsResolver,
        SharesResolver,
        MeResolver,
        ApiKeyFieldsResolver,
        ShareFieldsResolver,
        PartnerKeysResolver,
        ...keysProcesses,
        ...keysSweeps,
      ],
      exports: [KeyVault, ...keysProcesses, ...keysSweeps],
    };
  }
}
