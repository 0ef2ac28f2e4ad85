import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import { Authorizer, OPERATOR } from '#access';
import { DomainError } from '#kernel';
import type { ReadResult } from '#projections';
import { ReadModels, rowsAt } from '#projections';
import { assertReachable } from '../../own-network.js';
import {
  networkDirectory,
  NETWORKS_TABLE,
} from '../../projections/network-directory.projection.js';
import type { NetworkRow, NetworkView } from '../network.view.js';
import { NETWORK_COLUMNS, networkViewOf } from '../network.view.js';
import { GetNetwork } from './get-network.query.js';

@QueryHandler(GetNetwork)
export class GetNetworkHandler implements IQueryHandler<GetNetwork, ReadResult<NetworkView>> {
  constructor(
    private readonly authorizer: Authorizer,
    private readonly readModels: ReadModels,
  ) {}

  async execute({ principal, input, options }: GetNetwork): Promise<ReadResult<NetworkView>> {
    const { networkId } = input;
    assertReachable(principal, networkId);
    const act = principal.actor.type === 'operator' ? OPERATOR : 'network.read';
    await this.authorizer.authorize(principal, act, { networkId });
    return this.readModels.read(
      { projections: [networkDirectory.name], ...options },
      async (sql) => {
        const networks = await rowsAt(sql, NETWORKS_TABLE, options.asOf, '$2');
        const [row] = await sql.rows<NetworkRow>(
          `SELECT ${NETWORK_COLUMNS} FROM ${networks.rows} network WHERE network_id = $1`,
          [networkId, ...networks.values],
        );
        if (!row) throw new DomainError('networks/not-found');
        return networkViewOf(row);
      },
    );
  }
}
