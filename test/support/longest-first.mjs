import { existsSync, statSync } from 'node:fs';
import path from 'node:path';

/** Suites that take long, longest first. The last ones to begin are short, so that no worker is left alone with one. */
const LONGEST_SUITES = [
  'test/e2e/durability/crash.e2e-spec.ts',
  'test/e2e/outage/event-store-outage.e2e-spec.ts',
  // It reads all files of the database server, which are fewer before the others have run.
  'test/e2e/secrets/no-secret-in-the-clear.e2e-spec.ts',
  'test/e2e/projections/operator.e2e-spec.ts',
  'test/e2e/serve/serve.e2e-spec.ts',
  'test/e2e/serve/roles.e2e-spec.ts',
  'test/e2e/bad-input/wrong-types.e2e-spec.ts',
  'test/e2e/outage/database-outage.e2e-spec.ts',
  'libs/event-store/eventstoredb/eventstoredb-event-store.spec.ts',
  'libs/event-store/eventstoredb/eventstoredb.contract-spec.ts',
  'libs/projections/checkpoints/checkpoints.int-spec.ts',
  'libs/projections/checkpoints/runner-pool.int-spec.ts',
  'libs/projections/running/process-runner.int-spec.ts',
  'libs/projections/running/takeover.int-spec.ts',
  'libs/event-store/postgres/postgres.contract-spec.ts',
];

/** Of the others, as Jest does where it knows nothing of a run before: a larger file is thought to take longer. */
export default class LongestFirst {
  constructor({ globalConfig: { rootDir } }) {
    const gone = LONGEST_SUITES.filter((name) => !existsSync(path.join(rootDir, name)));
    if (gone.length > 0)
      throw new Error(`${gone.join(', ')} is not there: change the list in longest-first.mjs`);
  }

  sort(tests) {
    const place = ({ path: file, context }) => {
      const name = path.relative(context.config.rootDir, file).split(path.sep).join('/');
      const known = LONGEST_SUITES.indexOf(name);
      return { known: known < 0 ? Infinity : known, bytes: statSync(file).size };
    };
    return tests
      .map((test) => ({ test, ...place(test) }))
      .sort((one, other) =>
        one.known === other.known ? other.bytes - one.bytes : one.known - other.known,
      )
      .map(({ test }) => test);
  }

  cacheResults() {
    // The order does not depend on how long they took before.
  }
}
