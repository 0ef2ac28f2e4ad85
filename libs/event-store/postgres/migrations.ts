import type { MigrationInterface, QueryRunner } from 'typeorm';
import { RUNTIME_ROLE } from '#platform/postgres';

/** `klog`: the advisory lock that appends of one log take in turn. */
export const LOG_LOCK = 0x6b6c6f67;

/**
 * Appends run as the owner (`SECURITY DEFINER`), so that nothing else can write: positions stay dense. Their bodies name
 * the schema of every function and operator, because a `search_path` clause on the function costs more than the rest of
 * its overhead. Each statement of a volatile function has a snapshot of its own under READ COMMITTED: the one after the
 * lock sees all that was committed before the lock was given.
 */
const SETTINGS_CHECK = `
  IF pg_catalog.current_setting('transaction_isolation') OPERATOR(pg_catalog.<>) 'read committed' THEN
    RAISE EXCEPTION 'the log is appended to under READ COMMITTED only' USING ERRCODE = 'invalid_transaction_state';
  END IF;
  IF pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off' THEN
    RAISE EXCEPTION 'the log is not appended to with synchronous_commit off' USING ERRCODE = 'object_not_in_prerequisite_state';
  END IF;
  PERFORM pg_catalog.pg_advisory_xact_lock(${String(LOG_LOCK)});`;

const STATEMENTS = [
  `DO $$ BEGIN
    CREATE ROLE ${RUNTIME_ROLE} NOLOGIN;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database of the server made it, perhaps just now
  END $$`,
  // Whoever made the role may grant it; elsewhere its owner has to, and a connection then says that it may not take it.
  `DO $$ BEGIN
    GRANT ${RUNTIME_ROLE} TO CURRENT_USER;
  EXCEPTION WHEN insufficient_privilege OR unique_violation OR internal_error THEN NULL;
  END $$`,
  `CREATE SCHEMA log`,
  `REVOKE ALL ON SCHEMA log FROM PUBLIC`,
  `CREATE TABLE log.events (
    position bigint PRIMARY KEY,
    stream_id text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    id uuid NOT NULL,
    type text COLLATE "C" NOT NULL,
    data text NOT NULL,
    metadata text NOT NULL,
    stored_at timestamptz NOT NULL,
    UNIQUE (stream_id, revision)
  )`,
  // A log that only grows is vacuumed for its inserts alone; keep the visibility map near the head.
  `ALTER TABLE log.events SET (autovacuum_vacuum_insert_scale_factor = 0.02)`,
  // The short path: one event that fits. NULL: it does not, and append_group says how.
  `CREATE FUNCTION log.append_one(
    p_stream text, p_expected bigint, p_id uuid, p_type text, p_data text, p_metadata text
  ) RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
  DECLARE
    stored_position bigint;
  BEGIN
    ${SETTINGS_CHECK}
    IF coalesce(
      (SELECT pg_catalog.max(e.revision) FROM log.events e WHERE e.stream_id OPERATOR(pg_catalog.=) p_stream), -1
    ) OPERATOR(pg_catalog.<>) p_expected THEN
      RETURN NULL;
    END IF;
    INSERT INTO log.events (position, stream_id, revision, id, type, data, metadata, stored_at)
    VALUES (
      coalesce((SELECT pg_catalog.max(e.position) FROM log.events e), 0) OPERATOR(pg_catalog.+) 1,
      p_stream, p_expected OPERATOR(pg_catalog.+) 1, p_id, p_type, p_data, p_metadata, pg_catalog.clock_timestamp()
    )
    RETURNING log.events.position INTO stored_position;
    RETURN stored_position;
  END $$`,
  // Requests of one group have distinct streams. The events of request i follow one another in p_ids and the arrays beside
  // it, from p_firsts[i] on; p_requests names each event's request.
  `CREATE FUNCTION log.append_group(
    p_streams text[], p_expected bigint[], p_firsts integer[],
    p_requests integer[], p_ids uuid[], p_types text[], p_data text[], p_metadata text[],
    OUT head_before bigint, OUT refused integer[], OUT actual_revisions bigint[], OUT known_positions bigint[]
  ) LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
  DECLARE
    actual bigint[];
    events integer;
    known bigint;
  BEGIN
    refused := '{}';
    actual_revisions := '{}';
    known_positions := '{}';
    ${SETTINGS_CHECK}
    SELECT coalesce(pg_catalog.max(e.position), 0) INTO head_before FROM log.events e;
    actual := ARRAY(
      SELECT coalesce(
        (SELECT pg_catalog.max(e.revision) FROM log.events e WHERE e.stream_id OPERATOR(pg_catalog.=) s.stream), -1
      )
      FROM ROWS FROM (pg_catalog.unnest(p_streams)) WITH ORDINALITY AS s (stream, at)
      ORDER BY s.at
    );
    IF actual OPERATOR(pg_catalog.=) p_expected THEN
      INSERT INTO log.events (position, stream_id, revision, id, type, data, metadata, stored_at)
      SELECT
        head_before OPERATOR(pg_catalog.+) e.at,
        p_streams[e.request],
        p_expected[e.request] OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.+) e.at OPERATOR(pg_catalog.-) p_firsts[e.request],
        e.id, e.type, e.data, e.metadata, pg_catalog.clock_timestamp()
      FROM ROWS FROM (
        pg_catalog.unnest(p_requests), pg_catalog.unnest(p_ids), pg_catalog.unnest(p_types),
        pg_catalog.unnest(p_data), pg_catalog.unnest(p_metadata)
      ) WITH ORDINALITY AS e (request, id, type, data, metadata, at);
      RETURN;
    END IF;
    FOR at IN 1 .. pg_catalog.cardinality(p_expected) LOOP
      CONTINUE WHEN actual[at] OPERATOR(pg_catalog.=) p_expected[at];
      events := coalesce(p_firsts[at OPERATOR(pg_catalog.+) 1], pg_catalog.cardinality(p_ids) OPERATOR(pg_catalog.+) 1)
        OPERATOR(pg_catalog.-) p_firsts[at];
      SELECT CASE WHEN
          pg_catalog.array_agg(e.id ORDER BY e.revision) OPERATOR(pg_catalog.=)
          p_ids[p_firsts[at] : p_firsts[at] OPERATOR(pg_catalog.+) events OPERATOR(pg_catalog.-) 1]
        THEN pg_catalog.max(e.position) END
      INTO known FROM log.events e
      WHERE e.stream_id OPERATOR(pg_catalog.=) p_streams[at]
        AND e.revision OPERATOR(pg_catalog.>) p_expected[at]
        AND e.revision OPERATOR(pg_catalog.<=) (p_expected[at] OPERATOR(pg_catalog.+) events);
      refused := pg_catalog.array_append(refused, at);
      actual_revisions := pg_catalog.array_append(actual_revisions, actual[at]);
      known_positions := pg_catalog.array_append(known_positions, known);
    END LOOP;
    INSERT INTO log.events (position, stream_id, revision, id, type, data, metadata, stored_at)
    SELECT
      head_before OPERATOR(pg_catalog.+) pg_catalog.row_number() OVER (ORDER BY e.at),
      p_streams[e.request],
      p_expected[e.request] OPERATOR(pg_catalog.+) 1 OPERATOR(pg_catalog.+) e.at OPERATOR(pg_catalog.-) p_firsts[e.request],
      e.id, e.type, e.data, e.metadata, pg_catalog.clock_timestamp()
    FROM ROWS FROM (
      pg_catalog.unnest(p_requests), pg_catalog.unnest(p_ids), pg_catalog.unnest(p_types),
      pg_catalog.unnest(p_data), pg_catalog.unnest(p_metadata)
    ) WITH ORDINALITY AS e (request, id, type, data, metadata, at)
    WHERE actual[e.request] OPERATOR(pg_catalog.=) p_expected[e.request]
    ORDER BY e.at;
  END $$`,
  `REVOKE ALL ON ALL FUNCTIONS IN SCHEMA log FROM PUBLIC`,
  `GRANT USAGE ON SCHEMA log TO ${RUNTIME_ROLE}`,
  `GRANT SELECT ON log.events TO ${RUNTIME_ROLE}`,
  `GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA log TO ${RUNTIME_ROLE}`,
];

export class CreateLog1763800000000 implements MigrationInterface {
  readonly name = 'CreateLog1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of STATEMENTS) await runner.query(statement);
  }

  /** A log is never taken away by software. */
  down(): Promise<void> {
    return Promise.reject(new Error('the log is not dropped by a migration'));
  }
}

export const eventStoreMigrations = [CreateLog1763800000000];
