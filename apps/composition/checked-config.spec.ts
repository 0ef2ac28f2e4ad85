import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '#platform/config';
import { readCheckedConfig } from './checked-config.js';

const issuers = (...names: readonly string[]) =>
  JSON.stringify(names.map((issuer) => ({ issuer, audience: 'keyledger', networks: [1] })));
const problemsOf = (environment: Record<string, string>) => {
  try {
    readCheckedConfig({ KEYLEDGER_DATA_DIR: '/nowhere', ...environment }, '/');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('the configuration of a process', () => {
  it.each([
    ['KEYLEDGER_EVENTSTORE', 'esdb://'],
    ['KEYLEDGER_EVENTSTORE', 'esdb://db.example?tls=maybe'],
    ['KEYLEDGER_ISSUERS', issuers('https://id.example', 'https://id.example')],
    ['KEYLEDGER_ISSUERS', issuers('http://id.example')],
    ['KEYLEDGER_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['KEYLEDGER_TRUSTED_PROXIES', 'proxy.example'],
  ])('names the variable: %s=%s', (name, value) => {
    expect(problemsOf({ [name]: value })).toEqual([expect.stringMatching(`^${name}: `)]);
  });

  it('names all that are wrong, and no credential', () => {
    const problems = problemsOf({
      KEYLEDGER_EVENTSTORE: 'esdb://admin:secret-word@db.example:port',
      KEYLEDGER_TRUSTED_PROXIES: 'x',
    });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('secret-word');
  });

  it('is taken as it is where nothing is wrong', () => {
    expect(
      problemsOf({
        KEYLEDGER_EVENTSTORE: 'esdb://admin:changeit@db.example:2113?tls=true',
        KEYLEDGER_ISSUERS: issuers('https://id.example', 'http://127.0.0.1:9000'),
        KEYLEDGER_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
        KEYLEDGER_PUBLIC_URL: 'https://keys.example/ledger/',
      }),
    ).toEqual([]);
  });
});
