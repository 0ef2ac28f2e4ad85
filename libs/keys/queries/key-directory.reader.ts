import { Injectable } from '@nestjs/common';
import type { Principal } from '#access';
import { Authorizer, OWN_PARTNER } from '#access';
import type { PartnerId } from '#kernel';
import { Clock, DomainError } from '#kernel';
import type { ReadResult, SqlReader } from '#projections';
import { LOG_TIMES, positionOf, ReadModels } from '#projections';
import { KEY_DIRECTORY } from '../projections/key-directory.projection.js';
import type { DirectoryMoment, DirectoryScope } from './key-directory.rows.js';
import type { QueryOptions } from './query-options.value.js';

/** The partners context's read model of who manages whom. */
export const PARTNERS = 'partners';
/** At a position, nothing has lapsed but what the log says. */
const NOTHING_LAPSED = '-infinity';

export type DirectoryWork<T> = (
  sql: SqlReader,
  scope: DirectoryScope,
  moment: DirectoryMoment,
) => Promise<T>;

/** The one door to the key directory: who asks, what they may see of it, and which moment they look at. */
@Injectable()
export class KeyDirectoryReader {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly readModels: ReadModels,
    private readonly clock: Clock,
  ) {}

  /** For employees: the network of their token, and of it what a limited manager manages. */
  async asEmployee<T>(
    principal: Principal,
    options: QueryOptions,
    work: DirectoryWork<T>,
  ): Promise<ReadResult<T>> {
    const { networkId, employee } = principal;
    await this.authorizer.authorize(principal, 'partner.api_keys.read', { networkId });
    const limited = employee?.scope === 'limited' && !employee.superUser;
    return this.read(
      { networkId: known(networkId), ...(limited ? { managerId: employee.employeeId } : {}) },
      options,
      work,
    );
  }

  /** For a partner's own users. */
  async asPartner<T>(
    principal: Principal,
    options: QueryOptions,
    work: DirectoryWork<T>,
  ): Promise<ReadResult<T>> {
    const { networkId, partnerUser } = principal;
    await this.authorizer.authorize(principal, OWN_PARTNER, {
      networkId,
      ...(partnerUser ? { partnerId: partnerUser.partnerId } : {}),
    });
    return this.read(
      { networkId: known(networkId), partnerId: known<PartnerId>(partnerUser?.partnerId) },
      options,
      work,
    );
  }

  private read<T>(
    scope: DirectoryScope,
    { atLeast, asOf, signal }: QueryOptions,
    work: DirectoryWork<T>,
  ): Promise<ReadResult<T>> {
    return this.readModels.read(
      {
        projections: [
          KEY_DIRECTORY,
          ...(scope.managerId === undefined ? [] : [PARTNERS]),
          ...(asOf && 'time' in asOf ? [LOG_TIMES] : []),
        ],
        ...(atLeast === undefined ? {} : { atLeast }),
        ...(signal ? { signal } : {}),
      },
      async (sql) => {
        const moment: DirectoryMoment = asOf
          ? {
              position: await positionOf(sql, asOf),
              time: 'time' in asOf ? asOf.time : NOTHING_LAPSED,
            }
          : { time: this.clock.now().toISOString() };
        return work(sql, scope, moment);
      },
    );
  }
}

/** What the `Authorizer` has just let through is there. */
function known<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new DomainError('access/forbidden');
  return value;
}
