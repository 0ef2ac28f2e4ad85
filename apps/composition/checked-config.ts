import { AccessOptions, ClientAddresses } from '#access';
import { ConnectionStringError, parseConnectionString } from '#event-store/eventstoredb';
import type { Config } from '#platform/config';
import { ConfigError, readConfig } from '#platform/config';

/**
 * The configuration, with what those say of it that it is for: before anything is started or waited for.
 *
 * @throws {ConfigError} one line for each wrong variable.
 */
export function readCheckedConfig(...source: Parameters<typeof readConfig>): Config {
  const config = readConfig(...source);
  const { eventStore, issuers = [], trustedProxies } = config;
  const problems: string[] = [];
  const check = (variable: string, look: () => unknown) => {
    try {
      look();
    } catch (error) {
      if (!(error instanceof TypeError) && !(error instanceof ConnectionStringError)) throw error;
      problems.push(`${variable}: ${error.message}`);
    }
  };
  if (eventStore.kind === 'eventstoredb')
    check('KEYLEDGER_EVENTSTORE', () => parseConnectionString(eventStore.connectionString));
  check('KEYLEDGER_ISSUERS', () => new AccessOptions({ issuers }));
  check('KEYLEDGER_TRUSTED_PROXIES', () => new ClientAddresses(trustedProxies));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}
