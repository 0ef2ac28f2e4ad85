/** How long a runner owns a projection after it last said so. Of the database's clock. */
export const LEASE_MS = 5_000;
export const LEASE_RENEW_INTERVAL_MS = 1_000;
/** A runner that could not renew a lease for so long is not known to run anything. */
export const RENEWAL_RED_AFTER_MS = 10_000;
/** How often a standby looks for leases that are over. */
export const STANDBY_POLL_INTERVAL_MS = 1_000;

/** How often a filled build asks again to be switched to. */
export const SETTLE_INTERVAL_MS = 50;

/** Events in one transaction of one projection, at most. */
export const BATCH_EVENTS_MAX = 2_000;
/** Of a batch's data and metadata together (characters); a batch is closed when it has them. */
export const BATCH_CHARACTERS_MAX = 8_388_608;
/**
 * Events that a fill gathers before it writes what became of them. A process that dies has two such batches to read again,
 * at most: the one that it was writing, and the next.
 * Each `COPY` costs the server more than a millisecond whatever it brings.
 */
export const FILL_BATCH_EVENTS = 8_192;
/** Of what became of them, or of themselves where it has to keep them until then; it writes earlier when it has that. */
export const FILL_BATCH_BYTES = 8_388_608;
/** Events that are given to fills at once, and wait for them: what dies young costs the collector nothing. */
export const FILL_PORTION_EVENTS = 256;
/** Rows of one table that a fill remembers, so that it need not look them up again. */
export const FILL_ROWS_REMEMBERED_MAX = 65_536;
/** Events that a fill makes ready without giving way to what else this process does. */
export const FILL_SLICE_EVENTS = 128;
/** While catching up, how long a batch waits to become larger. */
export const BATCH_FILL_WAIT_MS = 20;

/** Subscriptions of one runner: one when all is caught up, others only while something catches up. */
export const FEEDS_MAX = 4;

/** A head of the log that was looked at so long ago, and is reached, counts as now: others go on appending. */
export const CAUGHT_UP_WITHIN_MS = 2_000;
/** A projection or process that somebody needs and nobody runs turns readiness red after that. */
export const UNATTENDED_RED_AFTER_MS = 30_000;

export const RETRY_DELAY_MS_MIN = 100;
export const RETRY_DELAY_MS_MAX = 5_000;
/** A consumer that was retried for this long without success turns readiness red. */
export const RETRYING_RED_AFTER_MS = 10_000;
/** Tries of one event by a process before it counts as failing. */
export const PROCESS_ATTEMPTS_MAX = 8;

/** A stopped or cut-off runner's session ends itself, and with it its locks. */
export const RUNNER_IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000;
export const RUNNER_STATEMENT_TIMEOUT_MS = 10_000;
/** Beyond the server's own time-out of a statement: for a server, or a way to it, that says nothing at all. */
export const RUNNER_ANSWER_GRACE_MS = 5_000;
export const RUNNER_CONNECT_TIMEOUT_MS = 5_000;
export const RUNNER_CONNECTIONS_MAX = 6;
/** Left of a runner's connections for what keeps its leases, whatever its transactions wait for. */
export const RUNNER_CONNECTIONS_SPARE = 2;
/** Index builds after a fill. */
export const INDEX_BUILD_TIMEOUT_MS = 3_600_000;
/** Between attempts to end a statement of a session that is to stop. */
export const CANCEL_INTERVAL_MS = 250;
/**
 * Of the database server, while an index is built after a fill. With more the index of words takes longer: what it
 * gathers in memory outgrows the processor's caches (500,000 rows: 1.7 s, and 2.4 s with 256 MB).
 */
export const INDEX_BUILD_MEMORY = '64MB';
/** Of the server, beside the one that builds: a rebuild builds those of several projections at once. */
export const INDEX_BUILD_HELPERS_MAX = 1;
/** Of smaller tables an index is made before helpers of the server have begun. */
export const INDEX_BUILD_PARALLEL_FROM = '64MB';
/** Of the statistics that a filled table starts with; the server's own upkeep makes them finer as the table grows. */
export const FIRST_STATISTICS_TARGET = 30;

/** Below, rows go as arrays in one statement; from here on by `COPY`. */
export const COPY_ROWS_MIN = 100;

/** Readers that come while a switch waits for those before them wait with it, at most so long at the first try. */
export const SWITCH_LOCK_TIMEOUT_MS = 1_000;
/** Each try that readers held up may wait twice as long as the one before, and comes as much later. */
export const SWITCH_LOCK_TIMEOUT_MS_MAX = 8_000;
/** How long an operator's switch or drop is tried again while readers, or the last events, are in its way. */
export const SWITCH_PATIENCE_MS = 10_000;
export const DROP_LOCK_TIMEOUT_MS = 5_000;
export const VERIFY_PAUSE_MS_MAX = 60_000;
/** Between looks at a build that an operator waits for. */
export const BUILDS_POLL_INTERVAL_MS = 50;
/** While a rebuild reads: looking costs it time. */
export const REBUILD_POLL_INTERVAL_MS = 250;

export const CHECKPOINT_POLL_INTERVAL_MS = 10;

export const READER_HEARTBEAT_INTERVAL_MS = 5_000;
/** A reader that was not heard of for this long is gone. */
export const READER_GONE_AFTER_MS = 30_000;
export const READER_FORGOTTEN_AFTER_MS = 86_400_000;
export const UPGRADE_CHECK_CACHE_MS = 1_000;
export const FAILURE_CHARACTERS_MAX = 2_000;
