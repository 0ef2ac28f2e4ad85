import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import type { IssuerOptions } from '#access';
import { issuersSeen } from '#access';
import type { Config } from '#platform/config';
import { ReadModels, StaleReadError } from '#projections';
import type { Foundations } from '../../composition/foundations.js';
import {
  assertOnlyDevelopmentIssuer,
  seedDevelopment,
  startIdentityProvider,
} from '../../identity-provider/index.js';
import { IDENTITY_FOLDER } from './places.js';

export interface DevelopmentIdentities {
  readonly issuers: readonly IssuerOptions[];
  /** Names and passwords of the test users, mode 0600. */
  readonly usersFile: string;
  /** @throws {IdentityProviderError} the ledger knows identities of another issuer: it is not a development ledger. */
  assertOwnLedger(
    app: INestApplicationContext,
    foundations: Foundations,
    signal: AbortSignal,
  ): Promise<void>;
  /** Networks and employees of the test users, through the API, on an empty ledger. */
  seed(url: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Test users with passwords of this installation. Loopback only, and only on a ledger that no other issuer ever served. */
export async function startDevelopmentIdentities(
  config: Config,
  tell: (line: string) => void,
): Promise<DevelopmentIdentities> {
  const provider = await startIdentityProvider({
    folder: path.join(config.dataDir, IDENTITY_FOLDER),
    ...(config.identityProviderPort === undefined ? {} : { port: config.identityProviderPort }),
    log: tell,
  });
  return {
    usersFile: provider.usersFile,
    issuers: [
      {
        issuer: provider.issuer,
        audience: provider.audience,
        networkClaim: 'network_id',
        networks: 'any',
        operators: true,
      },
    ],
    assertOwnLedger: async (app, { eventStore }, signal) => {
      const head = await eventStore.head();
      const seen = await upToDate(() => issuersSeen(app.get(ReadModels), head), signal);
      assertOnlyDevelopmentIssuer(provider.issuer, seen);
    },
    seed: (url, signal) => seedDevelopment({ api: url, provider, signal }),
    close: () => provider.close(),
  };
}

/** The read models are being filled: each round of waiting is bounded, the whole ends with the signal. */
async function upToDate<T>(read: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof StaleReadError)) throw error;
    }
  }
}
