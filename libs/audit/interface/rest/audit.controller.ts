import { Controller, Get, Query } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#access';
import { Caller } from '#access';
import { instantOf, keyId, partnerId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import type { Page, ReadResult } from '#projections';
import { pageInput, readOptions } from '#rest';
import type { AuditFilter } from '../../domain/audit.events.js';
import type { AuditEntry } from '../../queries/audit-trail/audit-entry.view.js';
import { SearchAuditTrail } from '../../queries/audit-trail/search-audit-trail.query.js';
import { AuditPage, AuditParameters } from './audit.dto.js';

@ApiTags('audit')
@ApiBearerAuth()
@Controller('audit')
export class AuditController {
  constructor(private readonly queries: QueryBus) {}

  @Get()
  @ApiOperation({
    operationId: 'searchAuditTrail',
    summary: 'The audit trail, newest first. The query itself is recorded before its first page.',
  })
  @ApiOkResponse({ type: AuditPage })
  async search(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Query() parameters: AuditParameters,
  ): Promise<Answer<Page<AuditEntry>>> {
    // `asOf` is a filter of the trail, which the query records with the others.
    const { atLeast } = readOptions(parameters, context);
    const { value, position } = await this.queries.execute<
      SearchAuditTrail,
      ReadResult<Page<AuditEntry>>
    >(
      new SearchAuditTrail(
        caller,
        context,
        { filter: filterOf(parameters), ...pageInput(parameters) },
        { ...(atLeast !== undefined && { atLeast }) },
      ),
    );
    return answer(value, position);
  }
}

function filterOf(parameters: AuditParameters): AuditFilter {
  const { actor, type, from, to, text, asOf } = parameters;
  return {
    ...(parameters.keyId !== undefined && { keyId: keyId(parameters.keyId) }),
    ...(parameters.partnerId !== undefined && { partnerId: partnerId(parameters.partnerId) }),
    ...(actor !== undefined && { actor }),
    ...(type !== undefined && { type }),
    ...(from !== undefined && { from: instantOf(from) ?? from }),
    ...(to !== undefined && { to: instantOf(to) ?? to }),
    ...(text !== undefined && { text }),
    ...(asOf !== undefined && { asOf }),
  };
}
