import type { accessEvents } from '#access';
import { auditEventExamples } from '#audit/testing';
import type { ledgerEvents } from '#event-store';
import { keyRingEventExamples } from '#keys/testing';
import { networkEventExamples } from '#networks/testing';
import { partnerEventExamples } from '#partners/testing';

type ExamplesOf<Section> = { readonly [Type in keyof Section]: object };

const rights = { superUser: false, permissions: ['keys:write'], scope: 'limited' };
const identity = { issuer: 'https://login.example.test', subject: 'user-7f3a' };

const accessEventExamples: ExamplesOf<typeof accessEvents> = {
  EmployeeAdmitted: { employeeId: 12, ...identity, ...rights },
  EmployeeRightsChanged: {
    employeeId: 12,
    ...identity,
    from: rights,
    to: { superUser: true, permissions: [], scope: 'global' },
  },
  EmployeeRemoved: { employeeId: 12, ...identity },
  IdentityReserved: { ...identity, owner: { kind: 'employee', employeeId: 12 } },
  IdentityReleased: { ...identity, owner: { kind: 'partnerUser', partnerId: 2003 } },
  AccessDenied: {
    code: 'access/forbidden',
    count: 17,
    windowSeconds: 10,
    firstAt: '2025-10-12T08:00:00.000Z',
    lastAt: '2025-10-12T08:00:09.500Z',
    actor: { type: 'employee', ...identity },
    overflow: false,
  },
};

const ledgerEventExamples: ExamplesOf<typeof ledgerEvents> = {
  LedgerOpened: { logId: '5f0c8f6e-9f3b-4d55-8f51-0f6c1c6f2a10' },
  LedgerBeacon: {},
};

/** Today's shape of every event type, for the golden files that are still missing. */
export const examples: Readonly<Record<string, object>> = {
  ...ledgerEventExamples,
  ...networkEventExamples,
  ...partnerEventExamples,
  ...keyRingEventExamples,
  ...accessEventExamples,
  ...auditEventExamples,
};
