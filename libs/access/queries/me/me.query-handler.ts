import { QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { ReadModels, type ReadResult } from '#projections';
import { IDENTITIES_PROJECTION } from '../../projections/identities.projection.js';
import { GetMe, type MeView } from './me.query.js';

@QueryHandler(GetMe)
export class GetMeHandler implements IQueryHandler<GetMe, ReadResult<MeView>> {
  constructor(private readonly readModels: ReadModels) {}

  async execute({ principal, signal }: GetMe): Promise<ReadResult<MeView>> {
    const { actor, networkId, employee, partnerUser } = principal;
    const me: MeView = {
      kind: actor.type,
      issuer: actor.issuer,
      subject: actor.subject,
      networkId,
      employee: employee ?? null,
      partnerId: partnerUser?.partnerId ?? null,
    };
    // The guard has read the identity already; only the answer's position is missing.
    const options = { projections: [IDENTITIES_PROJECTION], ...(signal ? { signal } : {}) };
    return this.readModels.read(options, () => Promise.resolve(me));
  }
}
