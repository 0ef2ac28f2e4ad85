import type { Position } from '#event-store';
import type { ReadModels } from '#projections';
import { AUDIT_TRAIL, AUDIT_TRAIL_TABLE } from './projections/audit-trail.projection.js';

/**
 * An identity provider beside `own` whose people or services did anything on this ledger, an attempt that was refused
 * included; `undefined`: there is none. Looks at the whole trail when there is none.
 *
 * @param atLeast the head of the log. @throws {StaleReadError} the read model is not there yet; ask again.
 */
export async function otherIssuerThatActed(
  readModels: ReadModels,
  own: string,
  atLeast: Position | undefined,
): Promise<string | undefined> {
  const options = {
    projections: [AUDIT_TRAIL],
    ...(atLeast === undefined ? {} : { atLeast }),
  };
  const { value } = await readModels.read(options, (sql) =>
    // Token issuers are URLs; what the system calls its own actors' issuers are none.
    sql.rows<{ issuer: string }>(
      `SELECT actor_issuer AS issuer FROM read.${AUDIT_TRAIL_TABLE}
       WHERE actor_issuer LIKE 'http%' AND actor_issuer <> $1 LIMIT 1`,
      [own],
    ),
  );
  return value[0]?.issuer;
}
