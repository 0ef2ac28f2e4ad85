import { CommandReceipts1763800000001 } from './adapters/command-receipts.migration.js';

export const messagingMigrations = [CommandReceipts1763800000001] as const;
