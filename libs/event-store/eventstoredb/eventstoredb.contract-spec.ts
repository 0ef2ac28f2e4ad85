import { randomUUID } from 'node:crypto';
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
    // A ledger beside the others that the server may hold: whoever runs the product on it sees nothing of the suite.
    openLog: () => {
      const ledger = `contract${randomUUID().slice(0, 8)}`;
      return Promise.resolve({
        openStore: () => new EventStoreDBEventStore({ connectionString: server, ledger }),
        end: () => Promise.resolve(),
      });
    },
    freshLogs: false,
    logInThisProcess: false,
  });
else
  process.stderr.write('event store contract: no KEYLEDGER_TEST_EVENTSTORE_URL, no real server\n');
