import { describe, expect, it } from '@jest/globals';
import { projectionSpec } from '#projections/testing';
import { partnersEvents } from '../index.js';
import { partnerEventExamples } from '../testing/index.js';
import { partnerDirectory } from './partner-directory.projection.js';

const directory = projectionSpec(partnerDirectory);
const given = (events: Parameters<typeof directory.given>[0]) => directory.given(events);
const of = (network: number, partner: number) => (type: keyof typeof partnerEventExamples) => ({
  type,
  data: partnerEventExamples[type],
  streamId: `partner-${String(network)}-${String(partner)}`,
});
const event = of(101, 2003);

describe('the partner directory', () => {
  it('looks at every event of a partner but the vendor’s own records, and at none of a marketplace partner', () => {
    expect(Array.from(partnerDirectory.handles).sort()).toEqual(
      Object.keys(partnersEvents)
        .filter((type) => type !== 'PartnerRecordObserved' && !type.startsWith('Marketplace'))
        .sort(),
    );
  });

  it('keeps equal partner ids of two networks apart', () => {
    given([of(101, 7)('PartnerRegistered'), of(102, 7)('PartnerRegistered')]).thenRows('partners', [
      { network_id: 101n, partner_id: 7n },
      { network_id: 102n, partner_id: 7n },
    ]);
  });

  it('shows a partner as it is', () => {
    given([
      event('PartnerRegistered'),
      event('PartnerRenamed'),
      event('PartnerStatusChanged'),
      event('PartnerManagerAssigned'),
      event('TechnicalCapacityConfirmed'),
      event('FlagOpened'),
      event('PartnerTraitsAssessed'),
      event('PartnerUserLinked'),
    ]).thenRows('partners', [
      {
        name: 'Elmfield Group',
        status: 'suspended',
        manager_id: null,
        technical_capacity: 'confirmed',
        technical_capacity_note: 'their script pulled a report in the sandbox',
        open_flags: [partnerEventExamples.FlagOpened],
        open_flags_count: 1,
        traits: partnerEventExamples.PartnerTraitsAssessed.traits,
        users: [partnerEventExamples.PartnerUserLinked],
        source: 'webhook',
        registered_position: 1n,
      },
    ]);
  });

  it('takes away what was closed, withdrawn and unlinked, and keeps what was', () => {
    const events = [
      event('PartnerRegistered'),
      event('TechnicalCapacityConfirmed'),
      event('TechnicalCapacityWithdrawn'),
      event('FlagOpened'),
      event('FlagClosed'),
      event('PartnerUserLinked'),
      event('PartnerUserUnlinked'),
    ];
    given(events).thenRows('partners', [
      { technical_capacity: 'withdrawn', open_flags: [], open_flags_count: 0, users: [] },
    ]);
    given(events).thenHistory('partners', [
      { from_position: 1n, manager_id: 12n, status: 'pending' },
      { from_position: 2n, technical_capacity: 'confirmed' },
      { from_position: 3n },
      { from_position: 4n, open_flags_count: 1 },
      { from_position: 5n, open_flags_count: 0 },
      { from_position: 6n, users: [partnerEventExamples.PartnerUserLinked] },
      { from_position: 7n, users: [] },
    ]);
  });
});
