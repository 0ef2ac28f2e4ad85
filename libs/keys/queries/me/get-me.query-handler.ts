import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { EventStore, position } from '#event-store';
import type { ReadResult } from '#projections';
import { GetMe } from './get-me.query.js';
import type { MeView } from './me.view.js';

/** Everybody may ask who they are: the guard has just read it from the ledger. */
@QueryHandler(GetMe)
export class GetMeHandler implements IQueryHandler<GetMe> {
  constructor(private readonly store: EventStore) {}

  async execute({ principal, options }: GetMe): Promise<ReadResult<MeView>> {
    const { actor, networkId, employee, partnerUser, marketplaceUser } = principal;
    const head = await this.store.head(options);
    return {
      value: {
        type: actor.type,
        issuer: actor.issuer,
        subject: actor.subject,
        networkId,
        employee: employee
          ? {
              employeeId: employee.employeeId,
              superUser: employee.superUser,
              permissions: employee.permissions,
              scope: employee.scope,
            }
          : null,
        partnerId: partnerUser?.partnerId ?? null,
        marketplacePartnerId: marketplaceUser?.marketplacePartnerId ?? null,
      },
      position: head ?? position(0n),
    };
  }
}
