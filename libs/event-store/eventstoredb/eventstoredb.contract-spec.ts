import { EventStoreDbDouble } from '../testing/double/index.js';
import { eventStoreContract } from '../testing/index.js';
import type { LogUnderTest } from '../testing/index.js';
import { EventStoreDBEventStore } from './index.js';

const doubles = new WeakMap<LogUnderTest, EventStoreDbDouble>();

eventStoreContract('eventstoredb, over the protocol double', {
  async openLog() {
    const double = await EventStoreDbDouble.start();
    const log: LogUnderTest = {
      openStore: () => new EventStoreDBEventStore({ connectionString: double.connectionString }),
      end: () => double.stop(),
    };
    doubles.set(log, double);
    return log;
  },
  freshLogs: true,
  logInThisProcess: true,
  breakConnections(log) {
    doubles.get(log)?.dropConnections();
    return Promise.resolve();
  },
});

const server = process.env['KEYLEDGER_TEST_EVENTSTORE_URL'];
if (server !== undefined && server !== '')
  eventStoreContract('eventstoredb, over the server of KEYLEDGER_TEST_EVENTSTORE_URL', {
    openLog: () =>
      Promise.resolve({
        openStore: () => new EventStoreDBEventStore({ connectionString: server }),
        end: () => Promise.resolve(),
      }),
    freshLogs: false,
    logInThisProcess: false,
  });
else
  process.stderr.write('event store contract: no KEYLEDGER_TEST_EVENTSTORE_URL, no real server\n');
