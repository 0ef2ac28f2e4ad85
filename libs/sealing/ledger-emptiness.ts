import type { EventStore } from '#event-store';

/** What the log writes about itself, before anybody acts. */
const OF_THE_LOG_ITSELF = ['ledger-', 'ledgerBeacon-'];

/** Whether nobody has acted on this log yet. */
export async function isLedgerEmpty(events: EventStore): Promise<boolean> {
  for await (const { streamId } of events.readAll())
    if (streamId !== 'ledger' && !OF_THE_LOG_ITSELF.some((prefix) => streamId.startsWith(prefix)))
      return false;
  return true;
}
