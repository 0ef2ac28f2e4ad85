import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { DomainEvent } from '#kernel';
import { schema } from '#kernel';
import type { EventMetadata, StoredEvent } from './index.js';
import { EventCatalogue, InvalidEventError, position, UnknownEventError } from './index.js';
import { MemoryEventStore, MemoryLog } from './memory/index.js';

const metadata: Omit<EventMetadata, 'schemaVersion'> = {
  $correlationId: randomUUID(),
  $causationId: randomUUID(),
  commandId: randomUUID(),
  requestHash: 'hash',
  actor: { type: 'system', issuer: 'test', subject: 'test' },
  networkId: null,
  recordedBy: 'test',
  recordedAt: '2026-01-01T00:00:00.000Z',
  salt: '00',
};

/** The release before: `Painted` names a colour. */
const previous = new EventCatalogue({ Painted: { version: 1, retention: 'governance' } });
/** The release after: `Painted` names several. */
const next = new EventCatalogue({
  Painted: {
    version: 2,
    retention: 'governance',
    upcasters: { 1: ({ colour }) => ({ colours: [colour] }) },
  },
  Washed: { version: 1, retention: 'governance' },
});
const third = new EventCatalogue({
  Painted: {
    version: 3,
    retention: 'governance',
    upcasters: {
      1: ({ colour }) => ({ colours: [colour] }),
      2: ({ colours }) => ({ colours, coats: 1 }),
    },
  },
});

function painted(catalogue: EventCatalogue, data: object): StoredEvent {
  const event: DomainEvent = { type: 'Painted', data };
  return {
    ...catalogue.encode(randomUUID(), event, metadata),
    streamId: 'fence-1',
    revision: 4n,
    position: position(9n),
    storedAt: new Date(0),
  };
}

describe('event catalogue', () => {
  it.each([
    ['data', { size: '2' }, {}, 'data/size must be an integer'],
    ['metadata', { size: 2 }, { networkId: 0 }, 'metadata/networkId must be an integer'],
    ['actor', { size: 2 }, { actor: null }, 'metadata/actor must be an object'],
  ])('encodes nothing whose %s does not fit, and says where', (_, data, beside, problem) => {
    const catalogue = new EventCatalogue({
      Built: {
        version: 3,
        retention: 'governance',
        upcasters: { 1: () => ({}), 2: () => ({}) },
        data: schema.object<{ readonly size: number }>({ size: schema.id() }),
      },
    });
    const event = { type: 'Built', data } as DomainEvent;
    expect(() =>
      catalogue.encode(randomUUID(), event, { ...metadata, ...beside } as typeof metadata),
    ).toThrow(problem);
    expect(() =>
      catalogue.encode(randomUUID(), { type: 'Built', data: { size: 2 } }, metadata),
    ).not.toThrow();
  });

  it('writes the current version into the metadata and reads it back', () => {
    const stored = painted(next, { colours: ['red'] });
    expect(JSON.parse(stored.metadata)).toEqual({ ...metadata, schemaVersion: 2 });
    expect(next.decode(stored)).toMatchObject({
      data: { colours: ['red'] },
      revision: 4n,
      position: 9n,
    });
  });

  it('upcasts step by step', () => {
    expect(third.decode(painted(previous, { colour: 'red' })).data).toEqual({
      colours: ['red'],
      coats: 1,
    });
    expect(third.decode(painted(next, { colours: [] })).data).toEqual({ colours: [], coats: 1 });
  });

  it('is not built with a step missing or a type defined twice', () => {
    expect(() => new EventCatalogue({ Painted: { version: 2, retention: 'traffic' } })).toThrow(
      'no upcaster',
    );
    const section = { Painted: { version: 1, retention: 'traffic' } } as const;
    expect(() => new EventCatalogue(section, section)).toThrow('two definitions');
  });

  it('refuses to write a type that it does not know', () => {
    expect(() => previous.encode(randomUUID(), { type: 'Washed', data: {} }, metadata)).toThrow(
      InvalidEventError,
    );
  });

  it.each([0, -1, 1.5, 4, '1', null, undefined])('never skips version %j', (schemaVersion) => {
    const stored = {
      ...painted(third, {}),
      metadata: JSON.stringify({ ...metadata, schemaVersion }),
    };
    expect(() => third.decode(stored)).toThrow(UnknownEventError);
  });
});

describe('an upgrade, the previous release beside the new one', () => {
  it('lets the new one read what the previous wrote, and stops the previous at what it cannot read', async () => {
    const log = new MemoryLog();
    const [oldApi, newApi] = [new MemoryEventStore(log), new MemoryEventStore(log)];
    const encoded = (catalogue: EventCatalogue, type: string, data: object) =>
      catalogue.encode(randomUUID(), { type, data }, metadata);
    await oldApi.append('fence-1', 'noStream', [encoded(previous, 'Painted', { colour: 'red' })]);
    await newApi.append('fence-1', 0n, [encoded(next, 'Painted', { colours: ['red', 'green'] })]);
    await newApi.append('fence-1', 1n, [encoded(next, 'Washed', {})]);

    const read = async (catalogue: EventCatalogue) => {
      const data: object[] = [];
      let stoppedBy: unknown;
      try {
        for await (const event of oldApi.readAll()) data.push(catalogue.decode(event).data);
      } catch (error) {
        stoppedBy = error;
      }
      return { data, stoppedBy };
    };
    expect(await read(next)).toEqual({
      data: [{ colours: ['red'] }, { colours: ['red', 'green'] }, {}],
      stoppedBy: undefined,
    });
    const old = await read(previous);
    expect(old.data).toEqual([{ colour: 'red' }]);
    expect(old.stoppedBy).toBeInstanceOf(UnknownEventError);
    expect(old.stoppedBy).toMatchObject({
      eventType: 'Painted',
      schemaVersion: 2,
      at: 'fence-1@1',
    });
  });
});
