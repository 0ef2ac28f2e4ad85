import type pg from 'pg';
import { consumerLabel, inTransaction, TO_DISK } from './checkpoints.js';
import type { ConsumerId } from './checkpoints.js';
import { LOCK_NOT_AVAILABLE, sqlState } from '../database-errors.js';
import {
  DROP_LOCK_TIMEOUT_MS,
  LEASE_MS,
  SWITCH_LOCK_TIMEOUT_MS,
  SWITCH_LOCK_TIMEOUT_MS_MAX,
} from '../limits.js';
import { SwitchRefusedError } from '../projections.errors.js';
import {
  buildName,
  dropTablesSql,
  historyName,
  qualified,
  tableName,
} from '../tables/table-schema.js';

interface Serving {
  readonly build: string;
  readonly previous_build: string | null;
  readonly held_back: string | null;
}

interface Build {
  readonly resume_position: bigint | null;
  readonly version: number;
  readonly tables: readonly string[];
  readonly leased: boolean;
  readonly indexed: boolean;
}

/** Tries that readers held up, of one build. */
interface HeldUp {
  readonly times: number;
  readonly tryAfter: number;
}

/** Which build of a projection serves: views over its tables, replaced in one transaction. */
export class ProjectionSwitch {
  readonly #heldUp = new Map<string, HeldUp>();

  constructor(readonly pool: pg.Pool) {}

  /**
   * The engine's own switch, to a newer version than the one that serves; never back to one that was rolled back.
   *
   * @returns whether it serves now, or shall not; `false`: not yet.
   */
  async switchWhenNewer(id: ConsumerId): Promise<boolean> {
    const label = consumerLabel(id);
    const { times = 0, tryAfter = 0 } = this.#heldUp.get(label) ?? {};
    if (performance.now() < tryAfter) return false;
    const waitMs = Math.min(SWITCH_LOCK_TIMEOUT_MS * 2 ** times, SWITCH_LOCK_TIMEOUT_MS_MAX);
    try {
      const done = await inTransaction(this.pool, async (client) => {
        const serving = await this.#lock(client, id.name, waitMs);
        if (serving?.build === id.build || serving?.held_back === id.build) return true;
        const old = serving && (await build(client, id.name, serving.build));
        if (old && old.version >= id.version) return true;
        const next = await build(client, id.name, id.build);
        if (!next?.indexed || isBehind(next, old)) return false;
        await client.query(TO_DISK);
        await this.#show(client, id.name, id.build, next.tables, old?.tables ?? [], serving, null);
        return true;
      });
      this.#heldUp.delete(label);
      return done;
    } catch (error) {
      if (sqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
      // Readers are held up by each try: they have as long to themselves before the next one.
      this.#heldUp.set(label, { times: times + 1, tryAfter: performance.now() + waitMs });
      return false;
    }
  }

  /**
   * Shows another build, also an older one (rollback): the build that served before is held back until a still newer one.
   *
   * @throws {SwitchRefusedError} it is not there, not filled, a second set, or behind the one that serves.
   */
  async switchTo(name: string, to: string): Promise<void> {
    await inTransaction(this.pool, async (client) => {
      await client.query(TO_DISK);
      const serving = await this.#lock(client, name);
      const next = await knownBuild(client, name, to);
      if (!serving)
        throw new SwitchRefusedError(
          `${name} serves nothing yet: a projector shows its first build by itself once that is filled`,
        );
      if (serving.build === to) return;
      const old = await build(client, name, serving.build);
      if (to !== buildName(next.version))
        throw new SwitchRefusedError(
          `${name} ${to} is a second set, kept up to date by nobody: raise the version instead`,
        );
      if (!next.indexed)
        throw new SwitchRefusedError(
          `${name} ${to} is still being filled: ${next.leased ? 'try again' : `start a projector of the release that has ${to}, and try again`} when that is done`,
        );
      if (isBehind(next, old))
        throw new SwitchRefusedError(
          `${name} ${to} is at ${positionText(next)}, behind ${serving.build} at ${positionText(old)}: ${next.leased ? 'try again' : `start a projector of the release that has ${to}, and try again`} when it has caught up`,
          next.leased,
        );
      const heldBack = old && old.version > next.version ? serving.build : null;
      await this.#show(client, name, to, next.tables, old?.tables ?? [], serving, heldBack);
    });
  }

  /** Drops the tables and the checkpoint of a build. @throws {SwitchRefusedError} it serves, or somebody runs it. */
  async drop(name: string, which: string): Promise<void> {
    await inTransaction(this.pool, async (client) => {
      await client.query(TO_DISK);
      const serving = await this.#lock(client, name);
      const dropped = await knownBuild(client, name, which);
      if (serving?.build === which)
        throw new SwitchRefusedError(`${name} ${which} serves: switch to another build first`);
      if (dropped.leased)
        throw new SwitchRefusedError(
          `${name} ${which} is filled or kept up to date by somebody: stop the release that runs it first (one that was killed counts for ${String(LEASE_MS / 1_000)} s)`,
          true,
        );
      await client.query('DELETE FROM ledger.checkpoints WHERE name = $1 AND build = $2', [
        name,
        which,
      ]);
      // Nobody reads them; the server's own vacuum gives way, after its deadlock time-out.
      await client.query(`SET LOCAL lock_timeout = ${String(DROP_LOCK_TIMEOUT_MS)}`);
      for (const statement of dropTablesSql(dropped.tables, which)) await client.query(statement);
    });
  }

  async #lock(
    client: pg.PoolClient,
    name: string,
    waitMs: number = SWITCH_LOCK_TIMEOUT_MS,
  ): Promise<Serving | undefined> {
    await client.query(`SET LOCAL lock_timeout = ${String(waitMs)}`);
    // One switch at a time: two that hold a share of the table would wait for each other to give it up.
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended('projection switch', 0))");
    const { rows } = await client.query<Serving>(
      'SELECT build, previous_build, held_back FROM ledger.projections WHERE name = $1 FOR UPDATE',
      [name],
    );
    return rows[0];
  }

  async #show(
    client: pg.PoolClient,
    name: string,
    to: string,
    tables: readonly string[],
    shown: readonly string[],
    serving: Serving | undefined,
    heldBack: string | null,
  ): Promise<void> {
    // Readers hold a share of this table from before their snapshot on: none sees rows of one build with the checkpoint
    // of another. Of the first build there are none: they look first whether anything serves. So no reader of another
    // projection, however slow, keeps it from being shown.
    if (serving) await client.query('LOCK TABLE ledger.projections IN ACCESS EXCLUSIVE MODE');
    for (const table of shown)
      await client.query(
        `DROP VIEW IF EXISTS ${qualified(table)}, ${qualified(`${table}_history`)}`,
      );
    for (const table of tables) {
      await createView(client, table, tableName(table, to));
      if (await exists(client, historyName(table, to)))
        await createView(client, `${table}_history`, historyName(table, to));
    }
    await client.query(
      `INSERT INTO ledger.projections (name, build, previous_build, held_back) VALUES ($1, $2, $3, $4)
       ON CONFLICT (name) DO UPDATE SET build = excluded.build, previous_build = excluded.previous_build, held_back = excluded.held_back, switched_at = now()`,
      [name, to, serving?.build ?? null, heldBack],
    );
  }
}

async function build(
  client: pg.PoolClient,
  name: string,
  which: string,
): Promise<Build | undefined> {
  const { rows } = await client.query<Build>(
    `SELECT resume_position, version, tables, indexed, coalesce(lease_until > clock_timestamp(), false) AS leased
     FROM ledger.checkpoints WHERE name = $1 AND build = $2 FOR UPDATE`,
    [name, which],
  );
  return rows[0];
}

/** @throws {SwitchRefusedError} there is none of that name: it says which there are. */
async function knownBuild(client: pg.PoolClient, name: string, which: string): Promise<Build> {
  const { rows } = await client.query<{ name: string; build: string }>(
    `SELECT name, build FROM ledger.checkpoints WHERE kind = 'projection' AND tables <> '{}'
     ORDER BY name, version, build`,
  );
  const builds = rows.filter((row) => row.name === name).map((row) => row.build);
  if (builds.length === 0)
    throw new SwitchRefusedError(
      rows.length === 0
        ? `no projection ${name}: there are none yet, start a projector`
        : `no projection ${name} with builds; there are ${[...new Set(rows.map((row) => row.name))].join(', ')}`,
    );
  const found = builds.includes(which) ? await build(client, name, which) : undefined;
  if (!found)
    throw new SwitchRefusedError(`${name} has no build ${which}; there are ${builds.join(', ')}`);
  return found;
}

const positionText = (of: Build | undefined): string =>
  String(of?.resume_position ?? 'the start of the log');

function isBehind(next: Build, old: Build | undefined): boolean {
  return (
    old !== undefined &&
    old.resume_position !== null &&
    (next.resume_position ?? -1n) < old.resume_position
  );
}

async function createView(client: pg.PoolClient, view: string, table: string): Promise<void> {
  await client.query(`DROP VIEW IF EXISTS ${qualified(view)}`);
  await client.query(`CREATE VIEW ${qualified(view)} AS SELECT * FROM ${qualified(table)}`);
}

async function exists(client: pg.PoolClient, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS there',
    [qualified(table)],
  );
  return rows[0]?.there ?? false;
}
