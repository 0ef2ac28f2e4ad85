import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { DomainError } from '#kernel';
import type { MarketplacePartnerId, PartnerId } from '#kernel';
import type { Page, ReadResult } from '#projections';
import { pageOf } from '#projections';
import { MarketplaceFactsPort } from '../../ports/marketplace-facts.port.js';
import { KeyDirectoryReader } from '../key-directory.reader.js';
import type { DirectoryWork } from '../key-directory.reader.js';
import { keysIn } from '../key-directory.rows.js';
import { pagePlace, placeCursor } from '../page-place.value.js';
import type { ConnectionKey } from './connection-key.view.js';
import { connectionKeyOf } from './connection-key.view.js';
import { ListConnectionKeys } from './list-connection-keys.query.js';

const CONNECTION_KEYS_CURSOR = 'connectionKeys';

/** Rights are those of now: the connections come from the leader, whatever moment the keys are looked at. */
@QueryHandler(ListConnectionKeys)
export class ListConnectionKeysHandler implements IQueryHandler<ListConnectionKeys> {
  constructor(
    private readonly directory: KeyDirectoryReader,
    private readonly marketplacePartners: MarketplaceFactsPort,
  ) {}

  async execute(query: ListConnectionKeys): Promise<ReadResult<Page<ConnectionKey>>> {
    const { principal, input, options } = query;
    const { networkId } = principal;
    const page = pagePlace(CONNECTION_KEYS_CURSOR, networkId, input.first, input.after);
    const connections = async (id: MarketplacePartnerId): Promise<readonly PartnerId[]> => {
      const facts =
        networkId === null
          ? undefined
          : await this.marketplacePartners.load(networkId, id, options.signal);
      if (!facts) throw new DomainError('keys/holder-not-found');
      return facts.connections;
    };
    const work =
      (partnerIds: readonly PartnerId[]): DirectoryWork<Page<ConnectionKey>> =>
      async (sql, scope, moment) =>
        pageOf(
          await keysIn(
            sql,
            scope,
            moment,
            { portal: 'affiliate', status: 'active', partnerIds },
            page,
          ),
          page.first,
          ({ view }) => connectionKeyOf(view),
          ({ view }) =>
            placeCursor(CONNECTION_KEYS_CURSOR, networkId, view.issued.position, view.keyId),
        );
    const id = input.marketplacePartnerId;
    if (id === undefined)
      return this.directory.asMarketplaceUser(principal, options, async (own) =>
        work(await connections(own)),
      );
    await this.directory.authorizeMarketplaceRead(principal);
    return this.directory.asEmployee(principal, options, work(await connections(id)));
  }
}
