import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { IMPORT_RECORDS_MAX } from '../commands/import-partners/import-partners.command.js';
import type { ImportedRecord } from '../commands/import-partners/import-partners.command.js';
import { partnerIdIn, reducedRecord } from '../domain/vendor-record.value.js';
import { MalformedListError, RecordSplitter } from './record-splitter.js';

/** Below the server's limit of a body, whatever the records are. */
export const IMPORT_BATCH_BYTES_MAX = 524_288;
/** Of refusals that a report tells; all are counted. */
export const REPORTED_REFUSALS_MAX = 100;
const STATE_SUFFIX = '.keyledger-import';

/** An answer of `POST /v1/partners/import`, for one record. */
export interface ImportResult {
  readonly partnerId: number | null;
  readonly outcome: ImportedRecord['outcome'];
  readonly reason?: { readonly pointer: string; readonly reason: string };
}

export interface ImportProgress {
  readonly bytesRead: number;
  readonly bytesTotal: number;
  readonly records: number;
  readonly registered: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: number;
}

export interface ImportRefusal {
  /** In the file, from 0. */
  readonly record: number;
  readonly partnerId: number | null;
  readonly pointer: string;
  readonly reason: string;
}

export interface ImportReport extends ImportProgress {
  /** `false`: interrupted; the same call goes on where it was. */
  readonly completed: boolean;
  /** Of this run, the first `REPORTED_REFUSALS_MAX`. */
  readonly refusals: readonly ImportRefusal[];
  /** Records that an earlier, interrupted run had done. */
  readonly resumedAfter: number;
}

export interface PartnerImport {
  readonly file: string;
  /** Where the records go, and as whom: a run to another place, or by another caller, begins anew. */
  readonly target: string;
  /** Sends one batch and gives back one result for each record, in order. Rejects when it can't tell. */
  readonly send: (
    records: readonly unknown[],
    signal: AbortSignal,
  ) => Promise<readonly ImportResult[]>;
  /** Where an interrupted run is remembered; default: beside the file. */
  readonly stateFile?: string;
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly signal?: AbortSignal;
}

interface ImportState {
  readonly digest: string;
  readonly records: number;
  readonly registered: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: number;
}

const NOTHING_DONE: ImportReport = {
  bytesRead: 0,
  bytesTotal: 0,
  records: 0,
  registered: 0,
  changed: 0,
  unchanged: 0,
  refused: 0,
  completed: false,
  refusals: [],
  resumedAfter: 0,
};

interface Sent {
  readonly record: number;
  readonly json: unknown;
}

/**
 * Imports a file of the vendor's partner list in any of its shapes, with bounded memory. Only the fields that govern keys
 * leave this machine. Interrupted, it goes on after the last batch that was answered; a batch that was not is sent again,
 * which changes nothing.
 *
 * @throws {MalformedListError} the file is none of the shapes, or ends too early; what came before it is imported.
 */
export async function importPartners(options: PartnerImport): Promise<ImportReport> {
  const { file, target, send, onProgress } = options;
  const signal = options.signal ?? new AbortController().signal;
  const stateFile = options.stateFile ?? `${file}${STATE_SUFFIX}`;
  const { size: bytesTotal } = await stat(file);
  const digest = await digestOf(file, target, signal).catch((error: unknown) => {
    if (signal.aborted) return undefined;
    throw error;
  });
  if (digest === undefined) return { ...NOTHING_DONE, bytesTotal };
  const resumed = await readState(stateFile, digest);
  const resumedAfter = resumed?.records ?? 0;
  let state: ImportState = resumed ?? {
    digest,
    records: 0,
    registered: 0,
    changed: 0,
    unchanged: 0,
    refused: 0,
  };
  const refusals: ImportRefusal[] = [];
  const refuse = (refusal: ImportRefusal) => {
    if (refusals.length < REPORTED_REFUSALS_MAX) refusals.push(refusal);
  };
  let bytesRead = 0;
  let read = 0;
  let refusedHere = 0;
  let batch: Sent[] = [];
  let batchBytes = 0;
  const progress = (): ImportProgress => {
    const { records, registered, changed, unchanged, refused } = state;
    return { bytesRead, bytesTotal, records, registered, changed, unchanged, refused };
  };

  const flush = async () => {
    if (read === state.records) return;
    const results =
      batch.length > 0
        ? await send(
            batch.map(({ json }) => json),
            signal,
          )
        : [];
    if (results.length !== batch.length)
      throw new Error('the server answered another number of records than it was sent');
    const count = (outcome: ImportResult['outcome']) =>
      results.filter((result) => result.outcome === outcome).length;
    results.forEach(({ outcome, partnerId, reason }, index) => {
      const record = batch[index]?.record;
      if (outcome === 'refused' && record !== undefined)
        refuse({ record, partnerId, ...(reason ?? { pointer: '', reason: 'refused' }) });
    });
    state = {
      digest,
      records: read,
      registered: state.registered + count('registered'),
      changed: state.changed + count('changed'),
      unchanged: state.unchanged + count('unchanged'),
      refused: state.refused + count('refused') + refusedHere,
    };
    batch = [];
    batchBytes = 0;
    refusedHere = 0;
    await writeState(stateFile, state);
    onProgress?.(progress());
  };

  const splitter = new RecordSplitter();
  const takeAll = async (records: ReturnType<RecordSplitter['push']>) => {
    for (const record of records) {
      signal.throwIfAborted();
      const index = read;
      read += 1;
      if (index < resumedAfter) continue;
      if (record.ok) {
        const json = reducedRecord(record.json);
        const bytes = Buffer.byteLength(JSON.stringify(json));
        if (bytes > IMPORT_BATCH_BYTES_MAX) {
          refusedHere += 1;
          const partnerId = partnerIdIn(json) ?? null;
          refuse({ record: index, partnerId, pointer: '', reason: 'too-large' });
          continue;
        }
        if (batchBytes + bytes > IMPORT_BATCH_BYTES_MAX) {
          read = index;
          await flush();
          read = index + 1;
        }
        batch.push({ record: index, json });
        batchBytes += bytes;
      } else {
        refusedHere += 1;
        refuse({ record: index, partnerId: null, pointer: '', reason: record.reason });
      }
      if (batch.length >= IMPORT_RECORDS_MAX) await flush();
    }
  };

  try {
    for await (const chunk of createReadStream(file, { signal }) as AsyncIterable<Buffer>) {
      bytesRead += chunk.length;
      await takeAll(splitter.push(chunk));
    }
    await takeAll(splitter.end());
    await flush();
  } catch (error) {
    if (signal.aborted) return { ...progress(), completed: false, refusals, resumedAfter };
    // What was read before the file broke off is good.
    if (error instanceof MalformedListError) {
      await takeAll(splitter.take());
      await flush();
    }
    throw error;
  }
  await rm(stateFile, { force: true });
  return { ...progress(), completed: true, refusals, resumedAfter };
}

async function digestOf(file: string, target: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256').update(`${target}\n`);
  for await (const chunk of createReadStream(file, { signal }) as AsyncIterable<Buffer>)
    hash.update(chunk);
  return hash.digest('hex');
}

/** Of another file or target, or unreadable: none. Doing it all again is always right. */
async function readState(path: string, digest: string): Promise<ImportState | undefined> {
  try {
    const state = JSON.parse(await readFile(path, 'utf8')) as ImportState;
    const counts = [state.records, state.registered, state.changed, state.unchanged, state.refused];
    const sound = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
    return sound && state.digest === digest ? state : undefined;
  } catch {
    return undefined;
  }
}

/** A folder that can't be written to costs only the resumption. */
async function writeState(path: string, state: ImportState): Promise<void> {
  try {
    await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
    await rename(`${path}.new`, path);
  } catch {
    await rm(`${path}.new`, { force: true }).catch(() => undefined);
  }
}
