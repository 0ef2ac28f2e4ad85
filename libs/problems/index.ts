export type { ProblemDefinition, ProblemSection } from './problem.js';
export { PROBLEM_TYPE_BASE, ProblemCatalogue, problemPage } from './catalogue.js';
export type { FieldProblem, ProblemDetails } from './problem-of.js';
export { domainErrorOf, problemOf } from './problem-of.js';
export type { RequestErrorCode } from './request.problems.js';
export { requestProblems } from './request.problems.js';
export { FIELD_PROBLEMS_MAX, fieldProblems, validationPipe } from './validation.js';
export { ProblemFilter } from './problem.filter.js';
export { graphQLErrorOf } from './graphql-error.js';
