import { Injectable } from '@nestjs/common';
import type { Principal } from '#access';
import { Authorizer, OWN_MARKETPLACE, OWN_PARTNER } from '#access';
import type { MarketplacePartnerId, NetworkId, PartnerId } from '#kernel';
import { Clock, DomainError, partnerId } from '#kernel';
import type { ReadPlace, ReadResult, SqlReader } from '#projections';
import { positionOf, ReadModels } from '#projections';
import type { KeysErrorCode } from '../domain/key-ring.errors.js';
import type { Holder } from '../domain/portal.value.js';
import { KEY_DIRECTORY } from '../projections/key-directory.projection.js';
import type { DirectoryMoment, DirectoryScope } from './key-directory.rows.js';
import { managerOf } from './key-directory.rows.js';

/** The partners context's read model of who manages whom (`read.partners`). */
export const PARTNER_DIRECTORY = 'partner_directory';
const READ = 'partner.api_keys.read';
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

  /** Lists for employees: the network of their token, and of it what a limited manager manages. */
  async asEmployee<T>(
    principal: Principal,
    options: ReadPlace,
    work: DirectoryWork<T>,
  ): Promise<ReadResult<T>> {
    const networkId = await this.networkOf(principal);
    const { employee } = principal;
    return this.read(
      {
        networkId,
        ...(employee && isLimited(principal) ? { managerId: employee.employeeId } : {}),
      },
      options,
      isLimited(principal),
      work,
    );
  }

  /**
   * One row for an employee: what is in the network but another manager's is refused, not hidden.
   *
   * @throws {DomainError} `notFound`, `access/forbidden`
   */
  async oneAsEmployee<T extends { readonly holder: Holder }>(
    principal: Principal,
    options: ReadPlace,
    notFound: KeysErrorCode,
    find: DirectoryWork<T | undefined>,
  ): Promise<ReadResult<T>> {
    const networkId = await this.networkOf(principal);
    return this.read({ networkId }, options, isLimited(principal), async (sql, scope, moment) => {
      const row = await find(sql, scope, moment);
      if (!row) throw new DomainError(notFound);
      if (isLimited(principal)) await this.authorizeHolder(principal, sql, networkId, row.holder);
      return row;
    });
  }

  /** For a partner's own users. */
  async asPartner<T>(
    principal: Principal,
    options: ReadPlace,
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
      false,
      work,
    );
  }

  /** For a marketplace partner's own users; `work` is asked for once its connections are known, and keeps to them. */
  async asMarketplaceUser<T>(
    principal: Principal,
    options: ReadPlace,
    workOf: (own: MarketplacePartnerId) => Promise<DirectoryWork<T>>,
  ): Promise<ReadResult<T>> {
    const { networkId, marketplaceUser } = principal;
    await this.authorizer.authorize(principal, OWN_MARKETPLACE, { networkId, ...marketplaceUser });
    const work = await workOf(known(marketplaceUser?.marketplacePartnerId));
    return this.read({ networkId: known(networkId) }, options, false, work);
  }

  /**
   * For what belongs to a marketplace partner: its connections are partners of any manager, so that it is in nobody's
   * limited scope.
   *
   * @throws {DomainError} `access/forbidden`
   */
  async authorizeMarketplaceRead(principal: Principal): Promise<void> {
    await this.networkOf(principal);
    if (isLimited(principal))
      throw new DomainError('access/forbidden', { required: 'global-scope' });
  }

  /** Whoever may read no key of the network at all does not learn which there are. */
  private async networkOf(principal: Principal): Promise<NetworkId> {
    const { networkId } = principal;
    await this.authorizer.authorize(principal, READ, { networkId });
    return known(networkId);
  }

  private async authorizeHolder(
    principal: Principal,
    sql: SqlReader,
    networkId: NetworkId,
    holder: Holder,
  ): Promise<void> {
    // The limited scope is that of the partners one manages: nothing else is in it.
    if (holder.type !== 'partner')
      throw new DomainError('access/forbidden', { required: 'manager-of-the-partner' });
    await this.authorizer.authorize(principal, READ, {
      networkId,
      partnerId: partnerId(holder.id),
      managerId: await managerOf(sql, networkId, holder.id),
    });
  }

  private read<T>(
    scope: DirectoryScope,
    place: ReadPlace,
    withPartners: boolean,
    work: DirectoryWork<T>,
  ): Promise<ReadResult<T>> {
    return this.readModels.read(
      {
        projections: [KEY_DIRECTORY, ...(withPartners ? [PARTNER_DIRECTORY] : [])],
        ...place,
      },
      async (sql) => {
        const { asOf } = place;
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

const isLimited = ({ employee }: Principal): boolean =>
  employee?.scope === 'limited' && !employee.superUser;
