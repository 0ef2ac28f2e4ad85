import { keyId, partnerId } from '#kernel';
import type { AuditEvent } from '../index.js';

/** One event of each type as it is written now, for golden files. */
export const auditEventExamples: {
  readonly [Type in AuditEvent['type']]: Extract<AuditEvent, { type: Type }>['data'];
} = {
  AuditQueried: {
    filter: {
      keyId: keyId('2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11'),
      partnerId: partnerId(2003),
      actor: 'https://login.example.test#user-7f3a',
      type: 'KeyRevoked',
      from: '2025-10-01T00:00:00.000Z',
      to: '2025-11-01T00:00:00.000Z',
      text: 'leaked',
      asOf: '4711',
    },
  },
};
