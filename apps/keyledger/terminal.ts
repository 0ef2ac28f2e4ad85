import { CredentialsError, ApiError, LoginError } from './login/index.js';
import { IdentityProviderError } from '../identity-provider/index.js';
import { PortUnavailableError } from '../api/front-door.js';
import { EventStoreError, LogMismatchError } from '#event-store';
import { UnfitServerError } from '#event-store/postgres';
import { ConfigError } from '#platform/config';
import { EmbeddedPostgresError } from '#platform/embedded-postgres';
import { redactSecrets } from '#platform/logging';

/** Failures whose message is written for the person at the terminal; all others are defects and show where they arose. */
const EXPECTED = [
  ApiError,
  ConfigError,
  CredentialsError,
  EmbeddedPostgresError,
  EventStoreError,
  IdentityProviderError,
  LoginError,
  LogMismatchError,
  PortUnavailableError,
  UnfitServerError,
] as const;

/** One clear line (a configuration may have several problems: one line each). Never a secret. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return redactSecrets(`keyledger: ${String(error)}`);
  const expected = EXPECTED.some((type) => error instanceof type) || isSystemError(error);
  return redactSecrets(
    expected
      ? error.message
          .split('\n')
          .map((line) => `keyledger: ${line}`)
          .join('\n')
      : `keyledger: ${error.stack ?? error.message}`,
  );
}

function isSystemError(error: Error): boolean {
  return (
    'syscall' in error ||
    error.name.endsWith('FileError') ||
    error.name.endsWith('ConfigurationError')
  );
}

/** Aborts at Ctrl-C or SIGTERM. A second Ctrl-C ends the process at once. */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    controller.abort(new Error(`interrupted (${signal})`));
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
