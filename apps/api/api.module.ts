import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { AccessModule } from '#access';
import type { AccessOptions } from '#access';
import { AuditModule } from '#audit';
import { KeysModule, KeysOptions } from '#keys';
import { NetworksModule } from '#networks';
import { PartnersModule } from '#partners';
import { HealthController } from '#platform/health';
import { LoggingModule } from '#platform/logging';
import type { LogSink } from '#platform/logging';
import { MetricsController } from '#platform/metrics';
import { TerminusModule } from '@nestjs/terminus';
import type { CoreOptions } from '../composition/core.module.js';
import { CoreModule } from '../composition/core.module.js';
import { GraphqlModule } from './graphql.module.js';
import { LedgerResolver } from './ledger.resolver.js';

export interface ApiOptions extends CoreOptions {
  readonly access: AccessOptions;
  /** Where people reach this installation, without a slash at its end. */
  readonly publicUrl: string;
  readonly logSink?: LogSink;
}

/** Control plane: every context behind REST and GraphQL. */
@Module({})
export class ApiModule {
  static forRoot(options: ApiOptions): DynamicModule {
    const { config } = options.foundations;
    return {
      module: ApiModule,
      imports: [
        LoggingModule.forRoot(config.logLevel, options.logSink),
        CoreModule.forRoot(options),
        AccessModule.forRoot(options.access),
        NetworksModule,
        PartnersModule,
        KeysModule.forRoot(new KeysOptions(options.publicUrl)),
        AuditModule,
        TerminusModule.forRoot({ logger: false }),
        GraphqlModule.forRoot({ graphiql: config.graphiql }),
      ],
      controllers: [HealthController, MetricsController],
      providers: [LedgerResolver],
    };
  }
}
