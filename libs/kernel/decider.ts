/** One fact of the domain: a PascalCase past-tense type and its plain-JSON data (never a secret, never a token). */
export interface DomainEvent<Type extends string = string, Data extends object = object> {
  readonly type: Type;
  readonly data: Data;
}

/**
 * A decision, pure: no clock, no random, no look-up. `decide` refuses by throwing a `DomainError`, and returns `[]` when
 * the fact already holds. `evolve` never throws: what was once stored is true.
 */
export interface Decider<State, Command, Event extends DomainEvent> {
  initialState(): State;
  decide(command: Command, state: State): readonly Event[];
  evolve(state: State, event: Event): State;
}

export function fold<State, Event extends DomainEvent>(
  decider: Pick<Decider<State, never, Event>, 'initialState' | 'evolve'>,
  events: Iterable<Event>,
): State {
  let state = decider.initialState();
  for (const event of events) state = decider.evolve(state, event);
  return state;
}
