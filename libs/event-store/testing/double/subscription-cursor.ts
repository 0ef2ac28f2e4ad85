import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { LoggedEvent } from './double-log.js';
import { refusals } from './refusals.js';

/** How many records a page of a filtered read holds when the client names no window. */
const WINDOW_DEFAULT = 50;
/** What the server writes for a position of -1. */
const NO_POSITION = 18_446_744_073_709_551_615n;

type Filter = (event: LoggedEvent) => boolean;

export interface Filtering {
  readonly lets: Filter;
  /** Events of the filter's search window; a page of the catch-up. */
  readonly window: number;
  /** Windows between two checkpoints. */
  readonly interval: number;
}

export interface Checkpoint {
  readonly commit: string;
  readonly prepare: string;
}

/** Which checkpoints a filtered subscription is told: while catching up the start of the last page, live each event's own. */
export class SubscriptionCursor {
  live = false;
  private sinceCheckpoint = 0;
  private inPage = 0;
  private pageStart: bigint | undefined;
  /** The start of a page has a prepare position of 0: it is no event's. */
  private atPageStart = false;
  private told: bigint | undefined;

  constructor(
    private behind: bigint,
    private readonly filtering: Filtering | undefined,
  ) {}

  sent(event: LoggedEvent): void {
    this.behind = event.position;
    this.atPageStart = false;
  }

  considered(event: LoggedEvent): Checkpoint | undefined {
    const { filtering } = this;
    if (!filtering) return undefined;
    this.sinceCheckpoint += 1;
    const due = this.sinceCheckpoint >= filtering.interval * filtering.window;
    if (this.live) {
      if (!due) return undefined;
      this.sinceCheckpoint = 0;
      this.behind = event.position;
      this.atPageStart = false;
      return this.tell();
    }
    if (this.inPage === 0) this.pageStart = event.position;
    this.inPage = (this.inPage + 1) % filtering.window;
    if (this.inPage !== 0 || !due) return undefined;
    this.sinceCheckpoint = 0;
    if (this.pageStart !== undefined && this.behind < this.pageStart) {
      this.behind = this.pageStart;
      this.atPageStart = true;
    }
    return this.tell();
  }

  /** A subscription from the start that let nothing through tells a position of -1, and then no other ever. */
  endOfHistory(): Checkpoint | undefined {
    return this.filtering && this.tell();
  }

  private tell(): Checkpoint | undefined {
    const commit = this.behind < 0n ? NO_POSITION : this.behind;
    if (this.told !== undefined && commit <= this.told) return undefined;
    this.told = commit;
    return { commit: String(commit), prepare: this.atPageStart ? '0' : String(commit) };
  }
}

export function filterOf(options: ReadReq.Options): Filtering | undefined {
  const filter = options.getFilter();
  if (!filter) return undefined;
  const expression = filter.getStreamIdentifier() ?? filter.getEventType();
  if (!expression) throw refusals.unknown();
  const textOf = filter.hasStreamIdentifier()
    ? (event: LoggedEvent): string => event.streamId
    : (event: LoggedEvent): string => event.type;
  const source = expression.getRegex();
  const prefixes = expression.getPrefixList();
  const lets = source === '' ? startsWith(prefixes) : matches(source);
  return {
    lets: (event) => lets(textOf(event)),
    window: filter.hasMax() ? filter.getMax() : WINDOW_DEFAULT,
    interval: filter.getCheckpointintervalmultiplier(),
  };
}

function startsWith(prefixes: readonly string[]): (text: string) => boolean {
  return (text) => prefixes.some((prefix) => text.startsWith(prefix));
}

function matches(source: string): (text: string) => boolean {
  try {
    const regex = new RegExp(source);
    return (text) => regex.test(text);
  } catch {
    throw refusals.unknown();
  }
}
