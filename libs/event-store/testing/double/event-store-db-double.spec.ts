import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ANY,
  BACKWARDS,
  END,
  EventStoreDBClient,
  jsonEvent,
  NO_STREAM,
  START,
  STREAM_EXISTS,
  streamNameFilter,
} from '@eventstore/db-client';
import type { AllStreamSubscription, AppendResult } from '@eventstore/db-client';
import { within } from '../following.js';
import { DoubleLog } from './double-log.js';
import type { ProposedEvent } from './double-log.js';
import { EventStoreDbDouble } from './index.js';

const doubles: EventStoreDbDouble[] = [];
const clients: EventStoreDBClient[] = [];
/** On an insecure connection the client drops them, and takes the plain route. */
const PLAIN = { credentials: { username: 'any', password: 'any' } };
const ROUTES = [
  ['batch route', {}],
  ['plain route', PLAIN],
] as const;

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
  await Promise.all(doubles.splice(0).map((double) => double.stop()));
});

async function start(
  options: Parameters<typeof EventStoreDbDouble.start>[0] = {},
): Promise<EventStoreDbDouble> {
  const double = await EventStoreDbDouble.start(options);
  doubles.push(double);
  return double;
}

function connect(connectionString: string): EventStoreDBClient {
  const client = EventStoreDBClient.connectionString(connectionString);
  clients.push(client);
  return client;
}

const happened = (n: number, id: string = randomUUID()) =>
  jsonEvent({ id, type: 'Happened', data: { n } });
const stream = () => `double-${randomUUID()}`;

async function taken<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Takes from a subscription what comes until it is enough; the rest is nobody's. */
function following(subscription: AllStreamSubscription) {
  const seen: string[] = [];
  let wake = (): void => undefined;
  const add = (what: string): void => {
    seen.push(what);
    wake();
  };
  subscription.on('confirmation', () => {
    add('confirmation');
  });
  subscription.on('caughtUp', () => {
    add('caughtUp');
  });
  subscription.on('data', ({ event }) => {
    if (event) add(`${event.streamId}@${String(event.revision)}`);
  });
  subscription.on('error', () => {
    add('error');
  });
  const until = (what: string) =>
    within(
      (async () => {
        while (!seen.includes(what))
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      })(),
      `${what} after ${seen.join(' ')}`,
    );
  return { seen, until };
}

describe.each(ROUTES)('an append on the %s', (_, route) => {
  let client: EventStoreDBClient;
  beforeEach(async () => {
    client = connect((await start()).connectionString);
  });

  it('answers wrong revisions with the actual one', async () => {
    const s = stream();
    const at = (expectedRevision: bigint | typeof NO_STREAM | typeof STREAM_EXISTS) =>
      client.appendToStream(s, happened(0), { expectedRevision, ...route });
    for (const wrong of [3n, STREAM_EXISTS] as const)
      await expect(at(wrong)).rejects.toMatchObject({
        type: 'wrong-expected-version',
        actualVersion: 'no_stream',
      });
    await at(NO_STREAM);
    for (const wrong of [NO_STREAM, 1n] as const)
      await expect(at(wrong)).rejects.toMatchObject({ expectedVersion: wrong, actualVersion: 0n });
    expect(await at(STREAM_EXISTS)).toMatchObject({ nextExpectedRevision: 1n });
  });

  it('recognises repeated ids only where the revision does not fit', async () => {
    const s = stream();
    const events = [happened(0), happened(1)];
    const append = (list: typeof events, expectedRevision: bigint | 'any' | 'no_stream') =>
      client.appendToStream(s, list, { expectedRevision, ...route });
    const first = await append(events, NO_STREAM);
    expect(await append(events, NO_STREAM)).toEqual(first);
    expect(await append(events, ANY)).toEqual(first);
    await expect(append([...events, happened(2)], ANY)).rejects.toMatchObject({
      expectedVersion: 'any',
    });
    expect(await append(events, 1n)).toMatchObject({ nextExpectedRevision: 3n });
  });

  it('gives positions that rise, and are not dense', async () => {
    const positions: bigint[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { position }: AppendResult = await client.appendToStream(stream(), happened(n), route);
      if (position) positions.push(position.commit);
    }
    const gaps = positions.slice(1).map((at, i) => at - (positions[i] ?? 0n));
    expect(gaps.every((gap) => gap > 1n)).toBe(true);
  });

  it('refuses more than 1 MiB together', async () => {
    const half = () => jsonEvent({ type: 'Large', data: { text: 'x'.repeat(600_000) } });
    await expect(client.appendToStream(stream(), [half(), half()], route)).rejects.toMatchObject({
      maxAppendSize: 1_048_576,
    });
  });

  it('is refused by a tombstoned stream, and revives a soft-deleted one', async () => {
    const [gone, hidden] = [stream(), stream()];
    for (const s of [gone, hidden])
      await client.appendToStream(s, [happened(0), happened(1)], route);
    await client.tombstoneStream(gone);
    await client.deleteStream(hidden);
    await expect(client.appendToStream(gone, happened(2), route)).rejects.toMatchObject({
      type: 'stream-deleted',
    });
    await expect(taken(client.readStream(hidden))).rejects.toMatchObject({
      type: 'stream-not-found',
    });
    const { nextExpectedRevision } = await client.appendToStream(hidden, happened(2), {
      expectedRevision: NO_STREAM,
      ...route,
    });
    expect(nextExpectedRevision).toBe(2n);
    const revisions = (await taken(client.readStream(hidden))).map(({ event }) => event?.revision);
    expect(revisions).toEqual([2n]);
  });
});

describe('reads', () => {
  let client: EventStoreDBClient;
  beforeEach(async () => {
    client = connect((await start()).connectionString);
  });

  it("begin $all with the server's own events", async () => {
    await client.appendToStream(stream(), happened(0));
    const [first] = await taken(client.readAll({ maxCount: 1 }));
    expect(first?.event?.type.startsWith('$')).toBe(true);
  });

  it('forwards include the position that they start from, backwards not, and none between two', async () => {
    const s = stream();
    const at: bigint[] = [];
    for (let n = 0; n < 3; n += 1)
      at.push((await client.appendToStream(s, happened(n))).position?.commit ?? 0n);
    const read = async (commit: bigint, direction?: typeof BACKWARDS) =>
      (
        await taken(
          client.readAll({
            fromPosition: { commit, prepare: commit },
            maxCount: 2,
            ...(direction && { direction }),
          }),
        )
      ).map(({ event }) => event?.position.commit);
    const [zero = 0n, one = 0n, two = 0n] = at;
    expect(await read(one)).toEqual([one, two]);
    expect(await read(two, BACKWARDS)).toEqual([one, zero]);
    expect(await read(one + 1n)).toEqual([]);
    expect(await read(one + 1_000_000n)).toEqual([]);
  });

  it('see what $maxCount and truncation leave', async () => {
    const s = stream();
    await client.appendToStream(
      s,
      [0, 1, 2, 3, 4].map((n) => happened(n)),
    );
    const revisions = async () =>
      (await taken(client.readStream(s))).map(({ event }) => event?.revision);
    await client.setStreamMetadata(s, { maxCount: 3 });
    expect(await revisions()).toEqual([2n, 3n, 4n]);
    await client.setStreamMetadata(s, { truncateBefore: 4 });
    expect(await revisions()).toEqual([4n]);
    expect((await client.getStreamMetadata(s)).metadata).toEqual({ truncateBefore: 4 });
  });

  it('of nothing and forwards from the end are errors', async () => {
    const s = stream();
    await client.appendToStream(s, happened(0));
    for (const options of [{ maxCount: 0 }, { fromRevision: END }] as const)
      await expect(taken(client.readStream(s, options))).rejects.toMatchObject({ code: 2 });
  });
});

describe('subscriptions', () => {
  it('say caughtUp between history and what comes live', async () => {
    const client = connect((await start()).connectionString);
    const [s, other] = [stream(), stream()];
    await client.appendToStream(s, [happened(0), happened(1)]);
    await client.appendToStream(other, happened(0));
    const { seen, until } = following(
      client.subscribeToAll({
        fromPosition: START,
        filter: streamNameFilter({ prefixes: [s] }),
      }),
    );
    await until('caughtUp');
    await client.appendToStream(other, happened(1));
    await client.appendToStream(s, happened(2));
    await until(`${s}@2`);
    expect(seen).toEqual(['confirmation', `${s}@0`, `${s}@1`, 'caughtUp', `${s}@2`]);
  });

  it('past the end are silent, although events arrive', async () => {
    const client = connect((await start()).connectionString);
    const s = stream();
    const far = { commit: 1n << 60n, prepare: 1n << 60n };
    const { seen, until } = following(client.subscribeToAll({ fromPosition: far }));
    await until('caughtUp');
    await client.appendToStream(s, happened(0));
    const witness = following(client.subscribeToAll({ fromPosition: START }));
    await witness.until(`${s}@0`);
    expect(seen).toEqual(['confirmation', 'caughtUp']);
  });

  it('tell checkpoints in windows, never backwards, at places one can resume from', async () => {
    const client = connect((await start()).connectionString);
    const [s, noise] = [stream(), stream()];
    const { position } = await client.appendToStream(s, happened(0));
    await client.appendToStream(
      noise,
      Array.from({ length: 200 }, (_, n) => happened(n)),
    );
    await client.appendToStream(s, happened(1));
    const told: { commit: bigint; prepare: bigint }[] = [];
    const filter = streamNameFilter({
      prefixes: [s],
      maxSearchWindow: 32,
      checkpointInterval: 1,
      checkpointReached: (_, at) => void told.push(at),
    });
    await following(client.subscribeToAll({ fromPosition: position ?? START, filter })).until(
      'caughtUp',
    );
    expect(told.length).toBeGreaterThan(3);
    expect(told.every((at, i) => i === 0 || at.commit > (told[i - 1]?.commit ?? 0n))).toBe(true);
    const [middle] = told.slice(2);
    const resumed = following(
      client.subscribeToAll({
        fromPosition: middle ?? START,
        filter: streamNameFilter({ prefixes: [s] }),
      }),
    );
    await resumed.until('caughtUp');
    expect(resumed.seen).toEqual(['confirmation', `${s}@1`, 'caughtUp']);
  });

  it('die with one error when their connection is cut', async () => {
    const double = await start();
    const { until, seen } = following(connect(double.connectionString).subscribeToAll());
    await until('caughtUp');
    double.dropConnections();
    await until('error');
    expect(seen.filter((what) => what === 'error')).toHaveLength(1);
  });
});

describe('faults', () => {
  it('delay an answer, freeze the server, let it thaw', async () => {
    const double = await start();
    const client = connect(double.connectionString);
    await client.appendToStream(stream(), happened(0), PLAIN);
    double.faults.delayMs = 120;
    const began = performance.now();
    await client.appendToStream(stream(), happened(1), PLAIN);
    expect(performance.now() - began).toBeGreaterThan(100);
    double.faults.clear();
    double.freeze();
    await expect(
      client.appendToStream(stream(), happened(2), { ...PLAIN, deadline: 150 }),
    ).rejects.toMatchObject({ type: 'deadline-exceeded' });
    double.unfreeze();
    await client.appendToStream(stream(), happened(3), PLAIN);
  });

  it('store an append whose answer is lost', async () => {
    const double = await start();
    const client = connect(double.connectionString);
    const s = stream();
    double.faults.onAppend('storedThenUnavailable');
    await expect(client.appendToStream(s, happened(0), PLAIN)).rejects.toMatchObject({ code: 14 });
    expect(double.log.lastRevision(s)).toBe(0n);
    double.faults.onAppend('unavailable');
    await expect(client.appendToStream(s, happened(1), PLAIN)).rejects.toMatchObject({ code: 14 });
    expect(double.log.lastRevision(s)).toBe(0n);
  });

  it('take the quorum: appends fail, reads answer from the old head', async () => {
    const log = new DoubleLog();
    const [cutOff, other] = [await start({ log }), await start({ log })];
    const client = connect(cutOff.connectionString);
    const s = stream();
    await client.appendToStream(s, happened(0), PLAIN);
    cutOff.loseQuorum();
    await connect(other.connectionString).appendToStream(s, happened(1), PLAIN);
    await expect(client.appendToStream(s, happened(2), PLAIN)).rejects.toMatchObject({
      type: 'timeout',
    });
    expect(await taken(client.readStream(s))).toHaveLength(1);
    cutOff.regainQuorum();
    expect(await taken(client.readStream(s))).toHaveLength(2);
  });

  it('answer one request of the batch route twice, which ends a process with the client in it', async () => {
    const double = await start();
    double.faults.onAppend('answeredTwice');
    const victim = `
      const { EventStoreDBClient, jsonEvent } = require('@eventstore/db-client');
      const client = EventStoreDBClient.connectionString(process.argv[1]);
      client.appendToStream('s', jsonEvent({ type: 'Happened', data: {} })).then(() => {
        console.log('appended');
      });
      setTimeout(() => process.exit(0), 8_000);`;
    const child = spawn(process.execPath, ['-e', victim, double.connectionString]);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await within(once(child, 'close'), 'its end')) as [number];
    expect(output).toContain('appended');
    expect(output).toContain('TypeError');
    expect(code).not.toBe(0);
  });

  it('forget ids with a restart: what was appended at any is stored twice, at an exact revision not', () => {
    const log = new DoubleLog();
    const event: ProposedEvent = {
      id: randomUUID(),
      type: 'Happened',
      isJson: true,
      data: Buffer.from('{}'),
      metadata: new Uint8Array(),
    };
    log.append('s', 'noStream', [event]);
    expect(log.append('s', 'any', [event]).kind).toBe('known');
    log.forgetIds();
    expect(log.append('s', 'noStream', [event]).kind).toBe('known');
    expect(log.append('s', 'any', [event])).toMatchObject({ kind: 'stored', revision: 1n });
  });
});

describe('a node with TLS and users', () => {
  const folder = mkdtempSync(join(tmpdir(), 'double-'));
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('tells right, wrong and missing credentials apart, as the server does', async () => {
    const double = await start({ tls: true, users: { admin: 'changeit' } });
    const file = join(folder, 'ca.pem');
    writeFileSync(file, double.certificateAuthority ?? '');
    const at = (login: string) =>
      connect(
        `esdb://${login}localhost:${String(double.port)}?tlsCAFile=${encodeURIComponent(file)}`,
      );
    const outcome = (promise: Promise<unknown>) =>
      promise.then(
        () => 'ok',
        (error: unknown) => {
          const { type, code } = error as { type?: string; code?: number };
          return `${String(type)} ${String(code)}`;
        },
      );
    const right = at('admin:changeit@');
    const s = stream();
    expect(await outcome(right.appendToStream(s, happened(0)))).toBe('ok');
    expect(await outcome(taken(right.readStream(s)))).toBe('ok');
    const wrong = at('admin:wrong@');
    const credentials = { username: 'nobody', password: 'wrong' };
    expect(await outcome(wrong.appendToStream(s, happened(0)))).toBe('access-denied 16');
    expect(await outcome(wrong.appendToStream(s, happened(0), { credentials }))).toBe(
      'access-denied 16',
    );
    expect(await outcome(taken(wrong.readStream(s)))).toBe('access-denied 16');
    expect(await outcome(wrong.deleteStream(s))).toBe('access-denied 16');
    const none = at('');
    expect(await outcome(none.appendToStream(s, happened(0)))).toBe('access-denied undefined');
    expect(await outcome(taken(none.readStream(s)))).toBe('access-denied 7');
    expect(await outcome(none.deleteStream(s))).toBe('access-denied 7');
  });
});

describe('a stopped double', () => {
  const listening = () =>
    process.getActiveResourcesInfo().filter((kind) => kind === 'TCPServerWrap').length;

  it('listens nowhere, neither on its port nor behind it, once it says so', async () => {
    const before = listening();
    const double = await start();
    expect(listening()).toBeGreaterThan(before);
    await connect(double.connectionString).appendToStream(stream(), happened(0));
    await double.stop();
    expect(listening()).toBe(before);
  });
});

describe('gossip', () => {
  it('leads a client of a cluster to its leader', async () => {
    const log = new DoubleLog();
    const nodes: EventStoreDbDouble[] = [];
    const members = () =>
      nodes.map(({ port }, i) => ({
        host: '127.0.0.1',
        port,
        role: i === 1 ? ('leader' as const) : ('follower' as const),
      }));
    for (let i = 0; i < 3; i += 1) nodes.push(await start({ log, members }));
    const [first] = nodes;
    const client = connect(`esdb+discover://127.0.0.1:${String(first?.port)}?tls=false`);
    await client.appendToStream(stream(), happened(0), PLAIN);
    expect(nodes.map((node) => node.counts.append)).toEqual([0, 1, 0]);
  });
});
