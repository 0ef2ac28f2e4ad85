import { describe, expect, it } from '@jest/globals';
import { networkId, streamId } from '#kernel';
import { EventCatalogue, type StoredEvent } from '#event-store';
import { FixedClock } from '#kernel/testing';
import { MemoryEventStore } from '#event-store/memory';
import { PersonalData } from '#sealing';
import { accessEvents } from '../access.events.js';
import { AccessOptions } from '../access.options.js';
import type { AccessDenied } from '../domain/access-denied.events.js';
import type { Principal } from '../domain/principal.value.js';
import { EventStoreAccessDenials } from './event-store-access-denials.js';

class PlainlySealed extends PersonalData {
  override seal(subject: string, text: string): Promise<string> {
    return Promise.resolve(`sealed(${subject}:${text.length.toString()})`);
  }
  override open(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }
  override erase(): Promise<void> {
    return Promise.resolve();
  }
}

class BrokenStore extends MemoryEventStore {
  down = false;
  override append(
    ...request: Parameters<MemoryEventStore['append']>
  ): ReturnType<MemoryEventStore['append']> {
    return this.down ? Promise.reject(new Error('down')) : super.append(...request);
  }
}

const sam: Principal = {
  actor: { type: 'employee', issuer: 'https://id.example', subject: 'sam' },
  networkId: networkId(1),
};
const catalogue = new EventCatalogue(accessEvents);

describe('recording denials', () => {
  const clock = new FixedClock(new Date('2026-03-04T23:59:00Z'));
  const setup = (store = new BrokenStore()) => ({
    store,
    denials: new EventStoreAccessDenials(
      store,
      catalogue,
      new PlainlySealed(),
      clock,
      new AccessOptions({ issuers: [] }),
    ),
  });
  const stored = async (store: MemoryEventStore, stream?: string) => {
    const events: StoredEvent[] = [];
    for await (const event of stream ? store.readStream(stream) : store.readAll())
      events.push(event);
    return events.map((event) => catalogue.decode<AccessDenied>(event));
  };
  const total = (events: Awaited<ReturnType<typeof stored>>) =>
    events.reduce((sum, { data }) => sum + data.count, 0);

  it('stores 100,000 bad requests as at most 1,000 events, and counts each of them', async () => {
    const { denials, store } = setup();
    for (let n = 0; n < 100_000; n += 1) {
      if (n % 2 === 0)
        denials.record({
          code: 'access/unauthenticated',
          ip: `198.51.${String(n % 256)}.${String(n % 199)}`,
        });
      else denials.record({ code: 'access/forbidden', principal: sam, ip: '192.0.2.1' });
      // 100,000 requests in 50 s: five windows.
      if (n % 20_000 === 19_999) await denials.flush();
    }
    await denials.onApplicationShutdown();
    const events = await stored(store);
    expect(events.length).toBeLessThanOrEqual(1_000);
    expect(total(events)).toBe(100_000);
  });

  it('stores the first refusal at once, in the stream of its network and day, with who it was and the address sealed', async () => {
    const { denials, store } = setup();
    denials.record({ code: 'access/forbidden', principal: sam, ip: '192.0.2.1' });
    denials.record({ code: 'access/unauthenticated', ip: '192.0.2.9' });
    await denials.flush();
    const [mine] = await stored(store, streamId('accessDenied', networkId(1), '20260304'));
    expect(mine?.data).toMatchObject({
      code: 'access/forbidden',
      count: 1,
      windowSeconds: 0,
      actor: sam.actor,
    });
    expect(mine?.metadata).toMatchObject({ actor: sam.actor, networkId: 1 });
    expect(mine?.metadata.ip).toMatch(/^sealed/);
    const [strange] = await stored(store, streamId('accessDenied', 0, '20260304'));
    expect(strange?.data).toMatchObject({ actor: null, count: 1 });
    expect(strange?.metadata.networkId).toBeNull();
    expect(JSON.stringify(store.description)).not.toContain('192.0.2');
    await denials.onApplicationShutdown();
  });

  it('keeps what it counted while the event store is down, within bounds, and stores it afterwards', async () => {
    const { denials, store } = setup();
    store.down = true;
    for (let n = 0; n < 5_000; n += 1)
      denials.record({ code: `keys/problem-${String(n % 100)}`, principal: sam, ip: '192.0.2.1' });
    for (let n = 0; n < 3; n += 1) await denials.flush();
    expect(await stored(store)).toHaveLength(0);
    store.down = false;
    await denials.onApplicationShutdown();
    expect(total(await stored(store))).toBe(5_000);
  });

  it('goes behind what another process wrote to the same stream', async () => {
    const one = setup();
    const other = setup(one.store);
    for (let n = 0; n < 5; n += 1) {
      one.denials.record({ code: `keys/one-${String(n)}`, principal: sam });
      await one.denials.flush();
      other.denials.record({ code: `keys/other-${String(n)}`, principal: sam });
      await other.denials.flush();
    }
    expect(await stored(one.store)).toHaveLength(10);
    await one.denials.onApplicationShutdown();
    await other.denials.onApplicationShutdown();
  });
});
