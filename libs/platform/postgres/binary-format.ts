/** What PostgreSQL's binary formats have in common; of times, microseconds are counted from here. */
export const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);
export const MICROSECONDS_PER_MS = 1_000;
/** Where the digits of each byte stand in a UUID's text. */
export const UUID_PLACES: readonly number[] = [
  0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34,
];
