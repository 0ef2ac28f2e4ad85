import { AsyncLocalStorage } from 'node:async_hooks';
import type { Position } from './position.js';

/**
 * What a piece of work has seen of the log, and so what its answer, or its refusal, is true at: never less than that, and
 * never more than was looked at. Pieces lie in each other (a process, its requests, their calls).
 */
export class PositionsSeen {
  /** Everything up to here was committed before this piece of work began. */
  private readonly floor: Position | undefined;
  private readonly root: PositionsSeen;
  private leastSnapshot: Position | undefined;
  private lastEvent: Position | undefined;

  /** @param outer what this piece of work is a part of; its root learns of all that is seen. */
  constructor(outer?: PositionsSeen) {
    this.root = outer?.root ?? this;
    this.floor = outer?.position;
  }

  /** Rows were read that are true at this position. Of several, the least counts. */
  snapshot(at: Position): void {
    this.leastSnapshot = least(this.leastSnapshot, at);
    if (this.root !== this) this.root.event(at);
  }

  /** The log itself was read, or written, where this was the last event. Of several, the greatest counts. */
  event(at: Position): void {
    this.lastEvent = greatest(this.lastEvent, at);
    if (this.root !== this) this.root.event(at);
  }

  /** Of what this piece of work has read itself; `undefined`: nothing. Reads of the log see all that was committed before. */
  get own(): Position | undefined {
    return (
      this.leastSnapshot ??
      (this.lastEvent === undefined ? undefined : greatest(this.floor, this.lastEvent))
    );
  }

  /** The same, or where it began when nothing was read. */
  get position(): Position | undefined {
    return this.own ?? this.floor;
  }
}

const seeing = new AsyncLocalStorage<PositionsSeen>();

/** What reads the log or the read models within `work` notes in `seen` where they stood. */
export function notingPositions<T>(seen: PositionsSeen, work: () => T): T {
  return seeing.run(seen, work);
}

/** Where reads note what they saw; `undefined` where nobody asks. */
export function positionsSeen(): PositionsSeen | undefined {
  return seeing.getStore();
}

/** @param one `undefined`: there is none yet. */
const least = (one: Position | undefined, other: Position): Position =>
  one === undefined || other < one ? other : one;

const greatest = (one: Position | undefined, other: Position): Position =>
  one === undefined || other > one ? other : one;
