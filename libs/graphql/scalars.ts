import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { parsePosition, position } from '#event-store';
import type { Position } from '#event-store';
import { INSTANT_EXPECTED, instantOf } from '#kernel';

const POSITION_HINT = 'a position is a decimal string, as X-Ledger-Position gives it';

const toPosition = (value: unknown): Position => {
  const parsed = typeof value === 'string' ? parsePosition(value) : undefined;
  if (parsed === undefined) throw new GraphQLError(POSITION_HINT);
  return parsed;
};

/** A place in the log, as a decimal string (it does not fit a GraphQL Int). */
export const PositionScalar = new GraphQLScalarType<Position, string>({
  name: 'Position',
  description: 'A place in the log, as a decimal string. Later is larger.',
  serialize: (value) => {
    if (typeof value === 'bigint') return String(position(value));
    return String(toPosition(value));
  },
  parseValue: toPosition,
  parseLiteral: (node) => toPosition(node.kind === Kind.STRING ? node.value : undefined),
});

const toInstant = (value: unknown): string => {
  const instant = typeof value === 'string' ? instantOf(value) : undefined;
  if (instant === undefined) throw new GraphQLError(`a time is ${INSTANT_EXPECTED}`);
  return instant;
};

/** An ISO-8601 instant; answers are in UTC with milliseconds. */
export const TimeScalar = new GraphQLScalarType<string, string>({
  name: 'Time',
  description: 'An ISO-8601 instant. Answers are in UTC with milliseconds.',
  serialize: (value) => (value instanceof Date ? value.toISOString() : String(value)),
  parseValue: toInstant,
  parseLiteral: (node) => toInstant(node.kind === Kind.STRING ? node.value : undefined),
});

const noInput = (): never => {
  throw new GraphQLError('this is only answered');
};

/** Plain JSON whose shape depends on the event; only in answers. */
export const JsonScalar = new GraphQLScalarType<unknown>({
  name: 'JSON',
  description: 'Plain JSON. Only in answers.',
  serialize: (value) => value,
  parseValue: noInput,
  parseLiteral: noInput,
});
