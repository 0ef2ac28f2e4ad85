import { constants } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { CredentialsError, ApiError, LoginError } from './login/index.js';
import { IdentityProviderError, InstallationFileError } from '../identity-provider/index.js';
import { PortUnavailableError } from '../api/front-door.js';
import { EventStoreError, LogMismatchError } from '#event-store';
import { ConnectionStringError } from '#event-store/eventstoredb';
import { UnfitServerError } from '#event-store/postgres';
import { MalformedListError } from '#partners';
import { ConfigError } from '#platform/config';
import { EmbeddedPostgresError } from '#platform/embedded-postgres';
import { createLogger, redacting, redactSecrets } from '#platform/logging';
import type { LogSink } from '#platform/logging';
import type { LogLevel } from '#platform/config';
import { MigrationError } from '#platform/postgres';
import { RebuildFailedError, SwitchRefusedError } from '#projections';

/**
 * Signals of one kind within this time are one: a terminal sends Ctrl-C to the whole group, and npm and the process that
 * chose the pinned Node pass on what they get.
 */
export const SAME_SIGNAL_MS = 500;

/** A signal ended it before it was done. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  constructor(readonly signal: NodeJS.Signals) {
    super(`interrupted (${signal})`);
  }
}

/** What was given to a command is not what it takes. */
export class ArgumentsError extends Error {
  override readonly name = 'ArgumentsError';
}

/** Failures whose message is written for the person at the terminal; all others are defects. */
const EXPECTED = [
  ApiError,
  ArgumentsError,
  ConfigError,
  ConnectionStringError,
  CredentialsError,
  EmbeddedPostgresError,
  EventStoreError,
  IdentityProviderError,
  InstallationFileError,
  InterruptedError,
  LoginError,
  LogMismatchError,
  MalformedListError,
  MigrationError,
  PortUnavailableError,
  RebuildFailedError,
  SwitchRefusedError,
  UnfitServerError,
] as const;

/**
 * One clear line (a configuration may have several problems: one line each). Never a secret; where a defect arose is
 * shown with KEYLEDGER_LOG_LEVEL=debug only.
 */
export function explain(
  error: unknown,
  debugging = /^(debug|trace)$/.test(process.env['KEYLEDGER_LOG_LEVEL'] ?? ''),
): string {
  return redactSecrets(
    wordsFor(error, debugging)
      .split('\n')
      .map((line) => `keyledger: ${line}`)
      .join('\n'),
  );
}

export function exitCodeOf(error: unknown): number {
  return error instanceof InterruptedError ? signalExitCode(error.signal) : 1;
}

const signalExitCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

function wordsFor(error: unknown, debugging: boolean): string {
  if (!(error instanceof Error)) return String(error);
  // Several addresses were tried: what the first one said.
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0)
    return wordsFor(error.errors[0], debugging);
  if (EXPECTED.some((type) => error instanceof type)) return error.message;
  if (debugging) return error.stack ?? error.message;
  const line = error.message.split('\n', 1)[0] ?? '';
  if (isOfDatabase(error)) return `the database refused: ${line}`;
  return isOfSystem(error)
    ? line
    : `${line === '' ? error.name : line} (KEYLEDGER_LOG_LEVEL=debug shows where)`;
}

function isOfDatabase(error: Error): boolean {
  return 'severity' in error || 'driverError' in error;
}

function isOfSystem(error: Error): boolean {
  return (
    'syscall' in error ||
    error.name.endsWith('FileError') ||
    error.name.endsWith('ConfigurationError')
  );
}

/** Nobody reads any more: the pipe was closed, the terminal is gone. */
const READER_GONE: readonly unknown[] = ['EPIPE', 'EIO'];

/** What reads our lines may end before us (`npm start | tee log` and Ctrl-C): what we serve is not its affair. */
export function outliveReaders(streams: readonly NodeJS.WriteStream[]): void {
  for (const stream of streams)
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (!READER_GONE.includes(error.code)) throw error;
    });
}

/**
 * For the last moment of a process: makes room on the heap. Node waits at the end for the threads that still compile, and
 * one that needs a collection waits for the main thread: neither ever ends (nodejs/node#54918, open in Node 24). What was
 * loaded for one short command leaves the heap close to where it collects.
 */
export function makeRoomForTheEnd(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
}

/** Logs are JSON lines on standard error, so that what people read stays readable on standard output. */
export const LOG_OUTPUT: LogSink = {
  write: (line) => {
    process.stderr.write(line);
  },
};

export const terminalLogger = (level: LogLevel) => createLogger(level, redacting(LOG_OUTPUT));

/** Aborts at Ctrl-C, SIGTERM or SIGHUP. A second one ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  let firstAt = 0;
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt >= SAME_SIGNAL_MS) process.exit(signalExitCode(signal));
      return;
    }
    firstAt = performance.now();
    controller.abort(new InterruptedError(signal));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  return controller.signal;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
  });
}
