import { InvalidEventError } from '../index.js';

/** Begins the name of each stream of a named ledger: `@name/stream`. */
const NAMED = '@';
/** A ledger's name: short, so that it leaves room for the stream's. */
export const LEDGER_NAME = /^[a-z0-9]{1,32}$/;

/** What tells the streams of one ledger from the server's own and from those of other ledgers beside it. */
export class StreamNames {
  private readonly prefix: string;

  /** @param ledger its name; absent: the ledger without one, of which no stream's name begins with `@`. */
  constructor(private readonly ledger: string | undefined) {
    if (ledger !== undefined && !LEDGER_NAME.test(ledger))
      throw new TypeError(`not a ledger's name: ${ledger}`);
    this.prefix = ledger === undefined ? '' : `${NAMED}${ledger}/`;
  }

  /** As the server has it. @throws {InvalidEventError} it would be a stream of another ledger. */
  stored(streamId: string): string {
    if (this.ledger === undefined && streamId.startsWith(NAMED))
      throw new InvalidEventError(
        `a stream of a ledger without a name does not begin with ${NAMED}`,
      );
    return `${this.prefix}${streamId}`;
  }

  /** As the ledger has it; `undefined`: an event of the server's own, or of another ledger. */
  ownOf(event: { readonly streamId: string; readonly type: string }): string | undefined {
    const { streamId } = event;
    if (isSystem(event)) return undefined;
    if (this.ledger === undefined) return streamId.startsWith(NAMED) ? undefined : streamId;
    return streamId.startsWith(this.prefix) ? streamId.slice(this.prefix.length) : undefined;
  }
}

/** Events and streams of the server's own. */
export function isSystem({ streamId, type }: { streamId: string; type: string }): boolean {
  return streamId.startsWith('$') || type.startsWith('$');
}
