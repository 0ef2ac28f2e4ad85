import { describe, expect, it } from '@jest/globals';
import type { KeyId, ShareId } from '#kernel';
import type { GivenEvent } from '#projections/testing';
import { projectionSpec } from '#projections/testing';
import type { KeyRingEvent } from '../domain/key-ring.events.js';
import { KEY_VERSION_EVENTS } from '../domain/key-ring.events.js';
import { keysEvents } from '../keys.catalogue.js';
import { keyDirectoryProjection } from './key-directory.projection.js';

const K1 = '00000000-0000-4000-8000-000000000001' as KeyId;
const K2 = '00000000-0000-4000-8000-000000000002' as KeyId;
const S1 = '00000000-0000-4000-8000-0000000000a1' as ShareId;
const RING = 'keyRing-3-affiliate-partner-7';
const AT = '2026-03-01T10:00:00.000Z';
const ACTOR = { type: 'employee', issuer: 'https://id.example', subject: 'ann' } as const;
const TOKEN_HASH = 'b'.repeat(64);
const LOOKUP_HASH = 'a'.repeat(64);

const on = (event: KeyRingEvent, more: Partial<GivenEvent> = {}): GivenEvent => ({
  streamId: RING,
  ...event,
  metadata: { recordedAt: AT, actor: ACTOR },
  ...more,
});

const issued = (keyId = K1, replaces: KeyId | null = null): GivenEvent =>
  on({
    type: 'KeyIssued',
    data: {
      keyId,
      portal: 'affiliate',
      holder: { type: 'partner', id: 7 },
      label: 'Dashboard',
      prefix: 'kl',
      hint: '9xYz',
      secret: { storage: 'sealed', pepperId: 'p1', lookupHash: LOOKUP_HASH },
      verdict: null,
      permissions: [],
      employeeId: null,
      expiresAt: null,
      replaces,
    },
  });

const shared = (): GivenEvent =>
  on({
    type: 'KeyShared',
    data: {
      shareId: S1,
      keyId: K1,
      recipient: { type: 'holderUsers', reference: '7' },
      channel: 'email',
      reason: 'First hand-over',
      bound: 'users',
      tokenHash: TOKEN_HASH,
      pepperId: 'p1',
      expiresAt: '2026-03-02T10:00:00.000Z',
    },
  });

const relabeled = on({
  type: 'KeyRelabeled',
  data: { keyId: K1, from: 'Dashboard', to: 'Looker' },
});
const suspended = on({
  type: 'KeySuspended',
  data: { keyId: K1, scope: 'key', cause: { kind: 'manual', reason: 'Review', event: null } },
});
const reinstated = on({
  type: 'KeyReinstated',
  data: { keyId: K1, scope: 'key', reason: 'Reviewed' },
});
const revoked = (replacedBy: KeyId | null = null) =>
  on({
    type: 'KeyRevoked',
    data: { keyId: K1, reason: 'leaked', note: 'Found in a paste', replacedBy },
  });
const revealed = on({
  type: 'KeyRevealed',
  data: { keyId: K1, purpose: 'support', note: null },
});
const expired = on({ type: 'KeyExpired', data: { keyId: K1, expiresAt: AT } });

const spec = projectionSpec(keyDirectoryProjection);

describe('the key directory', () => {
  it('lists an issued key masked, with its holder, issuer and place', () => {
    spec.given([issued()]).thenRows('api_keys', [
      {
        network_id: 3n,
        key_id: K1,
        portal: 'affiliate',
        holder_type: 'partner',
        holder_id: 7n,
        partner_id: 7n,
        label: 'Dashboard',
        masked: 'kl_aff_…9xYz',
        storage: 'sealed',
        status: 'active',
        version: 1,
        issued_position: 1n,
        issued_at: AT,
        issued_by: ACTOR,
      },
    ]);
  });

  it('takes a key of an advertiser for nobody’s partner', () => {
    const rows = spec
      .given([
        {
          ...issued(),
          streamId: 'keyRing-3-advertiser-advertiser-7',
          data: { ...issued().data, portal: 'advertiser', holder: { type: 'advertiser', id: 7 } },
        },
      ])
      .rows('api_keys');
    expect(rows).toEqual([
      expect.objectContaining({ holder_type: 'advertiser', partner_id: null }),
    ]);
  });

  it('keeps revoked keys, with who revoked them, why, and what replaced them', () => {
    spec.given([issued(), revoked(K2), issued(K2, K1)]).thenRows('api_keys', [
      {
        key_id: K1,
        status: 'revoked',
        revocation_reason: 'leaked',
        revocation_note: 'Found in a paste',
        revoked_at: AT,
        revoked_by: ACTOR,
        replaced_by: K2,
      },
      { key_id: K2, status: 'active', replaces: K1, replaced_by: null },
    ]);
  });

  it('shows why a key is suspended, and nothing of it after it came back', () => {
    spec.given([issued(), suspended]).thenRows('api_keys', [
      {
        status: 'suspended',
        suspension: { scope: 'key', cause: { kind: 'manual', reason: 'Review', event: null } },
        suspended_at: AT,
        suspended_by: ACTOR,
      },
    ]);
    for (const after of [reinstated, revoked(), expired])
      spec
        .given([issued(), suspended, after])
        .thenRows('api_keys', [{ suspension: null, suspended_at: null, suspended_by: null }]);
  });

  it('shows the holder’s suspension over the key’s own, and keeps both in the history', () => {
    const own = { scope: 'key', cause: { kind: 'manual', reason: 'Review', event: null } } as const;
    const holder = { scope: 'holder', cause: { ...own.cause, kind: 'flag' } } as const;
    const byHolder = on({ type: 'KeySuspended', data: { keyId: K1, ...holder } });
    const events = [issued(), byHolder, suspended, byHolder, suspended];
    spec.given(events.slice(0, 4)).thenRows('api_keys', [{ suspension: holder, version: 4 }]);
    spec
      .given(events)
      .thenHistory('api_keys', [
        { status: 'active' },
        { suspension: holder },
        { suspension: own },
        { suspension: holder },
        { suspension: own, status: 'suspended' },
      ]);
  });

  it('counts just the events that make a key’s version', () => {
    const events = {
      KeyRelabeled: relabeled,
      KeySuspended: suspended,
      KeyReinstated: reinstated,
      KeyRevoked: revoked(),
      KeyExpired: expired,
    };
    expect(['KeyIssued', ...Object.keys(events)].sort()).toEqual([...KEY_VERSION_EVENTS].sort());
    for (const event of Object.values(events))
      spec.given([issued(), event]).thenRows('api_keys', [{ version: 2 }]);
  });

  it('makes no version of a key when it is revealed or shared, and keeps each reveal', () => {
    const told = spec.given([issued(), revealed, shared(), revealed]);
    told.thenHistory('api_keys', [{ version: 1, from_position: 1n }]);
    told.thenRows('key_reveals', [
      { network_id: 3n, key_id: K1, revealed_position: 2n, revealed_at: AT },
      { network_id: 3n, key_id: K1, revealed_position: 4n, revealed_at: AT },
    ]);
    told.thenRows('shares', [{ key_id: K1, shared_position: 3n, shared_at: AT }]);
  });

  it('keeps every version of a key for looks into the past', () => {
    spec.given([issued(), relabeled, revoked()]).thenHistory('api_keys', [
      { label: 'Dashboard', status: 'active', from_position: 1n },
      { label: 'Looker', status: 'active', from_position: 2n },
      { label: 'Looker', status: 'revoked', from_position: 3n },
    ]);
  });

  it('follows a share from open to opened or ended', () => {
    spec.given([issued(), shared()]).thenRows('shares', [
      {
        network_id: 3n,
        share_id: S1,
        key_id: K1,
        partner_id: 7n,
        portal: 'affiliate',
        recipient_type: 'holderUsers',
        recipient_reference: '7',
        status: 'open',
        shared_position: 2n,
        shared_by: ACTOR,
      },
    ]);
    const opened = on({
      type: 'ShareOpened',
      data: { shareId: S1, keyId: K1, openedBy: { type: 'passphrase' } },
    });
    spec
      .given([issued(), shared(), opened])
      .thenRows('shares', [{ status: 'opened', opened_at: AT, opened_by: { type: 'passphrase' } }]);
    const ended = on({
      type: 'ShareEnded',
      data: { shareId: S1, keyId: K1, reason: 'keyRevoked' },
    });
    spec
      .given([issued(), shared(), ended])
      .thenRows('shares', [{ status: 'ended', ended_at: AT, end_reason: 'keyRevoked' }]);
  });

  it('holds no hash of a secret or of a token in any row or version', () => {
    const told = spec.given([issued(), shared(), revoked()]);
    for (const table of ['api_keys', 'shares']) {
      const text = JSON.stringify(told.rows(table), (_, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      expect(text).not.toContain(TOKEN_HASH);
      expect(text).not.toContain(LOOKUP_HASH);
    }
  });

  it('stops at an event about a key that was never issued', () => {
    expect(() => spec.given([revoked()]).rows('api_keys')).toThrow(
      /table api_keys has no row 3 0000/,
    );
  });

  it('handles every event of a key ring', () => {
    expect([...keyDirectoryProjection.handles].sort()).toEqual(Object.keys(keysEvents).sort());
  });
});
