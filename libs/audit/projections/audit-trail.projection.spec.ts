import { describe, expect, it } from '@jest/globals';
import { projectionSpec } from '#projections/testing';
import { auditTrailProjection } from '#audit';

const KEY = '2f9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11';
const RING = 'keyRing-7-affiliate-partner-42';
const rows = (...events: Parameters<ReturnType<typeof projectionSpec>['given']>[0]) =>
  projectionSpec(auditTrailProjection()).given(events).rows('audit_trail');

describe('the audit trail', () => {
  it('has one row an event, with who did what to which key of which partner, and why', () => {
    projectionSpec(auditTrailProjection())
      .given([
        {
          type: 'KeyRevoked',
          streamId: RING,
          data: {
            keyId: KEY,
            reason: 'leaked',
            note: 'seen in a public repository',
            replacedBy: null,
          },
          metadata: { networkId: 7, ip: 'sealed' },
        },
      ])
      .thenRows('audit_trail', [
        {
          position: 1n,
          type: 'KeyRevoked',
          network_id: 7n,
          actor_subject: 'ada',
          target_kind: 'apiKey',
          target_id: KEY,
          key_id: KEY,
          partner_id: 42n,
          reason: 'leaked',
          outcome: 'succeeded',
          sealed_address: 'sealed',
          before: null,
          after: { note: 'seen in a public repository', replacedBy: null },
        },
      ]);
  });

  it('shows what was before and what is since', () => {
    expect(
      rows({
        type: 'PartnerStatusChanged',
        streamId: 'partner-7-42',
        data: { from: 'active', to: 'suspended', source: 'manual', reason: 'chargebacks' },
      }),
    ).toMatchObject([
      {
        target_kind: 'partner',
        target_id: '42',
        partner_id: 42n,
        before: 'active',
        after: 'suspended',
        reason: 'chargebacks',
      },
    ]);
  });

  it('holds nothing that looks up, proves or seals a secret, however deep', () => {
    const text = JSON.stringify(
      rows({
        type: 'KeyIssued',
        streamId: RING,
        data: {
          keyId: KEY,
          label: 'Dashboard',
          secret: { storage: 'sealed', pepperId: 'PEPPER', lookupHash: 'LOOKUP' },
          nested: [
            { tokenHash: 'TOKEN', deeper: { hash: 'HASH', address: 'ADDRESS', kept: 'kept' } },
          ],
        },
      }),
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    );
    expect(text).not.toMatch(/PEPPER|LOOKUP|TOKEN|HASH|ADDRESS/);
    expect(text).toMatch(/kept/);
  });

  it('marks refusals, and says of what', () => {
    expect(
      rows({
        type: 'AccessDenied',
        streamId: 'accessDenied-7-20260101',
        data: { code: 'access/forbidden', count: 3 },
      }),
    ).toMatchObject([
      { outcome: 'refused', target_kind: 'access', target_id: 'access/forbidden', network_id: 7n },
    ]);
  });

  it('has no row for the beacon of the log, and one above all networks for its opening', () => {
    expect(
      rows(
        {
          type: 'LedgerOpened',
          streamId: 'ledger',
          data: { logId: KEY },
          metadata: { networkId: null },
        },
        { type: 'LedgerBeacon', streamId: 'ledgerBeacon-0', data: {} },
      ),
    ).toMatchObject([{ type: 'LedgerOpened', network_id: null, target_kind: 'ledger' }]);
  });

  it('changes nothing of the event itself where it leaves something out', () => {
    const data = {
      keyId: KEY,
      list: [{ kept: 1 }, { token: 'TOKEN' }, {}, null],
      inner: { kept: { deep: [1, 2] }, nothing: {} },
    };
    const before = structuredClone(data);
    expect(rows({ type: 'Noted', streamId: RING, data })).toMatchObject([
      { after: { list: [{ kept: 1 }, null, null, null], inner: { kept: { deep: [1, 2] } } } },
    ]);
    expect(data).toEqual(before);
  });

  it('leaves out values that are too large to read', () => {
    const [row] = rows({ type: 'Noted', streamId: 'note-7-1', data: { text: 'x'.repeat(10_000) } });
    expect(row).toMatchObject({ after: null });
  });

  it('is found by the words of its texts, in lower case', () => {
    const [row] = rows({
      type: 'KeyRelabeled',
      streamId: RING,
      data: { keyId: KEY, from: "Old's label", to: 'Über-Dashboard' },
    });
    const words = row?.['words'] as readonly string[];
    expect(words).toEqual(['keyrelabeled', 'ada', 'old', 's', 'label', 'über', 'dashboard']);
  });

  it('has among its words no id that has an index of its own, and every other one', () => {
    const [share, flag] = [
      '3a9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11',
      '4b9d1c64-7c35-5b1e-9a55-0d9f5f0c7a11',
    ];
    const found = rows(
      {
        type: 'ShareEnded',
        streamId: RING,
        data: { shareId: share, keyId: KEY, reason: 'withdrawn' },
      },
      { type: 'KeyRevoked', streamId: RING, data: { keyId: KEY, replacedBy: flag } },
      { type: 'FlagClosed', streamId: 'partner-7-42', data: { flagId: flag } },
    ).map(({ words }) => (words as readonly string[]).filter((word) => word.length === 32));
    const word = flag.replaceAll('-', '');
    expect(found).toEqual([[], [word], [word]]);
  });

  it('takes a network, never the payload, as the network of the stream', () => {
    expect(
      rows({
        type: 'PartnerRenamed',
        streamId: 'partner-7-42',
        data: { networkId: 9, from: 'a', to: 'b' },
        metadata: { networkId: null },
      }),
    ).toMatchObject([{ network_id: 7n }]);
  });
});
