import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiResponse } from '@nestjs/swagger';

type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 410 | 412 | 422 | 429 | 503;

const MEANINGS: Readonly<Record<ProblemStatus, string>> = {
  400: 'The request is not valid; `errors` points at each wrong field.',
  401: 'No valid access token.',
  403: 'The caller may not do this.',
  404: 'There is no such thing in the caller’s network.',
  409: 'What the ledger holds forbids it; `code` says what, `details` why.',
  410: 'The link was opened, has expired or was ended.',
  412: 'Changed since the version that `If-Match` names.',
  422: 'Not possible as asked; or the Idempotency-Key came with another body before.',
  429: 'The budget of this caller is used up.',
  503: 'Something that this needs does not answer now; `Retry-After` says when to try again.',
};

const schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', example: 'keys/key-not-found' },
    correlationId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { pointer: { type: 'string' }, problem: { type: 'string' } },
      },
    },
    details: { type: 'object', additionalProperties: true },
  },
};

/** The error answers of a route, as RFC 9457 problem documents. */
export function ApiProblems(...statuses: readonly ProblemStatus[]): MethodDecorator {
  return applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: MEANINGS[status],
        content: { 'application/problem+json': { schema } },
      }),
    ),
  );
}

/** Every mutation takes one; a retry under the same key is carried out once. */
export const ApiIdempotencyKey = (): MethodDecorator =>
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'Up to 255 visible ASCII characters, such as a UUID. A retry under the same key changes nothing and gets the first answer, less a secret that is shown once; with another body it is refused (422).',
    schema: { type: 'string', maxLength: 255 },
  });

export const ApiIfMatch = (): MethodDecorator =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'The ETag of the key as it was read; any other version is refused (412).',
    schema: { type: 'string', example: '"3"' },
  });
