import type { CommandReceipt, RememberedOutcome } from '../ports/command-receipts.port.js';
import { CommandReceipts, RECEIPTS_KEPT_MS } from '../ports/command-receipts.port.js';

/** Nothing outlives the process: for tests. */
export class MemoryCommandReceipts extends CommandReceipts {
  private readonly receipts = new Map<string, CommandReceipt & { readonly beganAt: Date }>();

  override begin(
    commandId: string,
    requestHash: string,
    now: Date,
  ): Promise<CommandReceipt | undefined> {
    const known = this.receipts.get(commandId);
    if (known && now.getTime() - known.beganAt.getTime() < RECEIPTS_KEPT_MS) {
      const { requestHash: hash, outcome } = known;
      return Promise.resolve({ requestHash: hash, ...(outcome && { outcome }) });
    }
    this.receipts.set(commandId, { requestHash, beganAt: now });
    return Promise.resolve(undefined);
  }

  override remember(commandId: string, outcome: RememberedOutcome): Promise<void> {
    const known = this.receipts.get(commandId);
    if (known && !known.outcome) this.receipts.set(commandId, { ...known, outcome });
    return Promise.resolve();
  }

  override sweep(before: Date): Promise<void> {
    for (const [commandId, { beganAt }] of this.receipts)
      if (beganAt < before) this.receipts.delete(commandId);
    return Promise.resolve();
  }
}
