import { eventStoreContract } from '../testing/index.js';
import { MemoryEventStore, MemoryLog } from './index.js';

eventStoreContract('memory', {
  openLog() {
    const log = new MemoryLog();
    return Promise.resolve({
      openStore: () => new MemoryEventStore(log),
      end: () => Promise.resolve(),
    });
  },
  freshLogs: true,
  logInThisProcess: true,
});
