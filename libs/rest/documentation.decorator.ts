import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';

/** What an error's status means, whichever route answers it; `code` says more. */
export const PROBLEM_MEANINGS = {
  400: 'The request is not valid; `errors` points at each wrong field.',
  401: 'No valid access token.',
  403: 'The caller may not do this.',
  404: 'There is no such thing in the caller’s network.',
  409: 'What the ledger holds forbids it; `code` says what, `details` why.',
  410: 'The link was opened, has expired or was ended.',
  412: 'Changed since the version that `If-Match` names.',
  413: 'The body is too large; `details.bytesMax` says how large it may be.',
  415: 'The body is not `application/json`.',
  422: 'Not possible as asked; or the Idempotency-Key came with another body before.',
  429: 'The budget of this caller is used up; `Retry-After` says when to try again.',
  503: 'Something that this needs does not answer now; `Retry-After` says when to try again.',
} as const;

export type ProblemStatus = keyof typeof PROBLEM_MEANINGS;

/** Errors that a route has beside those that its method and path bring with them; their shape is one for all. */
export const ApiProblems = (...statuses: readonly ProblemStatus[]): MethodDecorator =>
  applyDecorators(
    ...statuses.map((status) => ApiResponse({ status, description: PROBLEM_MEANINGS[status] })),
  );

/** The handler takes `@IfMatch()`. */
export const ApiIfMatch = (): MethodDecorator =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The ETag of the key as it was read; any other version is refused (412).',
    schema: { type: 'string', example: '"3"' },
  });

/** Where what was created is found: of an answer with `location`. */
export const LOCATION = {
  Location: { description: 'The path of what was created.', schema: { type: 'string' } },
} as const;

/** Of an answer with `etag`. */
export const ETAG = {
  ETag: { description: 'The version, for `If-Match`.', schema: { type: 'string' } },
} as const;
