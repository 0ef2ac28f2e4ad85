import { isDeepStrictEqual } from 'node:util';
import type { Decider, DomainErrorCode, DomainEvent } from '../index.js';
import { Clock, DomainError, fold } from '../index.js';

/** given(history) → when(command) → then…: the shape of every decider spec. */
export function specificationOf<State, Command, Event extends DomainEvent>(
  decider: Decider<State, Command, Event>,
) {
  return (...history: readonly Event[]) => ({
    when: (command: Command) => {
      const run = () => decider.decide(command, fold(decider, history));
      return {
        then(...expected: readonly Event[]): void {
          const actual = run();
          if (!isDeepStrictEqual(actual, expected))
            throw new Error(`expected ${show(expected)}\nbut decided ${show(actual)}`);
        },
        thenNothingHappened(): void {
          const actual = run();
          if (actual.length > 0) throw new Error(`expected nothing, but decided ${show(actual)}`);
        },
        thenRefused(code: DomainErrorCode, details?: Readonly<Record<string, unknown>>): void {
          let error: unknown;
          let actual: readonly Event[] = [];
          try {
            actual = run();
          } catch (caught) {
            error = caught;
          }
          if (!(error instanceof DomainError)) {
            if (error) throw error as Error;
            throw new Error(`expected refusal ${code}, but decided ${show(actual)}`);
          }
          if (error.code !== code)
            throw new Error(`expected refusal ${code}, but got ${error.code}`);
          if (details && !isDeepStrictEqual(error.details, details))
            throw new Error(`expected details ${show(details)}\nbut got ${show(error.details)}`);
        },
        /** The decided events, for assertions of one's own. */
        events: run,
        /** The state after the decided events. */
        state: () => fold(decider, [...history, ...run()]),
      };
    },
  });
}

const show = (value: unknown) =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? `${String(v)}n` : v), 2);

/** A clock that stands where it is put. */
export class FixedClock extends Clock {
  constructor(private instant: Date = new Date('2026-01-01T00:00:00.000Z')) {
    super();
  }
  override now(): Date {
    return new Date(this.instant);
  }
  set(instant: Date): void {
    this.instant = instant;
  }
  advanceMs(ms: number): void {
    this.instant = new Date(this.instant.getTime() + ms);
  }
}
