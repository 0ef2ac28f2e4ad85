import type { DynamicModule, OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { Injectable, Logger, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { Clock } from '#kernel';
import { MemoryCommandReceipts } from './adapters/memory-command-receipts.js';
import { PostgresCommandReceipts } from './adapters/postgres-command-receipts.js';
import { DecideService, StreamReader } from './decide.port.js';
import { LedgerDecideService, LedgerStreamReader } from './decide.service.js';
import { EventMetadataWriter, RecordedBy } from './event-metadata.js';
import { AnswerPositions } from './interface/answer-positions.js';
import { LedgerInterceptor } from './interface/ledger.interceptor.js';
import {
  CommandReceipts,
  RECEIPTS_KEPT_MS,
  RECEIPTS_SWEEP_INTERVAL_MS,
} from './ports/command-receipts.port.js';
import { SingleReleaseGate, UpgradeGate } from './ports/upgrade-gate.port.js';
import { RequestContexts } from './request-contexts.js';
import { RequestHasher } from './request-hasher.js';

export interface MessagingOptions {
  /** Which process writes (`recordedBy`). */
  readonly recordedBy: string;
  /** Default `postgres`, over the global TypeORM `DataSource`. */
  readonly receipts?: 'postgres' | 'memory';
  /** Default: writers and readers are one release. */
  readonly upgradeGate?: UpgradeGate;
}

/**
 * Needs, from global modules: Clock, EventStore, EventCatalogue, ProblemCatalogue, Peppers, PersonalData, DataSource. Give
 * `installPositions(app)` the application before its init.
 */
@Module({})
export class MessagingModule {
  static forRoot(options: MessagingOptions): DynamicModule {
    const provided = [
      AnswerPositions,
      DecideService,
      StreamReader,
      RequestContexts,
      CommandReceipts,
      UpgradeGate,
    ];
    return {
      module: MessagingModule,
      global: true,
      providers: [
        AnswerPositions,
        RequestHasher,
        RequestContexts,
        EventMetadataWriter,
        ReceiptsSweep,
        { provide: RecordedBy, useValue: new RecordedBy(options.recordedBy) },
        { provide: UpgradeGate, useValue: options.upgradeGate ?? new SingleReleaseGate() },
        options.receipts === 'memory'
          ? { provide: CommandReceipts, useClass: MemoryCommandReceipts }
          : {
              provide: CommandReceipts,
              inject: [DataSource],
              useFactory: (database: DataSource) => new PostgresCommandReceipts(database),
            },
        { provide: DecideService, useClass: LedgerDecideService },
        { provide: StreamReader, useClass: LedgerStreamReader },
        { provide: APP_INTERCEPTOR, useClass: LedgerInterceptor },
      ],
      exports: provided,
    };
  }
}

@Injectable()
class ReceiptsSweep implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('CommandReceipts');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly receipts: CommandReceipts,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.timer = setInterval(() => {
      this.receipts.sweep(new Date(this.clock.now().getTime() - RECEIPTS_KEPT_MS)).catch(() => {
        this.logger.warn('old receipts were not swept; the next round tries again');
      });
    }, RECEIPTS_SWEEP_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }
}
