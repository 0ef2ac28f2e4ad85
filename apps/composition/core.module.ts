import type { DynamicModule } from '@nestjs/common';
import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { DataSource } from 'typeorm';
import { EventCatalogue, EventStore } from '#event-store';
import { Clock } from '#kernel';
import type { UpgradeGate } from '#messaging';
import { MessagingModule } from '#messaging';
import { HealthChecks } from '#platform/health';
import { Metrics } from '#platform/metrics';
import { ProblemCatalogue, ProblemFilter, validationPipe } from '#problems';
import { PostgresReadModels, ReadModels } from '#projections';
import { SealingModule } from '#sealing';
import { eventCatalogue, problemCatalogue } from './catalogue.js';
import type { Foundations } from './foundations.js';

export interface CoreOptions {
  readonly foundations: Foundations;
  /** Which process writes (`recordedBy`). */
  readonly recordedBy: string;
  readonly readModels: PostgresReadModels;
  /** Which kinds of events the living readers know. */
  readonly upgradeGate: UpgradeGate;
}

/** What every context finds by injection: ports with their adapters, one instance a process. */
@Global()
@Module({})
export class CoreModule {
  static forRoot(options: CoreOptions): DynamicModule {
    const { foundations, recordedBy, readModels, upgradeGate } = options;
    const { config, clock, eventStore, dataSource } = foundations;
    const provided = [
      { provide: Clock, useValue: clock },
      { provide: EventStore, useValue: eventStore },
      { provide: EventCatalogue, useValue: eventCatalogue },
      { provide: ProblemCatalogue, useValue: problemCatalogue },
      { provide: DataSource, useValue: dataSource },
      { provide: ReadModels, useValue: readModels },
      HealthChecks,
      Metrics,
    ];
    return {
      module: CoreModule,
      imports: [
        CqrsModule.forRoot(),
        MessagingModule.forRoot({ recordedBy, upgradeGate }),
        SealingModule.forRoot(
          config.wrappingKey === undefined
            ? { kind: 'file', path: config.wrappingKeyFile }
            : { kind: 'environment', wrappingKey: config.wrappingKey },
        ),
      ],
      providers: [
        ...provided,
        { provide: APP_FILTER, useClass: ProblemFilter },
        { provide: APP_PIPE, useFactory: validationPipe },
      ],
      exports: [
        Clock,
        EventStore,
        EventCatalogue,
        ProblemCatalogue,
        DataSource,
        ReadModels,
        HealthChecks,
        Metrics,
        CqrsModule,
      ],
    };
  }
}
