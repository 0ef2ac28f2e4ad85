import type { ProblemSection } from '#problems';
import type { AccessErrorCode } from './domain/access.errors.js';

/** This context's part of the error catalogue. */
export const accessProblems: ProblemSection<AccessErrorCode> = {
  'access/unauthenticated': {
    status: 401,
    title: 'No valid access token',
    detail:
      'Send an access token of a configured issuer as "Authorization: Bearer <token>"; `keyledger login` gets one.',
  },
  'access/forbidden': {
    status: 403,
    title: 'Not allowed',
    detail: 'The caller lacks the right that this needs. Ask a super user of the network.',
  },
  'access/not-linked': {
    status: 403,
    title: 'Identity not linked',
    detail:
      'The token is valid, but its identity is no employee and no partner user of the network that it names.',
  },
  'access/too-many-requests': {
    status: 429,
    title: 'Too many requests',
    detail: 'The budget of this caller is used up. Wait as long as Retry-After says.',
  },
  'access/issuer-unavailable': {
    status: 503,
    title: 'Identity provider not reachable',
    detail: "The issuer's keys can't be read right now, so the token can't be checked. Try again.",
    retryAfterSeconds: 2,
  },
  'access/identity-taken': {
    status: 409,
    title: 'Identity already linked',
    detail:
      'This identity (issuer and subject) is linked in this network already. Unlink it first.',
  },
  'access/employee-exists': {
    status: 409,
    title: 'Employee exists',
    detail: 'The network has an employee of this id, with other data. An id is never used twice.',
  },
  'access/super-user-exists': {
    status: 409,
    title: 'Network has a super user',
    detail:
      'Operators add a super user only to a network that has none. Ask a super user of the network.',
  },
  'access/last-super-user': {
    status: 409,
    title: 'Last super user',
    detail: 'A network keeps at least one super user. Make another employee super user first.',
  },
  'access/unknown-employee': {
    status: 404,
    title: 'No such employee',
    detail: 'The network has no employee of this id.',
  },
  'access/unknown-network': {
    status: 404,
    title: 'No such network',
    detail: 'There is no network of this id, or it is not yours.',
  },
};
