import type { EventStore } from '#event-store';
import { findLedger } from '#event-store';

/** What the log writes about itself, before anybody acts. */
const OF_THE_LOG_ITSELF = ['ledger-', 'ledgerBeacon-'];

/** Whether nobody has acted on this log yet. What others left in the store before it was opened does not count. */
export async function isLedgerEmpty(events: EventStore): Promise<boolean> {
  const ledger = await findLedger(events);
  const from = ledger ? { from: ledger.firstPosition } : {};
  for await (const { streamId } of events.readAll(from))
    if (streamId !== 'ledger' && !OF_THE_LOG_ITSELF.some((prefix) => streamId.startsWith(prefix)))
      return false;
  return true;
}
