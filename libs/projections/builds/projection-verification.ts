import type pg from 'pg';
import type { Position } from '#event-store';
import { position } from '#event-store';
import { cancellable } from '../checkpoints/cancellable.js';
import type { CheckpointRow } from '../checkpoints/checkpoints.js';
import { inTransaction } from '../checkpoints/checkpoints.js';
import { QUERY_CANCELED, sqlState } from '../database-errors.js';
import { BUILDS_POLL_INTERVAL_MS, VERIFY_PAUSE_MS_MAX } from '../limits.js';
import type { Projection } from '../projection.js';
import { SwitchRefusedError } from '../projections.errors.js';
import type { CompiledTable } from '../tables/table-schema.js';
import {
  buildName,
  comparedList,
  compileTables,
  historyColumns,
  historyName,
  qualified,
  tableName,
} from '../tables/table-schema.js';

/** Names the second set that is compared: build `v<version>_verify`. */
export const VERIFY_PURPOSE = 'verify';

export interface TableComparison {
  readonly table: string;
  readonly rows: number;
  /** In one of both only, or not the same in both. */
  readonly different: number;
}

export interface Verification {
  readonly projection: string;
  readonly build: string;
  /** Both sides had all events up to here, and none after. */
  readonly position: Position;
  readonly equal: boolean;
  readonly tables: readonly TableComparison[];
}

/** `false`: the second set is past that event already. */
export type BringTo = (
  projection: Projection,
  at: Position,
  signal: AbortSignal,
) => Promise<boolean>;

/** Compares a second set of tables with the one that serves. */
export class ProjectionVerification {
  constructor(
    readonly pool: pg.Pool,
    readonly bringTo: BringTo,
  ) {}

  /** With both sets after the same event: the serving one is held there, and the other one brought to it. */
  async compare(projection: Projection, signal: AbortSignal): Promise<Verification> {
    const until = Date.now() + VERIFY_PAUSE_MS_MAX;
    for (;;) {
      signal.throwIfAborted();
      const verification = await inTransaction(this.pool, (client) =>
        this.#cancelled(client, projection.name, signal, () =>
          this.#compareHeld(client, projection, signal),
        ),
      );
      if (verification) return verification;
      if (Date.now() > until)
        throw new SwitchRefusedError(
          `${projection.name} is behind its rebuild: start a projector, and verify it when it has caught up`,
        );
      await new Promise((resolve) => setTimeout(resolve, BUILDS_POLL_INTERVAL_MS));
    }
  }

  /** A statement under way ends with the signal, and what it holds is given up. */
  async #cancelled<T>(
    client: pg.PoolClient,
    name: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await cancellable(this.pool, client, signal, work);
    } catch (error) {
      if (signal.aborted || sqlState(error) !== QUERY_CANCELED) throw error;
      throw new SwitchRefusedError(
        `${name} is not compared within ${String(VERIFY_PAUSE_MS_MAX / 1_000)} s, for which its projector may wait: verify it on a copy of the database, or when less goes on`,
      );
    }
  }

  async #compareHeld(
    client: pg.PoolClient,
    projection: Projection,
    signal: AbortSignal,
  ): Promise<Verification | undefined> {
    const build = buildName(projection.version, VERIFY_PURPOSE);
    for (const setting of ['statement_timeout', 'idle_in_transaction_session_timeout'])
      await client.query(`SET LOCAL ${setting} = ${String(VERIFY_PAUSE_MS_MAX)}`);
    await client.query('SET LOCAL enable_hashjoin = on');
    // The runner's lock NOWAIT fails from here on, and it tries again.
    const { rows } = await client.query<
      Pick<CheckpointRow, 'build' | 'version' | 'handled_position'>
    >(
      `SELECT c.build, c.version, c.handled_position FROM ledger.checkpoints c JOIN ledger.projections p USING (name, build)
       WHERE c.name = $1 FOR UPDATE OF c`,
      [projection.name],
    );
    const [serving] = rows;
    assertServes(projection, serving);
    const at = serving.handled_position;
    if (at === null || !(await this.bringTo(projection, position(at), signal))) return undefined;
    const tables: TableComparison[] = [];
    for (const table of compileTables(projection).values())
      tables.push(...(await compareTable(client, table, serving.build, build)));
    return {
      projection: projection.name,
      build: serving.build,
      position: position(at),
      equal: tables.every(({ different }) => different === 0),
      tables,
    };
  }
}

/** @throws {SwitchRefusedError} tables of another version are not to be compared with those of this one. */
export function assertServes(
  { name, version }: Projection,
  serving: Pick<CheckpointRow, 'build' | 'version'> | undefined,
): asserts serving {
  if (!serving)
    throw new SwitchRefusedError(
      `${name} serves nothing to compare with: start a projector, which fills it`,
    );
  if (serving.version !== version)
    throw new SwitchRefusedError(
      `${name} serves ${serving.build}, and this release makes v${String(version)}: verify it with the release that made ${serving.build}`,
    );
}

async function compareTable(
  client: pg.PoolClient,
  table: CompiledTable,
  serving: string,
  beside: string,
): Promise<TableComparison[]> {
  const pairs = [
    { name: table.name, of: tableName, columns: comparedList(table.stored) },
    ...(table.history
      ? [
          {
            name: `${table.name}_history`,
            of: historyName,
            columns: comparedList(historyColumns(table)),
          },
        ]
      : []),
  ];
  const compared: TableComparison[] = [];
  for (const { name, of, columns } of pairs) {
    const one = `SELECT ${columns} FROM ${qualified(of(table.name, serving))}`;
    const other = `SELECT ${columns} FROM ${qualified(of(table.name, beside))}`;
    const { rows } = await client.query<{ rows: bigint; different: bigint }>(
      `SELECT (SELECT count(*) FROM ${qualified(of(table.name, serving))}) AS rows,
         (SELECT count(*) FROM ((${one} EXCEPT ALL ${other}) UNION ALL (${other} EXCEPT ALL ${one})) d) AS different`,
    );
    compared.push({
      table: name,
      rows: Number(rows[0]?.rows ?? 0n),
      different: Number(rows[0]?.different ?? 0n),
    });
  }
  return compared;
}
