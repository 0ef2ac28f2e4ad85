import type pg from 'pg';
import type { Position } from '#event-store';
import { position } from '#event-store';
import { isCausedByEvent, messageOf, sqlState, UNIQUE_VIOLATION } from '../database-errors.js';
import type { BuildIndex } from './table-schema.js';
import { createIndexSql, FROM_POSITION, qualified } from './table-schema.js';

/** A row that is written already does not go into an index: which one has to be found (`findUnindexable`). */
export class IndexBuildError extends Error {
  override readonly name = 'IndexBuildError';
  constructor(
    readonly index: BuildIndex,
    cause: unknown,
  ) {
    super(`index ${index.name} of table ${index.table}: ${messageOf(cause)}`, { cause });
  }
}

/** @throws {IndexBuildError} for what a row causes, but not for one that is there twice. */
export async function createIndex(client: pg.PoolClient, index: BuildIndex): Promise<void> {
  try {
    await client.query(createIndexSql(index));
  } catch (error) {
    if (isCausedByEvent(error) && sqlState(error) !== UNIQUE_VIOLATION)
      throw new IndexBuildError(index, error);
    throw error;
  }
}

/**
 * The position of the first event whose row the index does not take, found by halves: the transaction goes on, and has no
 * index afterwards. `undefined`: it takes them all.
 */
export async function findUnindexable(
  client: pg.PoolClient,
  index: BuildIndex,
): Promise<Position | undefined> {
  const { rows } = await client.query<{ last: bigint | null }>(
    `SELECT max(${FROM_POSITION}) AS last FROM ${qualified(index.table)}`,
  );
  const last = rows[0]?.last ?? null;
  if (last === null || (await takes(client, index, -1n, last))) return undefined;
  let [fine, refused] = [-1n, last];
  for (;;) {
    const middle = await middleOf(client, index, fine, refused);
    if (middle === undefined) return position(refused);
    if (await takes(client, index, fine, middle)) fine = middle;
    else refused = middle;
  }
}

/** Of the positions that the table has between these, both exclusive. */
async function middleOf(
  client: pg.PoolClient,
  { table }: BuildIndex,
  above: bigint,
  below: bigint,
): Promise<bigint | undefined> {
  const { rows } = await client.query<{ middle: bigint | null }>(
    `SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ${FROM_POSITION}) AS middle FROM ${qualified(table)}
     WHERE ${FROM_POSITION} > $1 AND ${FROM_POSITION} < $2`,
    [above, below],
  );
  return rows[0]?.middle ?? undefined;
}

async function takes(
  client: pg.PoolClient,
  { table, entry, where }: BuildIndex,
  above: bigint,
  upTo: bigint,
): Promise<boolean> {
  const within = `${FROM_POSITION} > ${String(above)} AND ${FROM_POSITION} <= ${String(upTo)}`;
  await client.query('SAVEPOINT part_of_an_index');
  try {
    await client.query(
      `CREATE INDEX ON ${qualified(table)} ${entry} WHERE ${within}${where === undefined ? '' : ` AND (${where})`}`,
    );
    return true;
  } catch (error) {
    if (isCausedByEvent(error)) return false;
    throw error;
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT part_of_an_index');
  }
}
