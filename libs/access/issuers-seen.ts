import type { Position } from '#event-store';
import type { ReadModels } from '#projections';
import { IDENTITIES_PROJECTION } from './projections/identities.projection.js';

/**
 * Every issuer that an identity of this ledger was ever of, removed ones included: what the development identity
 * provider must not share a ledger with.
 *
 * @param atLeast the head of the log. @throws {StaleReadError} the read model is not there yet; ask again.
 */
export async function issuersSeen(
  readModels: ReadModels,
  atLeast: Position | undefined,
): Promise<readonly string[]> {
  const options = {
    projections: [IDENTITIES_PROJECTION],
    ...(atLeast === undefined ? {} : { atLeast }),
  };
  const { value } = await readModels.read(options, (sql) =>
    sql.rows<{ issuer: string }>('SELECT DISTINCT issuer FROM read.identities ORDER BY issuer'),
  );
  return value.map(({ issuer }) => issuer);
}
