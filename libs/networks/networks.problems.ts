import type { ProblemSection } from '#problems';
import type { NetworksErrorCode } from './domain/networks.errors.js';

export const networksProblems: ProblemSection<NetworksErrorCode> = {
  'networks/not-found': {
    status: 404,
    title: 'Network not found',
    detail: 'There is no such network, or it is not yours.',
  },
  'networks/already-exists': {
    status: 409,
    title: 'Network exists',
    detail: 'A network of this id exists with another name or region. Choose another id.',
  },
  'networks/invalid-policy': {
    status: 400,
    title: 'Invalid key policy',
    detail: 'Mend the field that `errors` points at, and send the request again.',
  },
  'networks/invalid-api-profile': {
    status: 400,
    title: 'Invalid API profile',
    detail: 'Mend the field that `errors` points at, and send the request again.',
  },
  'networks/webhook-credential-not-found': {
    status: 404,
    title: 'Webhook credential not found',
    detail: 'The network has no webhook credential of this id.',
  },
  'networks/webhook-credentials-max': {
    status: 409,
    title: 'Too many webhook credentials',
    detail: 'The network has as many active webhook credentials as it may. Revoke one first.',
  },
  'networks/webhook-credential-invalid': {
    status: 401,
    title: 'Webhook credential not accepted',
    detail:
      'Send an active webhook credential of the network in the header X-Keyledger-Webhook-Credential or as a bearer token.',
  },
};
