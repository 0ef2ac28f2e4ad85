import type { ProblemSection } from '#problems';
import type { ProjectionsErrorCode } from './projections.errors.js';

export const projectionsProblems = {
  'event-store/upgrade-pending': {
    status: 503,
    title: 'Upgrade pending',
    detail:
      'A process of an older release still reads the ledger and does not know this kind of event. Try again when all processes are upgraded.',
    retryAfterSeconds: 10,
  },
  'projections/as-of-in-future': {
    status: 400,
    title: 'asOf is in the future',
    detail:
      'The log has not come to that position or time yet. Leave `asOf` out for the data as they are now, or take a position that an answer gave you.',
  },
  'projections/stale-read': {
    status: 503,
    title: 'Read model not up to date yet',
    detail: 'The read models have not reached the position or time that you asked for. Try again.',
    retryAfterSeconds: 1,
  },
  'request/invalid-cursor': {
    status: 400,
    title: 'Invalid cursor',
    detail: 'Use `page.endCursor` of the page before, unchanged, or leave `after` out.',
  },
} satisfies ProblemSection<ProjectionsErrorCode>;
