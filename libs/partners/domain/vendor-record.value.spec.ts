import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { networkId } from '#kernel';
import type { WebhookKind } from './vendor-record.value.js';
import {
  SOURCE_CLOCK_AHEAD_SECONDS_MAX,
  WEBHOOK_KINDS,
  parsePartner,
  partnerIdIn,
  redactedShape,
  reducedRecord,
} from './vendor-record.value.js';

const NOW = new Date('2026-02-01T00:00:00.000Z');
const NOW_SECONDS = NOW.getTime() / 1_000;
const context = { networkId: networkId(101), source: 'webhook', now: NOW } as const;
const example = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../examples/${path}`, import.meta.url), 'utf8'));
const RECORD = {
  network_affiliate_id: 2001,
  network_id: 101,
  name: 'Alder Publishing',
  account_status: 'active',
  network_employee_id: 11,
  time_created: 1_760_000_000,
  time_saved: 1_760_003_600,
};
const refusal = (change: object, kind: WebhookKind | 'listed' = 'updated') => {
  const parsed = parsePartner({ ...RECORD, ...change }, kind, context);
  return parsed.ok ? undefined : parsed.refusal;
};

describe("the vendor's records", () => {
  it('become an observation of what governs keys', () => {
    expect(parsePartner(RECORD, 'updated', context)).toEqual({
      ok: true,
      observation: {
        partnerId: 2001,
        kind: 'record',
        source: 'webhook',
        sourceTime: '2025-10-09T09:53:20.000Z',
        name: 'Alder Publishing',
        status: 'active',
        managerId: 11,
      },
    });
  });

  it('of a verdict are flat, and name who decided', () => {
    expect(
      parsePartner(example('webhooks/partner-sign-up-verdict.json'), 'sign-up-verdict', context),
    ).toMatchObject({
      ok: true,
      observation: { kind: 'verdict', partnerId: 2003, status: 'active', decidedBy: 12 },
    });
  });

  it('of a verdict that says approved make the partner active', () => {
    const verdict = {
      network_id: 101,
      network_affiliate_id: 1,
      network_affiliate_name: 'Birch',
      new_status: 'approved',
      employee_id: 0,
      timestamp: 1_760_000_000,
    };
    const parsed = parsePartner(verdict, 'sign-up-verdict', context);
    expect(parsed).toMatchObject({ ok: true, observation: { status: 'active' } });
    expect(parsed).not.toHaveProperty('observation.decidedBy');
  });

  it('have no manager when the vendor writes 0, and say nothing about one when the field is absent', () => {
    expect(parsePartner({ ...RECORD, network_employee_id: 0 }, 'listed', context)).toMatchObject({
      observation: { managerId: null },
    });
    const without = { ...RECORD, network_employee_id: undefined };
    expect(parsePartner(without, 'listed', context)).not.toHaveProperty('observation.managerId');
  });

  it('count from their creation when they were never saved again', () => {
    expect(parsePartner({ ...RECORD, time_saved: 0 }, 'listed', context)).toMatchObject({
      observation: { sourceTime: '2025-10-09T08:53:20.000Z' },
    });
  });

  it.each([
    ['/network_affiliate_id', 'required', { network_affiliate_id: undefined }],
    ['/network_affiliate_id', 'not-an-integer', { network_affiliate_id: '2001' }],
    ['/network_affiliate_id', 'not-an-integer', { network_affiliate_id: 1.5 }],
    ['/network_affiliate_id', 'not-positive', { network_affiliate_id: -1 }],
    ['/network_id', 'other-network', { network_id: 102 }],
    ['/network_id', 'not-an-integer', { network_id: '101' }],
    ['/name', 'required', { name: null }],
    ['/name', 'not-text', { name: ['Alder'] }],
    ['/name', 'too-long', { name: 'x'.repeat(100_000) }],
    ['/name', 'direction-override', { name: 'Alder \u202Egnihsilbup' }],
    ['/name', 'control-character', { name: 'Alder\u0000' }],
    ['/account_status', 'required', { account_status: undefined }],
    ['/account_status', 'not-a-status', { account_status: 'constructor' }],
    ['/account_status', 'not-a-status', { account_status: 1 }],
    ['/network_employee_id', 'not-an-integer', { network_employee_id: 'Mara' }],
    ['/time_saved', 'not-an-integer', { time_saved: '2026-01-01' }],
    [
      '/time_saved',
      'in-the-future',
      { time_saved: NOW_SECONDS + SOURCE_CLOCK_AHEAD_SECONDS_MAX + 1 },
    ],
    ['/time_saved', 'in-the-future', { time_saved: 1_760_003_600_000 }],
    ['/time_created', 'required', { time_saved: undefined, time_created: undefined }],
  ])('are refused at %s: %s', (pointer, reason, change) => {
    expect(refusal(change)).toEqual({ pointer, reason });
  });

  it.each([null, [], 'text', 7])('are refused when they are no object: %j', (json) => {
    expect(parsePartner(json, 'created', context)).toEqual({
      ok: false,
      refusal: { pointer: '', reason: 'not-an-object' },
    });
  });

  it.each([
    ['webhooks/partner-created.json', 'created'],
    ['webhooks/partner-updated.json', 'updated'],
    ['webhooks/partner-signed-up.json', 'signed-up'],
    ['webhooks/partner-sign-up-verdict.json', 'sign-up-verdict'],
  ] as const)('leave no personal datum of %s in what is kept', (path, kind) => {
    const json = example(path);
    const kept = JSON.stringify([parsePartner(json, kind, context), redactedShape(json)]);
    for (const personal of [
      'example.com',
      'Farah',
      'Grace',
      'Voss',
      '203.0.113.9',
      'EX-',
      '555',
      'Street',
      'sub ID report',
    ])
      expect(kept).not.toContain(personal);
  });

  it('of all example lists are accepted', () => {
    const { affiliates } = example('partners-paged.json') as { affiliates: unknown[] };
    expect(affiliates).toHaveLength(8);
    for (const json of affiliates) expect(parsePartner(json, 'listed', context).ok).toBe(true);
  });

  it('never throw, whatever comes, and a reduced record is judged as the whole one', () => {
    const json = fc.oneof(
      fc.jsonValue(),
      fc.record(
        Object.fromEntries(
          Object.entries(RECORD).map(([field, value]) => [
            field,
            fc.oneof(fc.constant(value), fc.jsonValue()),
          ]),
        ),
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(json, fc.constantFrom(...WEBHOOK_KINDS), (value, kind) => {
        const parsed = parsePartner(value, kind, context);
        redactedShape(value);
        partnerIdIn(value);
        if (parsed.ok) expect(parsed.observation.partnerId).toBe(partnerIdIn(value));
        expect(parsePartner(reducedRecord(value), 'listed', context)).toEqual(
          parsePartner(value, 'listed', context),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('reduced hold nothing but the fields that are read', () => {
    const reduced = JSON.stringify(
      reducedRecord({ ...RECORD, name: { first: 'Ines' }, email: 'x' }),
    );
    expect(reduced).not.toMatch(/Ines|email/);
  });

  it('redacted name no field that the vendor does not document', () => {
    expect(redactedShape({ ...RECORD, name: null, 'ines@example.com': 1 })).toEqual({
      network_affiliate_id: 'integer',
      network_id: 'integer',
      name: 'null',
      account_status: 'string',
      network_employee_id: 'integer',
      time_created: 'integer',
      time_saved: 'integer',
      otherFields: 1,
    });
  });
});
