import { QueryBus } from '@nestjs/cqrs';
import { Args, Query, Resolver } from '@nestjs/graphql';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { Connection } from '#graphql';
import { given, readPlace } from '#graphql';
import { keyId, partnerId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import type { Page, ReadResult } from '#projections';
import { cursorsOf } from '#projections';
import type { AuditEntry } from '../../queries/audit-trail/audit-entry.view.js';
import { SearchAuditTrail } from '../../queries/audit-trail/search-audit-trail.query.js';
import { AuditConnection, AuditEntryObject, AuditTrailArgs } from './audit.types.js';

@Resolver(() => AuditEntryObject)
export class AuditResolver {
  constructor(private readonly queries: QueryBus) {}

  @Query(() => AuditConnection, {
    description:
      'The audit trail, newest first. The query itself is recorded before its first page.',
  })
  async auditTrail(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: AuditTrailArgs,
  ): Promise<Answer<Connection<AuditEntry>>> {
    const { first, actor, type, from, to, text, asOf } = args;
    const {
      keyId: key,
      partnerId: partner,
      after,
    } = given({
      keyId: args.keyId,
      partnerId: args.partnerId,
      after: args.after,
    });
    const { atLeast } = readPlace(args, context);
    const filter = {
      ...(key === undefined ? {} : { keyId: keyId(key) }),
      ...(partner === undefined ? {} : { partnerId: partnerId(Number(partner)) }),
      ...given({ actor, type, from, to, text, asOf }),
    };
    const { value, position } = await this.queries.execute<
      SearchAuditTrail,
      ReadResult<Page<AuditEntry>>
    >(
      new SearchAuditTrail(
        caller,
        context,
        { filter, first, ...(after === undefined ? {} : { after }) },
        { ...(atLeast === undefined ? {} : { atLeast }) },
      ),
    );
    const cursors = cursorsOf(value);
    const edges = value.items.map((node, at) => ({ node, cursor: cursors[at] ?? '' }));
    return answer({ edges, pageInfo: value.page, position }, position);
  }
}
