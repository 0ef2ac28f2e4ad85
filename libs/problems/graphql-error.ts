import { GraphQLError } from 'graphql';
import type { DomainError } from '#kernel';
import type { ProblemCatalogue } from './catalogue.js';
import { problemOf } from './problem-of.js';

/** The same catalogue for GraphQL: `extensions` carry code, status and details. */
export function graphQLErrorOf(
  catalogue: ProblemCatalogue,
  error: DomainError,
  correlationId?: string,
): GraphQLError {
  const { title, detail, ...extensions } = problemOf(catalogue, error, correlationId);
  return new GraphQLError(`${title}: ${detail}`, { extensions: { ...extensions } });
}
