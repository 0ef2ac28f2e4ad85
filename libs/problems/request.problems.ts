import type { ProblemSection } from './problem.js';

/** What can be wrong with a request before any context looks at it, and with the machinery that serves it. */
export type RequestErrorCode =
  | 'request/body-too-large'
  | 'request/conflict'
  | 'request/graphql-invalid'
  | 'request/graphql-too-costly'
  | 'request/headers-too-large'
  | 'request/idempotency-key-invalid'
  | 'request/idempotency-key-reused'
  | 'request/internal'
  | 'request/invalid'
  | 'request/malformed'
  | 'request/malformed-json'
  | 'request/method-not-allowed'
  | 'request/not-found'
  | 'request/outcome-unknown'
  | 'request/precondition-failed'
  | 'request/precondition-invalid'
  | 'request/starting'
  | 'request/text-not-allowed'
  | 'request/timed-out'
  | 'request/unsupported-media-type'
  | 'event-store/another-log'
  | 'event-store/unavailable'
  | 'event-store/unfit'
  | 'database/unavailable';

export const requestProblems: ProblemSection<RequestErrorCode> = {
  'request/body-too-large': {
    status: 413,
    title: 'Body too large',
    detail:
      'Send less in one request; the limit stands in `bytesMax`. Imports take several batches.',
  },
  'request/conflict': {
    status: 409,
    title: 'Changed by somebody else',
    detail:
      'Others changed the same thing again and again while this request was decided. Read it anew and try again.',
  },
  'request/graphql-invalid': {
    status: 400,
    title: 'GraphQL document not valid',
    detail:
      'The document does not parse, or does not fit the schema. Compare it with the schema at /graphql.',
  },
  'request/graphql-too-costly': {
    status: 400,
    title: 'GraphQL operation too costly',
    detail: 'Ask for fewer elements (`first`), fewer fields or less depth, or in several requests.',
  },
  'request/headers-too-large': {
    status: 431,
    title: 'Headers too large',
    detail: 'Send shorter headers, or a shorter path: all of them together may have 16 KiB.',
  },
  'request/idempotency-key-invalid': {
    status: 400,
    title: 'Idempotency-Key not valid',
    detail:
      'An Idempotency-Key is 1 to 255 printable ASCII characters without spaces. A UUID is a good one.',
  },
  'request/idempotency-key-reused': {
    status: 422,
    title: 'Idempotency-Key used for another request',
    detail: 'This Idempotency-Key came with another body before. Use a new key for a new request.',
  },
  'request/internal': {
    status: 500,
    title: 'Internal error',
    detail: 'Something failed on our side. Give the correlation id to whoever runs this server.',
  },
  'request/invalid': {
    status: 400,
    title: 'Request not valid',
    detail: 'Mend the fields that `errors` points at, and send the request again.',
  },
  'request/malformed': {
    status: 400,
    title: 'Request not readable',
    detail:
      'Send an HTTP/1.1 request: a known method, well-formed headers, one Content-Length. The connection is closed.',
  },
  'request/malformed-json': {
    status: 400,
    title: 'Body is not JSON',
    detail: 'Send one JSON object, encoded in UTF-8, as Content-Type: application/json.',
  },
  'request/method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    detail: 'This path exists, but not for this method. /openapi.json lists what there is.',
  },
  'request/not-found': {
    status: 404,
    title: 'No such resource',
    detail: 'There is no such path. /openapi.json lists what there is.',
  },
  'request/outcome-unknown': {
    status: 503,
    title: 'Outcome unknown',
    detail:
      'The event store did not say whether this was stored. Send the same request again with the same Idempotency-Key: it is carried out once.',
    retryAfterSeconds: 2,
  },
  'request/precondition-failed': {
    status: 412,
    title: 'Changed since it was read',
    detail:
      'What If-Match names is not the present version. Read it anew, look at what changed, and decide again.',
  },
  'request/precondition-invalid': {
    status: 400,
    title: 'If-Match not valid',
    detail: 'If-Match takes one strong entity tag as an ETag header gave it, with its quotes.',
  },
  'request/starting': {
    status: 503,
    title: 'Starting',
    detail: 'The server is starting, or waits for its database or event store. Try again shortly.',
    retryAfterSeconds: 2,
  },
  'request/text-not-allowed': {
    status: 400,
    title: 'Text not allowed',
    detail:
      'A text is refused as `reason` says: its length, control or direction-override characters, or an API key in it. Never put a key into a label or a note.',
  },
  'request/timed-out': {
    status: 408,
    title: 'Request did not arrive in time',
    detail:
      'The request did not arrive whole within 30 seconds, and nothing of it was carried out. Send it again, without pauses. The connection is closed.',
  },
  'request/unsupported-media-type': {
    status: 415,
    title: 'Media type not supported',
    detail: 'Send the body as Content-Type: application/json.',
  },
  'event-store/another-log': {
    status: 503,
    title: 'Event store and database do not belong together',
    detail:
      'The event store holds another log than the one that the database was filled from, so nothing is served. Whoever runs this server finds both named in its log and at /health/ready.',
    retryAfterSeconds: 30,
  },
  'event-store/unavailable': {
    status: 503,
    title: 'Event store not reachable',
    detail: 'Nothing was stored. Try again shortly; with an Idempotency-Key that is always safe.',
    retryAfterSeconds: 2,
  },
  'event-store/unfit': {
    status: 503,
    title: 'Event store not fit for use',
    detail:
      'The event store runs with settings under which it may lose what it has acknowledged, or a stream of the ledger was deleted in it for good. Nothing was stored, and waiting does not mend it: whoever runs this server finds the reason in its log.',
  },
  'database/unavailable': {
    status: 503,
    title: 'Database not reachable',
    detail: 'The database does not answer right now. Try again shortly.',
    retryAfterSeconds: 2,
  },
};
