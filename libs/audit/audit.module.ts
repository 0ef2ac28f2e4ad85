import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { LedgerAuditQueryRecorder } from './adapters/ledger-audit-query-recorder.js';
import { AuditResolver } from './interface/graphql/audit.resolver.js';
import { AuditController } from './interface/rest/audit.controller.js';
import { AuditQueryRecorder } from './ports/audit-query-recorder.port.js';
import { SearchAuditTrailHandler } from './queries/audit-trail/search-audit-trail.query-handler.js';

/** Needs, from global modules: DecideService, EventStore, EventCatalogue, ReadModels, PersonalData, Authorizer. */
@Module({
  imports: [CqrsModule],
  controllers: [AuditController],
  providers: [
    { provide: AuditQueryRecorder, useClass: LedgerAuditQueryRecorder },
    SearchAuditTrailHandler,
    AuditResolver,
  ],
})
export class AuditModule {}
