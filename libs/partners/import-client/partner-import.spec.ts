import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImportProgress, ImportResult } from './partner-import.js';
import type { ImportReport, PartnerImport } from './partner-import.js';
import { REPORTED_REFUSALS_MAX, importPartners as importTo } from './partner-import.js';
import { MalformedListError } from './record-splitter.js';

const examples = fileURLToPath(new URL('../../../examples/', import.meta.url));
const record = (id: number) => ({
  network_affiliate_id: id,
  name: `Partner ${String(id)}`,
  account_status: 'active',
  time_saved: 1_760_000_000,
  contact_address: { city: 'Exampleton' },
});

const importPartners = (options: Omit<PartnerImport, 'target'>): Promise<ImportReport> =>
  importTo({ target: 'https://api.example sam', ...options });

/** Answers as the server does for records that it has not seen, and for those that it has. */
class RecordingServer {
  readonly batches: (readonly { network_affiliate_id: number }[])[] = [];
  private readonly seen = new Set<number>();
  send = (records: readonly unknown[]): Promise<readonly ImportResult[]> => {
    const batch = records as readonly { network_affiliate_id: number }[];
    this.batches.push(batch);
    return Promise.resolve(
      batch.map(({ network_affiliate_id: partnerId }) => {
        const outcome = this.seen.has(partnerId) ? 'unchanged' : 'registered';
        this.seen.add(partnerId);
        return { partnerId, outcome };
      }),
    );
  };
  get ids(): number[] {
    return this.batches.flat().map(({ network_affiliate_id: id }) => id);
  }
}

describe('importing a file', () => {
  let folder: string;
  let file: string;
  let server: RecordingServer;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'partner-import-'));
    file = join(folder, 'partners.json');
    server = new RecordingServer();
  });
  afterEach(() => rm(folder, { recursive: true }));
  const write = (count: number) =>
    writeFile(file, JSON.stringify(Array.from({ length: count }, (_, n) => record(n + 1))));

  it('sends every record once, in bounded batches, with progress', async () => {
    await write(1_203);
    const seen: ImportProgress[] = [];
    const report = await importPartners({
      file,
      send: server.send,
      onProgress: (progress) => seen.push(progress),
    });
    expect(report).toMatchObject({
      completed: true,
      records: 1_203,
      registered: 1_203,
      refused: 0,
    });
    expect(server.batches.map((batch) => batch.length)).toEqual([500, 500, 203]);
    expect(seen.map(({ records }) => records)).toEqual([500, 1_000, 1_203]);
    expect(seen.at(-1)).toMatchObject({ bytesRead: report.bytesTotal });
    expect(await readdir(folder)).toEqual(['partners.json']);
  });

  it('sends nothing but the fields that govern keys', async () => {
    for (const name of ['partners-paged.json', 'partners-unpaged.json', 'partners.jsonl'])
      await importPartners({
        file: join(examples, name),
        send: server.send,
        stateFile: join(folder, 'state'),
      });
    expect(server.ids).toHaveLength(24);
    expect(JSON.stringify(server.batches)).not.toMatch(/example\.com|Street|EX-|notes|Farah/);
  });

  it('goes on where it was interrupted', async () => {
    await write(1_600);
    const interruption = new AbortController();
    const first = await importPartners({
      file,
      send: async (records) => {
        const results = await server.send(records);
        if (server.batches.length === 2) interruption.abort();
        return results;
      },
      signal: interruption.signal,
    });
    expect(first).toMatchObject({ completed: false, records: 1_000 });
    const second = await importPartners({ file, send: server.send });
    expect(second).toMatchObject({
      completed: true,
      records: 1_600,
      registered: 1_600,
      resumedAfter: 1_000,
    });
    expect(server.ids).toEqual(Array.from({ length: 1_600 }, (_, n) => n + 1));
  });

  it('does nothing when it is interrupted before it begins', async () => {
    await write(3);
    const report = await importPartners({ file, send: server.send, signal: AbortSignal.abort() });
    expect(report).toMatchObject({ completed: false, records: 0 });
    expect(server.ids).toEqual([]);
  });

  it('goes on after a batch whose answer never came, sending it again', async () => {
    await write(700);
    const failing = importPartners({
      file,
      send: async (records) => {
        const results = await server.send(records);
        if (server.batches.length === 2) throw new Error('connection lost');
        return results;
      },
    });
    await expect(failing).rejects.toThrow('connection lost');
    const report = await importPartners({ file, send: server.send });
    expect(report).toMatchObject({ completed: true, resumedAfter: 500, unchanged: 200 });
  });

  it('begins anew when the file has changed', async () => {
    await write(700);
    await importPartners({
      file,
      send: async (records) => {
        if (server.batches.length === 1) throw new Error('connection lost');
        return server.send(records);
      },
    }).catch(() => undefined);
    await write(701);
    expect(await importPartners({ file, send: server.send })).toMatchObject({
      resumedAfter: 0,
      records: 701,
    });
  });

  it.each(['https://other.example sam', 'https://api.example nora'])(
    'begins anew where the same file goes to %s',
    async (target) => {
      await write(700);
      const interruption = new AbortController();
      await importPartners({
        file,
        send: (records) => {
          interruption.abort();
          return new RecordingServer().send(records);
        },
        signal: interruption.signal,
      });
      expect(await readdir(folder)).toHaveLength(2);
      expect(await importTo({ file, target, send: server.send })).toMatchObject({
        completed: true,
        resumedAfter: 0,
        registered: 700,
      });
      expect(server.ids).toHaveLength(700);
    },
  );

  it('tells which record was refused and why, a bounded number of them', async () => {
    await writeFile(
      file,
      Array.from({ length: 300 }, (_, n) =>
        n === 1 ? '{"broken' : JSON.stringify(record(n)),
      ).join('\n'),
    );
    const report = await importPartners({
      file,
      send: (records) =>
        Promise.resolve(
          (records as { network_affiliate_id: number }[]).map(({ network_affiliate_id: id }) => ({
            partnerId: id,
            outcome: 'refused' as const,
            reason: { pointer: '/account_status', reason: 'not-a-status' },
          })),
        ),
    });
    expect(report).toMatchObject({ records: 300, refused: 300 });
    expect(report.refusals).toHaveLength(REPORTED_REFUSALS_MAX);
    expect(report.refusals).toContainEqual({
      record: 1,
      partnerId: null,
      pointer: '',
      reason: 'not-json',
    });
    expect(report.refusals).toContainEqual({
      record: 2,
      partnerId: 2,
      pointer: '/account_status',
      reason: 'not-a-status',
    });
  });

  it('keeps what came before the file broke off', async () => {
    await writeFile(file, `[${JSON.stringify(record(1))},${JSON.stringify(record(2))},`);
    await expect(importPartners({ file, send: server.send })).rejects.toThrow(MalformedListError);
    expect(server.ids).toEqual([1, 2]);
  });

  it('keeps what came before something that is no part of a list', async () => {
    await writeFile(file, `[${JSON.stringify(record(1))}]\n[${JSON.stringify(record(2))}]\n`);
    await expect(importPartners({ file, send: server.send })).rejects.toThrow(
      'something follows the list',
    );
    expect(server.ids).toEqual([1]);
  });

  it('does not trust a server that answers another number of records', async () => {
    await write(2);
    await expect(importPartners({ file, send: () => Promise.resolve([]) })).rejects.toThrow(
      'another number',
    );
  });
});
