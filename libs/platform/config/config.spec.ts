import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError, readConfig } from './index.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keyledger-config-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const problemsOf = (environment: Record<string, string>, at = folder) => {
  try {
    readConfig(environment, at);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('configuration', () => {
  it('needs nothing: the embedded server, the local log, loopback', () => {
    expect(readConfig({}, folder)).toMatchObject({
      dataDir: path.join(folder, '.keyledger'),
      host: '127.0.0.1',
      port: 7300,
      databaseUrl: undefined,
      eventStore: { kind: 'postgres' },
      issuers: undefined,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ KEYLEDGER_DATA_DIR: '', KEYLEDGER_PORT: '' }, folder)).toMatchObject({
      dataDir: path.join(folder, '.keyledger'),
      port: 7300,
    });
  });

  it('names each wrong variable and what is wrong, without repeating a value', () => {
    const secret = 'postgresql:/secret-in-a-broken-url';
    const problems = problemsOf({
      KEYLEDGER_PORT: '70000',
      KEYLEDGER_LOG_LEVEL: 'loud',
      KEYLEDGER_ISSUERS: 'not json',
    });
    expect(problems).toEqual([
      expect.stringMatching(/^KEYLEDGER_PORT: must be a port/),
      expect.stringMatching(/^KEYLEDGER_ISSUERS: must be a JSON list/),
      expect.stringMatching(/^KEYLEDGER_LOG_LEVEL: must be one of/),
    ]);
    expect(problemsOf({ DATABASE_URL: `mysql://${secret}` }).join()).not.toContain(secret);
    for (const scheme of ['http', 'kurrentdb'])
      expect(problemsOf({ KEYLEDGER_EVENTSTORE: `${scheme}://x` })).toEqual([
        expect.stringMatching(/^KEYLEDGER_EVENTSTORE: must be/),
      ]);
  });

  it.each(['https://me:word@x.example', 'https://x.example/?a=1', 'https://x.example/#a'])(
    'refuses %s as the address that links begin with',
    (value) => {
      expect(problemsOf({ KEYLEDGER_PUBLIC_URL: value })).toEqual([
        'KEYLEDGER_PUBLIC_URL: must have no user, no query and no fragment',
      ]);
    },
  );

  it('points into a list of issuers', () => {
    expect(
      problemsOf({
        KEYLEDGER_ISSUERS: '[{"issuer":"https://id.example","networks":["x"],"extra":1}]',
      }),
    ).toEqual([
      'KEYLEDGER_ISSUERS[0].extra: is not known',
      'KEYLEDGER_ISSUERS[0].networks: must be a list of network ids, or "any"',
      'KEYLEDGER_ISSUERS[0].audience: must be a text',
    ]);
  });

  it('reads config.json of the data folder below the environment, and says when it is corrupt', async () => {
    await writeFile(
      path.join(folder, 'config.json'),
      '{"KEYLEDGER_PORT":9000,"KEYLEDGER_HOST":"::1"}',
    );
    expect(readConfig({ KEYLEDGER_DATA_DIR: '.', KEYLEDGER_PORT: '9001' }, folder)).toMatchObject({
      port: 9001,
      host: '::1',
    });
    await writeFile(path.join(folder, 'config.json'), '{"KEYLEDGER_DATA_DIR":"/elsewhere"}');
    expect(problemsOf({ KEYLEDGER_DATA_DIR: '.' })).toEqual([
      expect.stringMatching(/^KEYLEDGER_DATA_DIR: not in config\.json/),
    ]);
    await writeFile(path.join(folder, 'config.json'), '{"KEYLEDGER_PORT":');
    expect(problemsOf({ KEYLEDGER_DATA_DIR: '.' })).toEqual([
      expect.stringMatching(/config\.json: is not a JSON object; mend or remove it$/),
    ]);
  });
});
