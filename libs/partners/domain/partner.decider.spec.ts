import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { employeeId, fold, partnerId } from '#kernel';
import { specificationOf } from '../../kernel/testing/index.js';
import { partnerDecider } from './partner.decider.js';
import type { PartnerEvent } from './partner.events.js';
import type { PartnerObservation, PartnerStatus } from './partner.value.js';
import { OPEN_FLAGS_MAX, PARTNER_STATUSES, STATUS_TRANSITIONS } from './partner.value.js';

const given = specificationOf(partnerDecider);
const PARTNER = partnerId(41);
const at = (second: number) => new Date(second * 1_000).toISOString();

const record = (second: number, change: Partial<PartnerObservation> = {}): PartnerObservation => ({
  partnerId: PARTNER,
  kind: 'record',
  source: 'webhook',
  sourceTime: at(second),
  name: 'Alder Publishing',
  status: 'active',
  managerId: employeeId(7),
  ...change,
});
const verdict = (second: number, change: Partial<PartnerObservation> = {}): PartnerObservation => ({
  partnerId: PARTNER,
  kind: 'verdict',
  source: 'webhook',
  sourceTime: at(second),
  name: 'Alder Publishing',
  status: 'active',
  decidedBy: employeeId(9),
  ...change,
});
const registered = (status: PartnerStatus = 'active'): PartnerEvent => ({
  type: 'PartnerRegistered',
  data: {
    partnerId: PARTNER,
    name: 'Alder Publishing',
    status,
    managerId: employeeId(7),
    source: 'manual',
    sourceTime: at(100),
  },
});
const afterAll = (observations: readonly PartnerObservation[], history: PartnerEvent[] = []) => {
  const events = [...history];
  for (const observation of observations)
    events.push(
      ...partnerDecider.decide({ kind: 'observe', observation }, fold(partnerDecider, events)),
    );
  const state = fold(partnerDecider, events);
  if (state.lifecycle === 'absent') throw new Error('not registered');
  return { profile: state.profile, events };
};

describe('a partner', () => {
  it('is registered by hand once', () => {
    const command = {
      kind: 'register',
      partnerId: PARTNER,
      name: 'Alder Publishing',
      status: 'active',
      managerId: employeeId(7),
      at: at(100),
    } as const;
    given().when(command).then(registered());
    given(registered()).when(command).thenNothingHappened();
    given(registered())
      .when({ ...command, name: 'Other' })
      .thenRefused('partners/already-registered');
  });

  it.each(PARTNER_STATUSES.flatMap((from) => PARTNER_STATUSES.map((to) => [from, to] as const)))(
    'goes by hand from %s to %s only as the transitions allow',
    (from, to) => {
      const outcome = given(registered(from)).when({
        kind: 'changeStatus',
        to,
        reason: 'review',
        at: at(200),
      });
      if (from === to) outcome.thenNothingHappened();
      else if (STATUS_TRANSITIONS[from].includes(to))
        outcome.then({
          type: 'PartnerStatusChanged',
          data: { from, to, source: 'manual', sourceTime: at(200), reason: 'review' },
        });
      else
        outcome.thenRefused('partners/status-transition-not-allowed', {
          from,
          to,
          allowed: STATUS_TRANSITIONS[from],
        });
    },
  );

  it('has no way out of offboarded', () => {
    expect(STATUS_TRANSITIONS.offboarded).toEqual([]);
    given(registered('offboarded'))
      .when({ kind: 'confirmTechnicalCapacity', evidence: 'call on Monday' })
      .thenRefused('partners/offboarded');
  });

  it('confirms technical capacity with evidence, and withdraws only what was confirmed', () => {
    const confirmed: PartnerEvent = {
      type: 'TechnicalCapacityConfirmed',
      data: { evidence: 'their script pulled a report' },
    };
    const confirm = {
      kind: 'confirmTechnicalCapacity',
      evidence: 'their script pulled a report',
    } as const;
    given(registered()).when(confirm).then(confirmed);
    given(registered(), confirmed).when(confirm).thenNothingHappened();
    given(registered(), confirmed)
      .when({ kind: 'withdrawTechnicalCapacity', reason: 'engineer left' })
      .then({ type: 'TechnicalCapacityWithdrawn', data: { reason: 'engineer left' } });
    given(registered())
      .when({ kind: 'withdrawTechnicalCapacity', reason: 'engineer left' })
      .thenNothingHappened();
  });

  it('opens flags up to a limit and closes each once', () => {
    const opened = (flagId: string): PartnerEvent => ({
      type: 'FlagOpened',
      data: { flagId, kind: 'fraud', reason: 'click spikes' },
    });
    const open = {
      kind: 'openFlag',
      flagId: 'f1',
      flagKind: 'fraud',
      reason: 'click spikes',
    } as const;
    given(registered()).when(open).then(opened('f1'));
    given(registered(), opened('f1'))
      .when({ kind: 'closeFlag', flagId: 'f1', reason: 'explained' })
      .then({ type: 'FlagClosed', data: { flagId: 'f1', reason: 'explained' } });
    given(registered())
      .when({ kind: 'closeFlag', flagId: 'f1', reason: 'explained' })
      .thenRefused('partners/flag-not-found');
    given(
      registered(),
      ...Array.from({ length: OPEN_FLAGS_MAX }, (_, n) => opened(`f${String(n)}`)),
    )
      .when({ ...open, flagId: 'more' })
      .thenRefused('partners/open-flags-max');
  });

  it('keeps all traits in each assessment', () => {
    const [event] = given(registered())
      .when({ kind: 'assessTraits', traits: { ownTooling: true } })
      .events();
    expect(event).toMatchObject({
      type: 'PartnerTraitsAssessed',
      data: { traits: { ownTooling: true, steadyTraffic: false } },
    });
    given(registered())
      .when({ kind: 'assessTraits', traits: { ownTooling: false } })
      .thenNothingHappened();
  });

  it('links a user once and unlinks only a linked one', () => {
    const user = { issuer: 'https://id.example.test', subject: 'u1' };
    const linked: PartnerEvent = { type: 'PartnerUserLinked', data: user };
    given(registered()).when({ kind: 'linkUser', user }).then(linked);
    given(registered(), linked).when({ kind: 'linkUser', user }).thenNothingHappened();
    given(registered(), linked)
      .when({ kind: 'unlinkUser', user })
      .then({ type: 'PartnerUserUnlinked', data: user });
    given(registered()).when({ kind: 'unlinkUser', user }).thenRefused('partners/user-not-linked');
  });

  it('does not exist before it is registered', () => {
    given()
      .when({ kind: 'assignManager', managerId: employeeId(7), at: at(1) })
      .thenRefused('partners/not-found');
  });
});

describe("the vendor's records", () => {
  it('register a partner, whichever kind comes first', () => {
    expect(afterAll([record(10)]).profile).toMatchObject({ status: 'active', managerId: 7 });
    expect(afterAll([verdict(10)]).profile).toMatchObject({ status: 'active', managerId: null });
  });

  it('change nothing when they come again', () => {
    const { events } = afterAll([record(10), record(20, { status: 'suspended' })]);
    given(...events)
      .when({ kind: 'observe', observation: record(20, { status: 'suspended' }) })
      .thenNothingHappened();
    given(...events)
      .when({ kind: 'observe', observation: record(10) })
      .thenNothingHappened();
  });

  it('change nothing when they are older than what is known, even if that changed nothing', () => {
    const { events } = afterAll([record(10), record(20)]);
    given(...events)
      .when({ kind: 'observe', observation: record(15, { status: 'suspended' }) })
      .thenNothingHappened();
  });

  it('tell what changed from what to what', () => {
    const { events } = afterAll([record(10)]);
    const observation = record(20, {
      name: 'Alder Group',
      status: 'suspended',
      managerId: null,
    });
    const said = Object.fromEntries(
      Object.entries(observation).filter(([field]) => field !== 'partnerId'),
    ) as Omit<PartnerObservation, 'partnerId'>;
    given(...events)
      .when({ kind: 'observe', observation })
      .then(
        { type: 'PartnerRecordObserved', data: said },
        { type: 'PartnerRenamed', data: { from: 'Alder Publishing', to: 'Alder Group' } },
        {
          type: 'PartnerStatusChanged',
          data: { from: 'active', to: 'suspended', source: 'webhook', sourceTime: at(20) },
        },
        {
          type: 'PartnerManagerAssigned',
          data: { from: employeeId(7), to: null, source: 'webhook', sourceTime: at(20) },
        },
      );
  });

  it.each([
    ['a record', { ...verdict(20), kind: 'record' } as const],
    ['a verdict', verdict(20)],
  ])('change nothing when %s was newer, not even what nothing newer spoke of', (_, newer) => {
    const { events, profile } = afterAll([newer]);
    expect(profile.managerId).toBeNull();
    for (const older of [record(19, { name: 'Old', managerId: employeeId(8) }), verdict(19)])
      given(...events)
        .when({ kind: 'observe', observation: older })
        .thenNothingHappened();
  });

  it('keep what only an earlier one spoke of', () => {
    expect(afterAll([record(10), verdict(20, { status: 'suspended' })]).profile).toMatchObject({
      status: 'suspended',
      managerId: 7,
    });
  });

  it('end in the same place in any order, once the newest record of the partner is among them', () => {
    const observation = fc
      .record({
        second: fc.integer({ min: 1, max: 3 }),
        kind: fc.constantFrom('record', 'verdict'),
        name: fc.constantFrom('Alder', 'Birch', 'Cedar'),
        status: fc.constantFrom(...PARTNER_STATUSES.filter((status) => status !== 'offboarded')),
        manager: fc.constantFrom(null, 7, 8),
      })
      .map(({ second, kind, name, status, manager }) =>
        kind === 'verdict'
          ? verdict(second, { name, status })
          : record(second, { name, status, managerId: manager && employeeId(manager) }),
      );
    const shuffled = fc
      .array(observation, { minLength: 1, maxLength: 6 })
      .map((list) => [...list, record(3, { name: 'Dogwood' })])
      .chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(afterAll(other).profile).toEqual(afterAll(one).profile);
      }),
      { numRuns: 500 },
    );
  });

  it('of one second let the verdict decide the status and the record all else', () => {
    const both = [record(20, { status: 'pending' }), verdict(20, { status: 'active' })];
    for (const order of [both, [...both].reverse()])
      expect(afterAll(order).profile).toMatchObject({ status: 'active', managerId: 7 });
  });

  it('do not undo what a person set here by saying the same as before', () => {
    const { events } = afterAll([record(10)]);
    const suspended: PartnerEvent = {
      type: 'PartnerStatusChanged',
      data: { from: 'active', to: 'suspended', source: 'manual', sourceTime: at(15), reason: 'x' },
    };
    const { profile } = afterAll([record(20, { name: 'Alder Group' })], [...events, suspended]);
    expect(profile).toMatchObject({ status: 'suspended', name: 'Alder Group' });
  });

  it('count again from a later change on, and not from an earlier one', () => {
    const { events } = afterAll([record(10)]);
    const suspended: PartnerEvent = {
      type: 'PartnerStatusChanged',
      data: { from: 'active', to: 'suspended', source: 'manual', sourceTime: at(30), reason: 'x' },
    };
    const history = [...events, suspended];
    expect(afterAll([record(20, { status: 'inactive' })], history).profile.status).toBe(
      'suspended',
    );
    expect(afterAll([record(40, { status: 'inactive' })], history).profile.status).toBe('inactive');
  });

  it('never bring an offboarded partner back', () => {
    const { profile } = afterAll(
      [record(200), record(300, { status: 'pending' })],
      [registered('offboarded')],
    );
    expect(profile.status).toBe('offboarded');
  });
});
