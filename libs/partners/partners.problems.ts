import type { ProblemSection } from '#problems';
import type { PartnersErrorCode } from './domain/partners.errors.js';

export const partnersProblems: ProblemSection<PartnersErrorCode> = {
  'partners/not-found': {
    status: 404,
    title: 'Partner not found',
    detail: 'The network has no such partner.',
  },
  'partners/already-registered': {
    status: 409,
    title: 'Partner exists',
    detail: 'A partner of this id exists with another name, status or manager. Change that one.',
  },
  'partners/status-transition-not-allowed': {
    status: 409,
    title: 'Status change not allowed',
    detail: 'A partner of status `from` can only go to one of `allowed`.',
  },
  'partners/offboarded': {
    status: 409,
    title: 'Partner is offboarded',
    detail: 'An offboarded partner stays so. Register a new one.',
  },
  'partners/flag-not-found': {
    status: 404,
    title: 'Flag not found',
    detail: 'The partner has no open flag of this id.',
  },
  'partners/open-flags-max': {
    status: 409,
    title: 'Too many open flags',
    detail: 'The partner has as many open flags as it may. Close one first.',
  },
  'partners/user-not-linked': {
    status: 404,
    title: 'Partner user not found',
    detail: 'The partner has no such user.',
  },
  'partners/users-max': {
    status: 409,
    title: 'Too many partner users',
    detail: 'The partner has as many users as it may. Unlink one first.',
  },
  'partners/malformed-record': {
    status: 400,
    title: 'Malformed partner record',
    detail: 'The field that `errors` points at is not as the vendor documents it.',
  },
  'partners/webhook-too-large': {
    status: 413,
    title: 'Webhook too large',
    detail: 'A webhook has at most `bytesMax` bytes.',
  },
  'partners/import-batch-too-large': {
    status: 400,
    title: 'Too many records',
    detail: 'Send at most `max` records a request.',
  },
  'partners/marketplace-partner-not-found': {
    status: 404,
    title: 'Marketplace partner not found',
    detail: 'The network has no such marketplace partner.',
  },
  'partners/marketplace-partner-already-registered': {
    status: 409,
    title: 'Marketplace partner exists',
    detail: 'A marketplace partner of this id exists under another name.',
  },
  'partners/marketplace-connection-not-found': {
    status: 404,
    title: 'Connection not found',
    detail: 'The marketplace partner is not connected to this partner.',
  },
  'partners/marketplace-connections-max': {
    status: 409,
    title: 'Too many connections',
    detail: 'The marketplace partner has as many connections as it may. Remove one first.',
  },
};
