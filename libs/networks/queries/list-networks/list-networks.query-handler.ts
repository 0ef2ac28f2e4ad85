import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { Authorizer, OPERATOR } from '#access';
import type { Page, ReadResult } from '#projections';
import { ReadModels, decodeCursor, pageOf, rowsAt } from '#projections';
import {
  networkDirectory,
  NETWORKS_TABLE,
} from '../../projections/network-directory.projection.js';
import type { NetworkRow, NetworkView } from '../network.view.js';
import { NETWORK_COLUMNS, networkViewOf } from '../network.view.js';
import { ListNetworks, NETWORKS_CURSOR, networkCursor } from './list-networks.query.js';

/** All networks for operators, by id; for everybody else the one of their token. */
@QueryHandler(ListNetworks)
export class ListNetworksHandler implements IQueryHandler<
  ListNetworks,
  ReadResult<Page<NetworkView>>
> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly readModels: ReadModels,
  ) {}

  async execute(query: ListNetworks): Promise<ReadResult<Page<NetworkView>>> {
    const { principal, input, options } = query;
    const operator = principal.actor.type === 'operator';
    const own = operator ? null : principal.networkId;
    await this.authorizer.authorize(principal, operator ? OPERATOR : 'network.read', {
      networkId: own,
    });
    const [after] =
      input.after === undefined ? [0] : decodeCursor(NETWORKS_CURSOR, own, input.after, ['id']);
    return this.readModels.read(
      { projections: [networkDirectory.name], ...options },
      async (sql) => {
        const networks = await rowsAt(sql, NETWORKS_TABLE, options.asOf, '$4');
        const rows = await sql.rows<NetworkRow>(
          `SELECT ${NETWORK_COLUMNS} FROM ${networks.rows} network
           WHERE network_id > $1 AND ($2::bigint IS NULL OR network_id = $2)
           ORDER BY network_id LIMIT $3`,
          [after, own, input.first + 1, ...networks.values],
        );
        return pageOf(rows, input.first, networkViewOf, (row) =>
          networkCursor(principal, { networkId: Number(row.network_id) }),
        );
      },
    );
  }
}
