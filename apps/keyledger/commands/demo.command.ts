import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, Option } from 'nest-commander';
import { readConfig } from '#platform/config';
import type { Config } from '#platform/config';
import { discardEmbeddedPostgres } from '#platform/embedded-postgres';
import { createThrowAwayDatabase } from '#platform/postgres';
import { readPasswords } from '../../identity-provider/index.js';
import { tellTour } from '../demo/tour.js';
import { ApiClient, issuerOf, loginWithPassword } from '../login/index.js';
import { IDENTITY_FOLDER } from '../serve/places.js';
import type { Server } from '../serve/start-server.js';
import { startServer } from '../serve/start-server.js';
import { aborted, interruption } from '../terminal.js';
import { StrictCommand } from './strict-command.js';

const NAME_BYTES = 4;

const say = (line: string) => {
  process.stdout.write(`${line}\n`);
};

@Command({
  name: 'demo',
  description:
    'the product in twenty steps, each answer checked, on a throw-away instance or the one given',
})
export class DemoCommand extends StrictCommand {
  override async run(_arguments: string[], options: { readonly api?: string } = {}): Promise<void> {
    if (options.api !== undefined) {
      const { dataDir } = readConfig(process.env, process.cwd());
      process.exitCode = (await tour(options.api.replace(/\/+$/, ''), dataDir)) ? 0 : 1;
      return;
    }
    const folder = await mkdtemp(path.join(tmpdir(), 'keyledger-demo-'));
    say('starting a throw-away instance…');
    const signal = interruption();
    const place = await throwAwayPlace(readConfig(environmentFor(folder), process.cwd()));
    let server: Server | undefined;
    try {
      server = await startServer({
        role: 'serve',
        config: place.config,
        signal,
        tell: () => undefined,
        waiting: say,
        failed: (error) => {
          say(error.message);
        },
      });
      const told = tour(server.url, folder);
      // What it does next fails once the server is gone, and nobody waits for it any more.
      told.catch(() => undefined);
      process.exitCode = (await Promise.race([told, interrupted(signal)])) ? 0 : 1;
    } finally {
      await server?.close();
      await place.discard();
      await discardEmbeddedPostgres(folder);
      await rm(folder, { recursive: true, force: true });
    }
  }

  @Option({
    flags: '--api <url>',
    description: 'an instance of `npm start` on this machine, with its data folder',
  })
  parseApi(value: string): string {
    return value;
  }
}

/** The servers that the environment names, and nothing else of it: who the users are and where it listens is the demo's. */
function environmentFor(folder: string): NodeJS.ProcessEnv {
  const {
    DATABASE_URL: database = '',
    KEYLEDGER_EVENTSTORE: eventStore = '',
    KEYLEDGER_LOG_LEVEL: logLevel = 'fatal',
  } = process.env;
  return {
    DATABASE_URL: database,
    KEYLEDGER_EVENTSTORE: eventStore,
    KEYLEDGER_LOG_LEVEL: logLevel,
    KEYLEDGER_DATA_DIR: folder,
    KEYLEDGER_PORT: '0',
    KEYLEDGER_IDENTITY_PROVIDER_PORT: '0',
  };
}

interface ThrowAwayPlace {
  readonly config: Config;
  discard(): Promise<void>;
}

/** A database and a ledger of its own on the servers that were given: what they hold is neither read nor changed. */
async function throwAwayPlace(config: Config): Promise<ThrowAwayPlace> {
  const { databaseUrl, eventStore } = config;
  const name = `demo${randomBytes(NAME_BYTES).toString('hex')}`;
  const database =
    databaseUrl === undefined
      ? undefined
      : await createThrowAwayDatabase(databaseUrl, `keyledger_${name}`);
  return {
    config: {
      ...config,
      databaseUrl: database?.url,
      eventStore: eventStore.kind === 'postgres' ? eventStore : { ...eventStore, ledger: name },
    },
    discard: async () => {
      await database?.drop();
    },
  };
}

async function interrupted(signal: AbortSignal): Promise<never> {
  await aborted(signal);
  throw signal.reason;
}

async function tour(api: string, dataDir: string): Promise<boolean> {
  const issuer = await issuerOf(api);
  const passwords = readPasswords(path.join(dataDir, IDENTITY_FOLDER));
  const clients = new Map<string, ApiClient>();
  return tellTour({
    api,
    issuer,
    tell: say,
    as: (user) => {
      let token: Promise<string> | undefined;
      const client =
        clients.get(user) ??
        new ApiClient({
          baseUrl: api,
          userAgent: 'keyledger-demo',
          token: () =>
            (token ??= loginWithPassword({
              issuer,
              user,
              password: passwords.get(user) ?? '',
            }).then(({ accessToken }) => accessToken)),
        });
      clients.set(user, client);
      return client;
    },
  });
}
