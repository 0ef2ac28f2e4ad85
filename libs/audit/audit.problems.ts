import type { ProblemSection } from '#problems';
import type { AuditErrorCode } from './domain/audit.errors.js';

export const auditProblems: ProblemSection<AuditErrorCode> = {
  'audit/invalid-filter': {
    status: 400,
    title: 'Invalid filter',
    detail: 'The field named by `field` must be as `expected` says.',
  },
  'audit/query-not-recorded': {
    status: 503,
    title: 'Query not recorded',
    detail:
      'Every query of the audit trail is itself recorded before anything is shown, and that did not work right now. Try again.',
    retryAfterSeconds: 2,
  },
};
