import type { Decider, EmployeeId, IsoTime } from '#kernel';
import { DomainError } from '#kernel';
import type { PartnerCommand } from './partner.commands.js';
import type { PartnerEvent } from './partner.events.js';
import type {
  PartnerObservation,
  PartnerProfile,
  PartnerStatus,
  PartnerTraits,
  PartnerUserIdentity,
} from './partner.value.js';
import {
  NO_TRAITS,
  OPEN_FLAGS_MAX,
  PARTNER_USERS_MAX,
  STATUS_TRANSITIONS,
} from './partner.value.js';

/**
 * What the vendor last said of one field, and when. Registers only ever move up in (time, rank, value), so that records
 * of one second end in the same place in any order.
 */
interface Register<Value> {
  readonly sourceTime: IsoTime;
  readonly rank: number;
  readonly value: Value;
}

interface Registers {
  readonly name?: Register<string>;
  readonly status?: Register<PartnerStatus>;
  readonly managerId?: Register<EmployeeId | null>;
}

export type PartnerState =
  | { readonly lifecycle: 'absent' }
  | {
      readonly lifecycle: 'registered';
      readonly profile: PartnerProfile;
      readonly vendor: Registers;
      /** The time of the newest record that was taken: an older one changes nothing (ADR 0011). */
      readonly newestSourceTime?: IsoTime;
      /** When a person last set it here: the vendor's word counts again from then on, when it changes. */
      readonly statusSetByHandAt?: IsoTime;
      readonly managerSetByHandAt?: IsoTime;
    };
type Registered = Extract<PartnerState, { lifecycle: 'registered' }>;

// Of two records of one second and kind nobody can tell the later: the stricter status stands.
const STRICTNESS: Readonly<Record<PartnerStatus, number>> = {
  active: 0,
  pending: 1,
  unverified: 2,
  inactive: 3,
  suspended: 4,
  rejected: 5,
  offboarded: 6,
};

export const partnerDecider: Decider<PartnerState, PartnerCommand, PartnerEvent> = {
  initialState: () => ({ lifecycle: 'absent' }),

  decide(command, state) {
    if (command.kind === 'register') return register(command, state);
    if (command.kind === 'observe') return observe(command.observation, state);
    if (state.lifecycle === 'absent') throw new DomainError('partners/not-found');
    return decideRegistered(command, state.profile);
  },

  evolve(state, event) {
    if (event.type === 'PartnerRegistered') {
      const { partnerId, name, status, managerId, source, sourceTime, observation } = event.data;
      const said = observation && source !== 'manual' && { ...observation, source, sourceTime };
      return {
        lifecycle: 'registered',
        profile: {
          partnerId,
          name,
          status,
          managerId,
          technicalCapacity: { status: 'unknown' },
          openFlags: [],
          traits: NO_TRAITS,
          users: [],
        },
        vendor: said ? raised({}, said) : {},
        ...(said && { newestSourceTime: sourceTime }),
      };
    }
    if (state.lifecycle === 'absent') return state;
    const of = (change: Partial<PartnerProfile>): Registered => ({
      ...state,
      profile: { ...state.profile, ...change },
    });
    switch (event.type) {
      case 'PartnerRecordObserved':
        return {
          ...state,
          vendor: raised(state.vendor, event.data),
          newestSourceTime: isOlder(event.data.sourceTime, state.newestSourceTime)
            ? state.newestSourceTime
            : event.data.sourceTime,
        };
      case 'PartnerRenamed':
        return of({ name: event.data.to });
      case 'PartnerStatusChanged': {
        const next = of({ status: event.data.to });
        return event.data.source === 'manual'
          ? { ...next, statusSetByHandAt: event.data.sourceTime }
          : next;
      }
      case 'PartnerManagerAssigned': {
        const next = of({ managerId: event.data.to });
        return event.data.source === 'manual'
          ? { ...next, managerSetByHandAt: event.data.sourceTime }
          : next;
      }
      case 'TechnicalCapacityConfirmed':
        return of({ technicalCapacity: { status: 'confirmed', evidence: event.data.evidence } });
      case 'TechnicalCapacityWithdrawn':
        return of({ technicalCapacity: { status: 'withdrawn', reason: event.data.reason } });
      case 'FlagOpened':
        return of({ openFlags: [...state.profile.openFlags, event.data] });
      case 'FlagClosed':
        return of({
          openFlags: state.profile.openFlags.filter(({ flagId }) => flagId !== event.data.flagId),
        });
      case 'PartnerTraitsAssessed':
        return of({ traits: event.data.traits });
      case 'PartnerUserLinked':
        return of({ users: [...state.profile.users, event.data] });
      case 'PartnerUserUnlinked':
        return of({ users: state.profile.users.filter((user) => !sameUser(user, event.data)) });
    }
  },
};

function register(
  command: Extract<PartnerCommand, { kind: 'register' }>,
  state: PartnerState,
): readonly PartnerEvent[] {
  const { partnerId, name, status, managerId, at } = command;
  if (state.lifecycle === 'absent')
    return [
      {
        type: 'PartnerRegistered',
        data: { partnerId, name, status, managerId, source: 'manual', sourceTime: at },
      },
    ];
  const { profile } = state;
  if (profile.name === name && profile.status === status && profile.managerId === managerId)
    return [];
  throw new DomainError('partners/already-registered');
}

function decideRegistered(
  command: Exclude<PartnerCommand, { kind: 'register' | 'observe' }>,
  profile: PartnerProfile,
): readonly PartnerEvent[] {
  switch (command.kind) {
    case 'changeStatus': {
      const { to, reason, at } = command;
      const from = profile.status;
      if (from === to) return [];
      if (!STATUS_TRANSITIONS[from].includes(to))
        throw new DomainError('partners/status-transition-not-allowed', {
          from,
          to,
          allowed: STATUS_TRANSITIONS[from],
        });
      return [
        {
          type: 'PartnerStatusChanged',
          data: { from, to, source: 'manual', sourceTime: at, reason },
        },
      ];
    }
    case 'assignManager': {
      const { managerId: to, at } = command;
      const from = profile.managerId;
      return from === to
        ? []
        : [
            {
              type: 'PartnerManagerAssigned',
              data: { from, to, source: 'manual', sourceTime: at },
            },
          ];
    }
    case 'confirmTechnicalCapacity': {
      refuseOffboarded(profile);
      const { evidence } = command;
      const { technicalCapacity } = profile;
      return technicalCapacity.status === 'confirmed' && technicalCapacity.evidence === evidence
        ? []
        : [{ type: 'TechnicalCapacityConfirmed', data: { evidence } }];
    }
    case 'withdrawTechnicalCapacity':
      return profile.technicalCapacity.status === 'confirmed'
        ? [{ type: 'TechnicalCapacityWithdrawn', data: { reason: command.reason } }]
        : [];
    case 'openFlag': {
      const { flagId, flagKind: kind, reason } = command;
      if (profile.openFlags.length >= OPEN_FLAGS_MAX)
        throw new DomainError('partners/open-flags-max', { max: OPEN_FLAGS_MAX });
      return [{ type: 'FlagOpened', data: { flagId, kind, reason } }];
    }
    case 'closeFlag': {
      const { flagId, reason } = command;
      if (!profile.openFlags.some((flag) => flag.flagId === flagId))
        throw new DomainError('partners/flag-not-found');
      return [{ type: 'FlagClosed', data: { flagId, reason } }];
    }
    case 'assessTraits': {
      const traits: PartnerTraits = { ...profile.traits, ...command.traits };
      return sameTraits(traits, profile.traits)
        ? []
        : [{ type: 'PartnerTraitsAssessed', data: { traits } }];
    }
    case 'linkUser': {
      const { issuer, subject } = command.user;
      if (profile.users.some((user) => sameUser(user, command.user))) return [];
      refuseOffboarded(profile);
      if (profile.users.length >= PARTNER_USERS_MAX)
        throw new DomainError('partners/users-max', { max: PARTNER_USERS_MAX });
      return [{ type: 'PartnerUserLinked', data: { issuer, subject } }];
    }
    case 'unlinkUser': {
      const { issuer, subject } = command.user;
      if (!profile.users.some((user) => sameUser(user, command.user)))
        throw new DomainError('partners/user-not-linked');
      return [{ type: 'PartnerUserUnlinked', data: { issuer, subject } }];
    }
  }
}

/**
 * The vendor's record is compared with what the vendor said before, field by field: what it merely says again does not
 * undo what a person has set here since. An offboarded partner stays so. What is older than the newest record that was
 * taken changes nothing, not even a field that no record has spoken of.
 */
function observe(observation: PartnerObservation, state: PartnerState): readonly PartnerEvent[] {
  const { partnerId, ...said } = observation;
  const { source, sourceTime } = said;
  if (state.lifecycle === 'absent') {
    return [
      {
        type: 'PartnerRegistered',
        data: {
          partnerId,
          name: said.name,
          status: said.status,
          managerId: said.managerId ?? null,
          source,
          sourceTime,
          observation: {
            kind: said.kind,
            name: said.name,
            status: said.status,
            ...(said.managerId !== undefined && { managerId: said.managerId }),
            ...(said.decidedBy !== undefined && { decidedBy: said.decidedBy }),
          },
        },
      },
    ];
  }
  if (isOlder(sourceTime, state.newestSourceTime)) return [];
  const before = state.vendor;
  const after = raised(before, said);
  if (sameRegisters(before, after)) return [];
  const { profile } = state;
  const events: PartnerEvent[] = [{ type: 'PartnerRecordObserved', data: said }];
  const name = news(before.name, after.name);
  if (name && name.value !== profile.name)
    events.push({ type: 'PartnerRenamed', data: { from: profile.name, to: name.value } });
  const status = news(before.status, after.status, state.statusSetByHandAt);
  if (status && status.value !== profile.status && profile.status !== 'offboarded')
    events.push({
      type: 'PartnerStatusChanged',
      data: { from: profile.status, to: status.value, source, sourceTime: status.sourceTime },
    });
  const manager = news(before.managerId, after.managerId, state.managerSetByHandAt);
  if (manager && manager.value !== profile.managerId)
    events.push({
      type: 'PartnerManagerAssigned',
      data: {
        from: profile.managerId,
        to: manager.value,
        source,
        sourceTime: manager.sourceTime,
      },
    });
  return events;
}

/** The register when it now holds another value, said no earlier than a person's own setting (in whole seconds). */
function news<Value>(
  before: Register<Value> | undefined,
  after: Register<Value> | undefined,
  setByHandAt?: IsoTime,
): Register<Value> | undefined {
  if (!after || (before && before.value === after.value)) return undefined;
  if (setByHandAt && seconds(after.sourceTime) < seconds(setByHandAt)) return undefined;
  return after;
}

function raised(registers: Registers, said: Omit<PartnerObservation, 'partnerId'>): Registers {
  const { sourceTime } = said;
  const verdict = said.kind === 'verdict';
  const of = <Value>(value: Value, rank: number): Register<Value> => ({ sourceTime, rank, value });
  // Of one second: a verdict knows the status best, the record all else.
  const name = higher(registers.name, of(said.name, verdict ? 0 : 1), (a, b) => (a < b ? -1 : 1));
  const status = higher(
    registers.status,
    of(said.status, verdict ? 1 : 0),
    (a, b) => STRICTNESS[a] - STRICTNESS[b],
  );
  const managerId =
    said.managerId === undefined
      ? registers.managerId
      : higher(
          registers.managerId,
          of(said.managerId, verdict ? 0 : 1),
          (a, b) => (a ?? 0) - (b ?? 0),
        );
  return { name, status, ...(managerId && { managerId }) };
}

function higher<Value>(
  before: Register<Value> | undefined,
  said: Register<Value>,
  compare: (a: Value, b: Value) => number,
): Register<Value> {
  if (!before) return said;
  const order =
    seconds(said.sourceTime) - seconds(before.sourceTime) ||
    said.rank - before.rank ||
    (said.value === before.value ? 0 : compare(said.value, before.value));
  return order > 0 ? said : before;
}

const seconds = (time: IsoTime) => Math.floor(Date.parse(time) / 1_000);

const isOlder = (time: IsoTime, than: IsoTime | undefined): than is IsoTime =>
  than !== undefined && seconds(time) < seconds(than);

const sameRegisters = (a: Registers, b: Registers) =>
  a.name === b.name && a.status === b.status && a.managerId === b.managerId;

const sameUser = (a: PartnerUserIdentity, b: PartnerUserIdentity) =>
  a.issuer === b.issuer && a.subject === b.subject;

const sameTraits = (a: PartnerTraits, b: PartnerTraits) =>
  Object.entries(a).every(([trait, met]) => b[trait as keyof PartnerTraits] === met);

function refuseOffboarded(profile: PartnerProfile): void {
  if (profile.status === 'offboarded') throw new DomainError('partners/offboarded');
}
