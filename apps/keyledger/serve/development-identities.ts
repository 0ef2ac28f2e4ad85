import path from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import type { IssuerOptions } from '#access';
import { issuersSeen } from '#access';
import type { Config } from '#platform/config';
import { ConfigError } from '#platform/config';
import { ReadModels, StaleReadError } from '#projections';
import type { Foundations } from '../../composition/foundations.js';
import {
  IdentityProviderError,
  seedDevelopment,
  startIdentityProvider,
} from '../../identity-provider/index.js';
import { ApiClient, loginWithPassword } from '../login/index.js';
import { IDENTITY_FOLDER } from './places.js';

export interface DevelopmentIdentities {
  readonly issuers: readonly IssuerOptions[];
  /** @throws {ConfigError} the ledger knows identities of another issuer: it is not a development ledger. */
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
  tell(`development identities: ${provider.issuer} (users and passwords in ${provider.usersFile})`);
  return {
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
      const others = (await upToDate(() => issuersSeen(app.get(ReadModels), head), signal)).filter(
        (issuer) => issuer !== provider.issuer,
      );
      if (others.length > 0)
        throw new ConfigError([
          `KEYLEDGER_ISSUERS: is not set, but this ledger has identities of ${others.slice(0, 3).join(', ')}; the development identity provider serves no ledger of others`,
        ]);
    },
    seed: async (url, signal) => {
      await seedDevelopment({
        signal,
        clientOf: (user) =>
          new ApiClient({
            baseUrl: url,
            token: async () => {
              const known = provider.users.find(({ name }) => name === user);
              if (!known) throw new IdentityProviderError(`no development user ${user}`);
              const { accessToken } = await loginWithPassword({
                issuer: provider.issuer,
                user,
                password: known.password,
              });
              return accessToken;
            },
          }),
        issuer: provider.issuer,
      });
    },
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
