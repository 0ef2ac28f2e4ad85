import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DomainError, keyId, shareId } from '#kernel';
import type { KeyRingCommand, NewKey } from './key-ring.commands.js';
import type { KeyRing } from './key-ring.decider.js';
import { isHolderSuspended, keyRingDecider, keyVersion, liveKeys } from './key-ring.decider.js';
import { KEY_VERSION_EVENTS } from './key-ring.events.js';
import type { KeyRingEvent } from './key-ring.events.js';

const KEYS = Array.from({ length: 8 }, (_, n) =>
  keyId(`00000000-0000-4000-8000-00000000000${String(n)}`),
);
const SHARES = Array.from({ length: 8 }, (_, n) =>
  shareId(`10000000-0000-4000-8000-00000000000${String(n)}`),
);
const START = Date.parse('2026-01-01T00:00:00.000Z');
const ACTIVE_KEYS_MAX = 2;
const time = (hours: number) => new Date(START + hours * 3_600_000).toISOString();

/** Commands of a clock that never goes back; ids of new keys and shares are fresh, as handlers make them. */
const planOf = (keys: number, ...acts: readonly string[]) =>
  fc.array(
    fc.record({
      act: fc.constantFrom(...acts),
      key: fc.nat({ max: keys - 1 }),
      share: fc.nat({ max: 7 }),
      hours: fc.nat({ max: 6 }),
      eligible: fc.boolean(),
      lifetime: fc.option(fc.integer({ min: 1, max: 48 })),
    }),
    { maxLength: 40 },
  );
const SUSPENSIONS = ['suspend', 'suspendRing', 'reinstate', 'reinstateRing'];
const plan = planOf(
  8,
  'issue',
  'issue',
  'share',
  'openShare',
  'endShare',
  'reveal',
  'relabel',
  ...SUSPENSIONS,
  'revoke',
  'revokeAndReissue',
  'expire',
);
/** Mostly suspensions and their ends, of keys that are there. */
const suspensionPlan = planOf(3, 'issue', ...SUSPENSIONS, ...SUSPENSIONS, 'revoke', 'expire');

function run(steps: typeof plan extends fc.Arbitrary<infer T> ? T : never) {
  let state: KeyRing = keyRingDecider.initialState();
  const log: { command: KeyRingCommand; state: KeyRing; events: readonly KeyRingEvent[] }[] = [];
  let hour = 0;
  for (const step of steps) {
    hour += step.hours;
    const fresh = KEYS.find((id) => !state.keys.has(id));
    const freshShare = SHARES.find((id) => !state.shares.has(id));
    const id = KEYS[step.key];
    const of = SHARES[step.share];
    if (!fresh || !freshShare || !id || !of) break;
    const at = time(hour);
    const key: NewKey = {
      keyId: fresh,
      label: 'label',
      prefix: 'kl',
      hint: 'wxyz',
      secret: { storage: 'sealed', pepperId: 'p', lookupHash: fresh },
      permissions: [],
      employeeId: null,
      expiresAt: step.lifetime === null ? null : time(hour + step.lifetime),
    };
    const verdict = {
      eligible: step.eligible,
      blockers: [],
      score: 0,
      threshold: 0,
      traits: [],
    };
    const cause = { kind: 'manual', reason: 'reason', event: null } as const;
    const policy = { activeKeysMax: ACTIVE_KEYS_MAX };
    const commands: Record<string, KeyRingCommand> = {
      issue: {
        type: 'issue',
        portal: 'affiliate',
        holder: { type: 'partner', id: 7 },
        key,
        policy,
        verdict,
        at,
      },
      share: {
        type: 'share',
        keyId: id,
        share: {
          shareId: freshShare,
          recipient: { type: 'holderUsers', reference: '7' },
          channel: 'chat',
          reason: 'reason',
          bound: 'users',
          tokenHash: freshShare,
          pepperId: 'p',
          expiresAt: time(hour + 24),
        },
        shareTtlSecondsMax: 86_400,
        at,
      },
      openShare: { type: 'openShare', shareId: of, openedBy: { type: 'passphrase' }, at },
      endShare: { type: 'endShare', shareId: of, reason: 'withdrawn' },
      reveal: { type: 'reveal', keyId: id, purpose: 'support', note: null, at },
      relabel: { type: 'relabel', keyId: id, label: `label ${String(hour)}`, at },
      suspend: { type: 'suspend', keyId: id, cause, at },
      suspendRing: { type: 'suspendRing', cause, at },
      reinstate: { type: 'reinstate', keyId: id, reason: 'reason', verdict, at },
      reinstateRing: { type: 'reinstateRing', reason: 'reason', verdict, at },
      revoke: { type: 'revoke', keyId: id, reason: 'unused', note: null },
      revokeAndReissue: {
        type: 'revokeAndReissue',
        keyId: id,
        reason: 'rotated',
        note: null,
        replacement: key,
        policy,
        verdict,
        at,
      },
      expire: { type: 'expire', at },
    };
    const command = commands[step.act];
    if (!command) throw new Error(`no command ${step.act}`);
    let events: readonly KeyRingEvent[];
    try {
      events = keyRingDecider.decide(command, state);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      continue;
    }
    state = events.reduce((before, event) => keyRingDecider.evolve(before, event), state);
    log.push({ command, state, events });
  }
  return { state, log, events: log.flatMap((entry) => entry.events) };
}

const always = (check: (result: ReturnType<typeof run>) => void, of = plan) => {
  fc.assert(
    fc.property(of, (steps) => {
      check(run(steps));
    }),
    { numRuns: 500 },
  );
};

describe('whatever is asked of a ring', () => {
  it('never has more live keys than the policy says', () => {
    always(({ log }) => {
      for (const { state } of log)
        expect(liveKeys(state).length).toBeLessThanOrEqual(ACTIVE_KEYS_MAX);
    });
  });

  it('a revoked or expired key never gets another event that changes it', () => {
    always(({ events }) => {
      const over = new Set<string>();
      for (const { type, data } of events) {
        if (!('keyId' in data)) continue;
        if (type !== 'ShareEnded') expect(over).not.toContain(data.keyId);
        if (type === 'KeyRevoked' || type === 'KeyExpired') over.add(data.keyId);
      }
    });
  });

  it('a share is opened at most once, never after its end, and only while its key is active', () => {
    always(({ log }) => {
      const done = new Set<string>();
      log.forEach(({ events }, index) => {
        for (const { type, data } of events) {
          if (type !== 'ShareOpened' && type !== 'ShareEnded') continue;
          expect(done).not.toContain(data.shareId);
          done.add(data.shareId);
          if (type === 'ShareOpened')
            expect(log[index - 1]?.state.keys.get(data.keyId)?.status).toBe('active');
        }
      });
    });
  });

  it('an open share is a share of an active key, and a key has at most one', () => {
    always(({ log }) => {
      for (const { state } of log) {
        const open = [...state.shares.values()].filter((share) => share.status === 'open');
        for (const share of open) expect(state.keys.get(share.keyId)?.status).toBe('active');
        expect(new Set(open.map((share) => share.keyId)).size).toBe(open.length);
      }
    });
  });

  it('no key is active beside one that was suspended with its holder', () => {
    always(({ log }) => {
      for (const { state } of log)
        if (isHolderSuspended(state))
          expect(liveKeys(state).every((key) => key.status === 'suspended')).toBe(true);
    });
  });

  it('a key that was suspended by itself is active only after it was reinstated by itself', () => {
    always(({ log }) => {
      const own = new Set<string>();
      for (const { command, state, events } of log) {
        if (command.type === 'suspend') own.add(command.keyId);
        for (const { type, data } of events)
          if (type === 'KeyReinstated' && data.scope === 'key') own.delete(data.keyId);
        for (const key of liveKeys(state))
          if (own.has(key.keyId)) expect(key.status).toBe('suspended');
      }
    }, suspensionPlan);
  });

  it('a holder that was suspended by hand gets no key before it is reinstated', () => {
    always(({ log }) => {
      let held = false;
      for (const { command, events } of log) {
        const types = events.map(({ type }) => type);
        if (held) expect(types).not.toContain('KeyIssued');
        if (command.type === 'suspendRing') held = true;
        if (types.includes('HolderReinstated')) held = false;
      }
    }, suspensionPlan);
  });

  it('a key’s version is the count of the events that change it', () => {
    always(({ state, events }) => {
      for (const id of KEYS)
        expect(keyVersion(state, id)).toBe(
          events.filter(
            ({ type, data }) =>
              'keyId' in data &&
              data.keyId === id &&
              (KEY_VERSION_EVENTS as readonly string[]).includes(type),
          ).length,
        );
    });
  });

  it('every replacement is linked both ways', () => {
    always(({ state }) => {
      for (const key of state.keys.values()) {
        if (key.replaces !== null)
          expect(state.keys.get(key.replaces)).toMatchObject({ replacedBy: key.keyId });
        if (key.status === 'revoked' && key.replacedBy !== null)
          expect(state.keys.get(key.replacedBy)?.replaces).toBe(key.keyId);
      }
    });
  });
});
