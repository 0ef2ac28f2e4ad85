import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventCatalogue, ledgerEvents } from '#event-store';
import type { RecordedEvent } from '#event-store';
import type { Process } from '#projections';
import { EventReaders, PROCESS_ATTEMPTS_MAX, ProcessRunner } from '#projections';
import { counted, EngineFixture, eventually, FIXTURE_EVENTS } from '../testing/engine-fixture.js';

let engine: EngineFixture;
const started: ProcessRunner[] = [];
beforeEach(async () => {
  engine = await EngineFixture.start();
});
afterEach(async () => {
  for (const runner of started.splice(0)) await runner.stop();
  await engine.stop();
});

function run(...processes: Process[]): ProcessRunner {
  const { store, catalogue, clock } = engine;
  const runner = new ProcessRunner({ store, catalogue, clock, pool: engine.newPool() }, processes);
  started.push(runner);
  runner.start();
  return runner;
}

function recording(
  name = 'recording',
  before: (id: number) => void = () => undefined,
): Process & { ids: number[] } {
  const ids: number[] = [];
  return {
    ids,
    name,
    handles: ['Counted'],
    handle: (event: RecordedEvent) => {
      const { id } = event.data as { id: number };
      before(id);
      ids.push(id);
      return Promise.resolve();
    },
  };
}

describe('a process runner', () => {
  it('hands over each event of its types in order, and goes on after the last one when it is started again', async () => {
    const first = recording();
    const runner = run(first);
    await engine.append(counted(1), { type: 'Elsewhere', data: {} }, counted(2), counted(3));
    await eventually(
      () => Promise.resolve(first.ids),
      (ids) => ids.length === 3,
    );
    expect(first.ids).toEqual([1, 2, 3]);
    await runner.stop();
    const second = recording();
    run(second);
    await engine.append(counted(4));
    await eventually(
      () => Promise.resolve(second.ids),
      (ids) => ids.length > 0,
    );
    expect(second.ids).toEqual([4]);
  });

  it('tries an event again after an error, without holding up other processes', async () => {
    let failures = 2;
    const shaky = recording('shaky', (id) => {
      if (id === 2 && (failures -= 1) >= 0) throw new Error('not yet');
    });
    const steady = recording('steady');
    const runner = run(shaky, steady);
    await engine.append(counted(1), counted(2), counted(3));
    await eventually(
      () => Promise.resolve(shaky.ids),
      (ids) => ids.length === 3,
    );
    expect(shaky.ids).toEqual([1, 2, 3]);
    expect(steady.ids).toEqual([1, 2, 3]);
    expect(await runner.problems()).toEqual([]);
  });

  it('stops at an event that fails again and again, names it, and skips nothing', async () => {
    let tries = 0;
    const failing = recording('failing', (id) => {
      if (id !== 2) return;
      tries += 1;
      throw new Error('never');
    });
    const runner = run(failing, recording('other'));
    await engine.append(counted(1), counted(2), counted(3));
    const [problem] = await eventually(
      () => runner.problems(),
      (problems) => problems.some((text) => text.includes('failed')),
    );
    expect(problem).toMatch(
      /^process failing process failed: at event Counted .+ position 3: never$/,
    );
    expect(failing.ids).toEqual([1]);
    expect(tries).toBe(PROCESS_ATTEMPTS_MAX);
  });
});

describe('readers of events', () => {
  const catalogueOf = (version: number): EventCatalogue =>
    new EventCatalogue(ledgerEvents, {
      ...FIXTURE_EVENTS,
      Counted: { version, retention: 'governance', upcasters: { 1: (data) => data } },
    });
  const readers = (version: number, name: string): EventReaders =>
    new EventReaders(engine.pool, catalogueOf(version), name);

  it('of an older release keep a newer version from being written, until they are gone', async () => {
    const old = readers(1, 'old');
    const api = readers(2, 'api');
    await old.start();
    await api.start();
    const write = () => readers(2, 'api').assertReadable([{ type: 'Counted', version: 2 }]);
    await expect(write()).rejects.toMatchObject({ code: 'event-store/upgrade-pending' });
    await expect(
      readers(2, 'api').assertReadable([{ type: 'Counted', version: 1 }]),
    ).resolves.toBeUndefined();
    await old.stop();
    await expect(write()).resolves.toBeUndefined();
    await api.stop();
  });

  it('that were not heard of for long are gone', async () => {
    const old = readers(1, 'old');
    await old.start();
    await engine.rows("UPDATE ledger.event_readers SET seen_at = now() - interval '1 hour'");
    expect(await readers(2, 'api').upgradePending('Counted', 2)).toBe(false);
    await old.stop();
  });

  it('that crashed are forgotten after a day, others never', async () => {
    const names = async () =>
      (
        await engine.rows<{ reader: string }>('SELECT reader FROM ledger.event_readers ORDER BY 1')
      ).map(({ reader }) => reader);
    const [crashed, away, api] = ['crashed', 'away', 'api'].map((name) => readers(1, name));
    await crashed?.start();
    await engine.rows("UPDATE ledger.event_readers SET seen_at = now() - interval '25 hours'");
    await away?.start();
    await engine.rows(
      "UPDATE ledger.event_readers SET seen_at = now() - interval '23 hours' WHERE reader = 'away'",
    );
    await api?.start();
    expect(await names()).toEqual(['api', 'away']);
    for (const one of [crashed, away, api]) await one?.stop();
  });
});
