import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { AppendResult, EventMetadata, ExpectedRevision, NewEvent } from '#event-store';
import {
  AppendOutcomeUnknownError,
  EventCatalogue,
  EventStoreUnavailableError,
  InvalidEventError,
  notingPositions,
  PositionsSeen,
} from '#event-store';
import { MemoryEventStore, MemoryLog } from '#event-store/memory';
import type { Decider, DomainEvent } from '#kernel';
import { DomainError, schema } from '#kernel';
import { FixedClock } from '#kernel/testing';
import { ProblemCatalogue, requestProblems } from '#problems';
import { PersonalData, WrappingKeyMissingError } from '#sealing';
import { memorySealing } from '#sealing/testing';
import { RequestHasher } from './request-hasher.js';
import type { MemoryMessagingOptions } from './testing/index.js';
import { memoryMessaging, MirroredPersonalData, requestContext } from './testing/index.js';
import type { Receipt } from './index.js';
import { CONFLICT_RETRIES_MAX, UpgradeGate } from './index.js';

type Painted = DomainEvent<'Painted', { readonly colour: string; readonly secret?: string }>;
type Wall = readonly string[];
interface Paint {
  readonly colour: string;
  readonly secret?: string;
}

/** A wall takes each colour once, never brown, and nothing but white while it is being primed. */
const wall: Decider<Wall, Paint, Painted> = {
  initialState: () => [],
  decide({ colour, secret }, colours) {
    if (colour === 'brown') throw new DomainError('walls/never-brown', { colours });
    if (colour === 'gold') throw new DomainError('walls/shop-closed');
    if (colours.includes(colour)) return [];
    return [{ type: 'Painted', data: { colour, ...(secret === undefined ? {} : { secret }) } }];
  },
  evolve: (colours, { data }) => [...colours, data.colour],
};

const catalogue = new EventCatalogue({ Painted: { version: 1, retention: 'governance' } });
const problems = new ProblemCatalogue(requestProblems, {
  'walls/never-brown': { status: 409, title: 'Brown', detail: 'Take another colour.' },
  'walls/shop-closed': { status: 503, title: 'Closed', detail: 'Come back.' },
});

function setUp(options: Partial<MemoryMessagingOptions> = {}) {
  const log = new MemoryLog();
  const messaging = memoryMessaging({
    catalogue,
    problems,
    store: new MemoryEventStore(log),
    ...options,
  });
  const streamId = `wall-1-${randomUUID()}`;
  const paint = (colour: string, context = requestContext(), stream = streamId) =>
    messaging.decisions.execute({ streamId: stream, decider: wall, command: { colour }, context });
  const colours = async () => (await messaging.streams.load(streamId, wall)).state;
  return { ...messaging, log, streamId, paint, colours };
}

const sent = (body: string, commandId: string = randomUUID()) =>
  requestContext({ commandId, requestHash: `pepper:${body}`, idempotent: true });

/** Fails the appends that `fault` says, before or after they were stored. */
class FaultyStore extends MemoryEventStore {
  appends = 0;
  constructor(
    log: MemoryLog,
    private readonly fault: (attempt: number) => 'before' | 'after' | undefined,
    private readonly error: Error,
    private readonly beforeAppend: () => Promise<unknown> = () => Promise.resolve(),
  ) {
    super(log);
  }
  override async append(
    streamId: string,
    expected: ExpectedRevision,
    events: readonly NewEvent[],
  ): Promise<AppendResult> {
    const attempt = (this.appends += 1);
    await this.beforeAppend();
    const fault = this.fault(attempt);
    if (fault === 'before') throw this.error;
    const result = await super.append(streamId, expected, events);
    if (fault === 'after') throw this.error;
    return result;
  }
}

describe('the address of a request', () => {
  it('is sealed once for all its decisions, and anew for another request or person', async () => {
    const seals: string[] = [];
    class CountedPersonalData extends MirroredPersonalData {
      override seal(subject: string, text: string): Promise<string> {
        seals.push(`${subject} ${text}`);
        return super.seal(subject, text);
      }
    }
    const { paint, log } = setUp({ personalData: new CountedPersonalData() });
    const request = requestContext({ ip: '203.0.113.7', userAgent: 'curl/8' });
    const decision = (changes: object = {}) => ({
      ...request,
      commandId: randomUUID(),
      ...changes,
    });
    for (const colour of ['red', 'blue', 'green']) await paint(colour, decision());
    expect(seals).toHaveLength(2);
    await paint('white', decision({ actor: { ...request.actor, subject: 'bob' } }));
    await paint('black', decision({ correlationId: randomUUID() }));
    expect(seals).toHaveLength(6);
    const ips = log.events.map(({ metadata }) => (JSON.parse(metadata) as EventMetadata).ip);
    expect(new Set(ips)).toEqual(
      new Set([
        'sealed(https://issuer.test|alice):7.311.0.302',
        'sealed(https://issuer.test|bob):7.311.0.302',
      ]),
    );
  });
});

describe('a decision whose event does not fit its schema', () => {
  it('stores nothing, is no refusal, and can be asked for again', async () => {
    const strict = new EventCatalogue({
      Painted: {
        version: 1,
        retention: 'governance',
        data: schema.object<Painted['data']>({
          colour: schema.text({ pattern: /^(red|blue)$/ }),
          secret: schema.optional(schema.text()),
        }),
      },
    });
    const { paint, log, colours } = setUp({ catalogue: strict });
    const context = sent('hunter2');
    for (let n = 0; n < 2; n += 1) {
      const error = await paint('hunter2', context).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(InvalidEventError);
      expect(error).not.toBeInstanceOf(DomainError);
      expect(String(error)).toContain('Painted version 1 does not fit its schema');
      expect(String(error)).not.toContain('hunter2');
    }
    expect(log.events).toHaveLength(0);
    await paint('red');
    expect(await colours()).toEqual(['red']);
  });
});

describe('a decision', () => {
  it('stores its events at the expected revision and gives a receipt', async () => {
    const { paint, log, streamId } = setUp();
    await paint('red');
    const receipt = await paint('blue');
    expect(receipt).toMatchObject({
      streamId,
      revision: 1n,
      position: 2n,
      state: ['red', 'blue'],
      replayed: false,
    });
    expect(receipt.eventIds).toEqual([log.events[1]?.id]);
    expect(receipt.events).toMatchObject([{ type: 'Painted', revision: 1n }]);
  });

  it('writes who, when and why beside each event, and the address only sealed', async () => {
    const clock = new FixedClock();
    const { paint, log } = setUp({ clock });
    const context = requestContext({
      now: clock.now(),
      ip: '203.0.113.7',
      userAgent: 'curl/8',
      clientRequestId: 'r-1',
    });
    await paint('red', context);
    const text = log.events[0]?.metadata ?? '';
    expect(text).not.toContain('203.0.113.7');
    const { salt, ...metadata } = JSON.parse(text) as EventMetadata;
    expect(salt).toMatch(/^[0-9a-f]{32}$/);
    expect(metadata).toEqual({
      $correlationId: context.correlationId,
      $causationId: context.causationId,
      commandId: context.commandId,
      requestHash: context.requestHash,
      schemaVersion: 1,
      actor: context.actor,
      networkId: 1,
      ip: 'sealed(https://issuer.test|alice):7.311.0.302',
      userAgent: 'sealed(https://issuer.test|alice):8/lruc',
      clientRequestId: 'r-1',
      recordedBy: 'test',
      recordedAt: clock.now().toISOString(),
    });
  });

  it('is stored without address when the wrapping key is missing', async () => {
    class NoKey extends PersonalData {
      override seal(): Promise<string> {
        return Promise.reject(new WrappingKeyMissingError());
      }
      override open(): Promise<string | undefined> {
        return Promise.resolve(undefined);
      }
      override erase(): Promise<void> {
        return Promise.resolve();
      }
    }
    const { paint, log } = setUp({ personalData: new NoKey() });
    await paint('red', requestContext({ ip: '203.0.113.7' }));
    expect(log.events[0]?.metadata).not.toContain('"ip"');
  });

  it('waits for readers of an older release, with nothing stored', async () => {
    class OldReader extends UpgradeGate {
      override assertReadable(): Promise<void> {
        return Promise.reject(new DomainError('event-store/upgrade-pending'));
      }
    }
    const { paint, log } = setUp({ upgradeGate: new OldReader() });
    await expect(paint('red')).rejects.toMatchObject({ code: 'event-store/upgrade-pending' });
    expect(log.events).toHaveLength(0);
  });
});

describe('a refusal', () => {
  const refusedAt = async (decide: () => Promise<unknown>): Promise<bigint | undefined> => {
    const seen = new PositionsSeen();
    await expect(notingPositions(seen, decide)).rejects.toThrow(DomainError);
    return seen.position;
  };

  it('stands at the last event of the stream that it was decided on', async () => {
    const { paint } = setUp();
    expect(await refusedAt(() => paint('brown'))).toBeUndefined();
    await paint('red');
    await paint('blue');
    await paint('red', requestContext(), `wall-1-${randomUUID()}`);
    expect(await refusedAt(() => paint('brown'))).toBe(2n);
  });

  it('stands where it stood when it is asked for again after the stream moved on', async () => {
    const { paint } = setUp();
    await paint('red');
    const context = sent('brown');
    expect(await refusedAt(() => paint('brown', context))).toBe(1n);
    await paint('blue');
    expect(await refusedAt(() => paint('brown', context))).toBe(1n);
    expect(await refusedAt(() => paint('brown', sent('brown')))).toBe(2n);
  });

  it('of what was read before a decision stands at the last event of it', async () => {
    const { paint, streams, streamId } = setUp();
    await paint('red');
    const other = `wall-1-${randomUUID()}`;
    await paint('red', requestContext(), other);
    const look = (stream: string) => async () => {
      await streams.load(stream, wall);
      throw new DomainError('walls/shop-closed');
    };
    expect(await refusedAt(look(streamId))).toBe(1n);
    expect(await refusedAt(look(other))).toBe(2n);
  });

  it('after a first decision of the same call stands no earlier than that one', async () => {
    const { paint } = setUp();
    const other = `wall-1-${randomUUID()}`;
    await paint('red', requestContext(), other);
    const both = async () => {
      await paint('blue');
      await paint('brown', requestContext(), other);
    };
    expect(await refusedAt(both)).toBe(2n);
  });
});

describe('a request that is sent again', () => {
  it('appends nothing and gets the first answer, also when the stream has moved on', async () => {
    const { paint, colours } = setUp();
    const context = sent('red');
    const first = await paint('red', context);
    await paint('blue');
    const again = await paint('red', context);
    expect(again).toMatchObject({
      revision: first.revision,
      position: first.position,
      eventIds: first.eventIds,
      state: ['red'],
      replayed: true,
    });
    expect(await colours()).toEqual(['red', 'blue']);
  });

  it('is refused when its body is another one', async () => {
    const { paint, colours } = setUp();
    const { commandId } = sent('red');
    await paint('red', sent('red', commandId));
    await expect(paint('blue', sent('blue', commandId))).rejects.toMatchObject({
      code: 'request/idempotency-key-reused',
    });
    expect(await colours()).toEqual(['red']);
  });

  it('is refused when its other body leads to another stream', async () => {
    const { paint, log } = setUp();
    const { commandId } = sent('red');
    await paint('red', sent('red', commandId));
    await expect(
      paint('blue', sent('blue', commandId), `wall-1-${randomUUID()}`),
    ).rejects.toMatchObject({ code: 'request/idempotency-key-reused' });
    expect(log.events).toHaveLength(1);
  });

  it('is refused when its other body comes after a refusal', async () => {
    const { paint } = setUp();
    const { commandId } = sent('brown');
    await expect(paint('brown', sent('brown', commandId))).rejects.toThrow('walls/never-brown');
    await expect(paint('red', sent('red', commandId))).rejects.toThrow(
      'request/idempotency-key-reused',
    );
  });

  describe.each(['red', 'brown'])('after the pepper was rotated, having asked for %s', (colour) => {
    async function rotated() {
      const { sealingKeys, peppers } = memorySealing(new FixedClock());
      const hasher = new RequestHasher(peppers);
      const { paint, log } = setUp();
      const commandId = randomUUID();
      const ask = async (body: string) => {
        const hashes = await hasher.hash('paint', { body });
        return paint(body, requestContext({ commandId, idempotent: true, ...hashes }));
      };
      const first = await ask(colour).catch((error: unknown) => error);
      sealingKeys.rotatePepper();
      return { ask, first, log };
    }

    it('is refused with another body', async () => {
      const { ask } = await rotated();
      await expect(ask('blue')).rejects.toMatchObject({ code: 'request/idempotency-key-reused' });
    });

    it('gets the first answer with the same body', async () => {
      const { ask, first, log } = await rotated();
      const stored = log.events.length;
      const again = await ask(colour).catch((error: unknown) => error);
      if (first instanceof Error) expect(again).toEqual(first);
      else expect(again).toMatchObject({ eventIds: (first as Receipt).eventIds, replayed: true });
      expect(log.events).toHaveLength(stored);
    });
  });

  it('gets the same refusal, with the details of then', async () => {
    const { paint } = setUp();
    const context = sent('brown');
    await expect(paint('brown', context)).rejects.toMatchObject({ details: { colours: [] } });
    await paint('red');
    await expect(paint('brown', context)).rejects.toMatchObject({
      code: 'walls/never-brown',
      details: { colours: [] },
    });
  });

  it('gets the same answer when nothing was stored, as of then', async () => {
    const { paint } = setUp();
    await paint('red');
    const context = sent('red');
    const first = await paint('red', context);
    expect(first).toMatchObject({ eventIds: [], replayed: false, revision: 0n, position: 1n });
    await paint('blue');
    expect(await paint('red', context)).toMatchObject({
      eventIds: [],
      replayed: true,
      revision: 0n,
      position: 1n,
      state: ['red'],
    });
  });

  it('is decided anew after a refusal that a wait mends', async () => {
    const { decisions, streamId, colours } = setUp();
    const context = sent('gold');
    const paint = (colour: string) =>
      decisions.execute({ streamId, decider: wall, command: { colour }, context });
    await expect(paint('gold')).rejects.toThrow('walls/shop-closed');
    await paint('red');
    expect(await colours()).toEqual(['red']);
  });

  it('is carried out once when it comes twice at the same time, though each drew another secret', async () => {
    const { decisions, streamId, log } = setUp();
    const context = sent('red');
    const draw = () =>
      decisions.execute({
        streamId,
        decider: wall,
        command: () => ({ colour: 'red', secret: randomUUID() }),
        context,
      });
    const receipts = await Promise.all([draw(), draw(), draw()]);
    expect(log.events).toHaveLength(1);
    expect(receipts.filter(({ replayed }) => !replayed)).toHaveLength(1);
    const secrets = receipts.map(({ events }) => events[0]?.data.secret);
    expect(new Set(secrets).size).toBe(1);
  });
});

describe('a decision on a contested stream', () => {
  /** Somebody else paints before each of our first appends. */
  function contested(times: number) {
    const log = new MemoryLog();
    const other = setUp({ store: new MemoryEventStore(log) });
    let painted = 0;
    const store = new FaultyStore(
      log,
      () => undefined,
      new Error('none'),
      () =>
        painted++ < times ? other.paint(`theirs ${String(painted)}`) : Promise.resolve(undefined),
    );
    const { decisions } = memoryMessaging({ catalogue, problems, store });
    return { decisions, streamId: other.streamId, colours: other.colours };
  }
  const command = { colour: 'ours' };

  it('is made again on what the others left', async () => {
    const { decisions, streamId, colours } = contested(CONFLICT_RETRIES_MAX);
    const context = requestContext();
    const receipt = await decisions.execute({ streamId, decider: wall, command, context });
    expect(receipt.revision).toBe(BigInt(CONFLICT_RETRIES_MAX));
    expect((await colours()).at(-1)).toBe('ours');
  });

  it('is given up after a bounded number of times', async () => {
    const { decisions, streamId, colours } = contested(CONFLICT_RETRIES_MAX + 1);
    const context = requestContext();
    await expect(
      decisions.execute({ streamId, decider: wall, command, context }),
    ).rejects.toMatchObject({ code: 'request/conflict' });
    expect(await colours()).not.toContain('ours');
  });

  it('goes on until the deadline when it must not fail', async () => {
    const { decisions, streamId, colours } = contested(CONFLICT_RETRIES_MAX * 3);
    const context = requestContext();
    await decisions.execute({
      streamId,
      decider: wall,
      command,
      context,
      retryUntilDeadline: true,
    });
    expect((await colours()).at(-1)).toBe('ours');
  });

  it('is not made again when the client named the version that it saw', async () => {
    const { decisions, streamId, colours } = contested(1);
    await expect(
      decisions.execute({
        streamId,
        decider: wall,
        command,
        context: requestContext(),
        ifMatch: () => undefined,
      }),
    ).rejects.toMatchObject({ code: 'request/precondition-failed' });
    expect(await colours()).toEqual(['theirs 1']);
  });
});

describe('an append whose outcome is unknown', () => {
  const unknown = new AppendOutcomeUnknownError('the connection broke');

  it.each(['before', 'after'] as const)(
    'is sent again and stored once (broken %s it was stored)',
    async (when) => {
      const log = new MemoryLog();
      const store = new FaultyStore(log, (n) => (n === 1 ? when : undefined), unknown);
      const { paint } = setUp({ store });
      await expect(paint('red')).resolves.toMatchObject({ revision: 0n, replayed: false });
      expect(log.events).toHaveLength(1);
    },
  );

  it('is told as unknown at the deadline, and known by the next request of the same key', async () => {
    const log = new MemoryLog();
    const store = new FaultyStore(log, (n) => (n < 3 ? 'after' : undefined), unknown);
    const { paint } = setUp({ store });
    const now = new Date();
    const context = { ...sent('red'), now, deadline: new Date(now.getTime() + 20) };
    await expect(paint('red', context)).rejects.toMatchObject({ code: 'request/outcome-unknown' });
    const again = { ...context, deadline: new Date(Date.now() + 5_000) };
    await expect(paint('red', again)).resolves.toMatchObject({ revision: 0n, replayed: true });
    expect(log.events).toHaveLength(1);
  });

  it('is a plain "try again" when the store says that nothing was stored', async () => {
    const store = new FaultyStore(
      new MemoryLog(),
      () => 'before',
      new EventStoreUnavailableError('no leader'),
    );
    const { paint } = setUp({ store });
    const now = new Date();
    const context = requestContext({ now, deadline: new Date(now.getTime() + 20) });
    await expect(paint('red', context)).rejects.toMatchObject({
      code: 'event-store/unavailable',
      cause: { message: 'no leader' },
    });
  });
});
