import { commandReceiptsContract } from '../testing/index.js';
import { MemoryCommandReceipts } from './memory-command-receipts.js';

commandReceiptsContract('memory', () =>
  Promise.resolve({ receipts: new MemoryCommandReceipts(), close: () => Promise.resolve() }),
);
