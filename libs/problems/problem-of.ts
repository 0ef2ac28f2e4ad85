import type { DomainErrorCode } from '#kernel';
import { DomainError, withoutKeyMaterial } from '#kernel';
import { PROBLEM_TYPE_BASE, problemPage } from './catalogue.js';
import type { ProblemCatalogue } from './catalogue.js';

/** RFC 9457, with our members: `code`, `correlationId`, and the refusal's details. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: DomainErrorCode;
  readonly correlationId?: string;
  /** One entry a wrong field: a JSON pointer into the body (or `?name` for a query parameter) and what is wrong. */
  readonly errors?: readonly FieldProblem[];
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface FieldProblem {
  readonly pointer: string;
  readonly problem: string;
}

const STATUS_CODES: Readonly<Record<number, DomainErrorCode>> = {
  400: 'request/malformed-json',
  404: 'request/not-found',
  405: 'request/method-not-allowed',
  413: 'request/body-too-large',
  415: 'request/unsupported-media-type',
};

const FASTIFY_CODES: Readonly<Record<string, DomainErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request/body-too-large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'request/malformed-json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'request/malformed-json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'request/malformed-json',
  FST_ERR_BAD_URL: 'request/not-found',
  FST_ERR_MAX_PARAM_LENGTH: 'request/not-found',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'request/unsupported-media-type',
};

/** By name and not by class: `libs/problems` depends on no adapter. */
const NAMED: Readonly<Record<string, DomainErrorCode>> = {
  AppendOutcomeUnknownError: 'request/outcome-unknown',
  EventStoreUnavailableError: 'event-store/unavailable',
  EventStoreAccessDeniedError: 'event-store/unavailable',
  LogMismatchError: 'event-store/another-log',
  StreamTombstonedError: 'event-store/unfit',
  UnfitServerError: 'event-store/unfit',
  WrappingKeyMissingError: 'keys/wrapping-key-missing',
};

const CONNECTION_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  // Disk full, out of memory, too many resources, I/O errors, statements that took too long.
  '53100',
  '53200',
  '53400',
  '57014',
  '58000',
  '58030',
  '25P03',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '08000',
  '08001',
  '08003',
  '08006',
]);
const CONNECTION_WORDS =
  /Connection terminated|Query read timeout|timeout exceeded when trying to connect|connection timeout|Client has encountered a connection error|Cannot use a pool after calling end/i;

/**
 * Every error becomes one of the catalogue's codes; what nobody knows is `request/internal`, without detail.
 *
 * @param bodyBytesMax what the route takes: a server that refuses a larger body does not say it.
 */
export function domainErrorOf(error: unknown, bodyBytesMax?: number): DomainError {
  if (error instanceof DomainError) return error;
  if (typeof error !== 'object' || error === null) return new DomainError('request/internal');
  const { name, code, statusCode, message, driverError, severity } = error as Readonly<
    Record<string, unknown>
  >;
  const named = typeof name === 'string' ? NAMED[name] : undefined;
  if (named) return new DomainError(named);
  if (typeof code === 'string') {
    const fastify = FASTIFY_CODES[code];
    if (fastify)
      return new DomainError(
        fastify,
        fastify === 'request/body-too-large' && bodyBytesMax !== undefined
          ? { bytesMax: bodyBytesMax }
          : {},
      );
    if (CONNECTION_CODES.has(code)) return new DomainError('database/unavailable');
  }
  // PostgreSQL ended the session, or did not let us in (starting, stopping, full, credentials).
  if (severity === 'FATAL' || severity === 'PANIC') return new DomainError('database/unavailable');
  if (driverError !== undefined && driverError !== error) {
    const inner = domainErrorOf(driverError);
    if (inner.code !== 'request/internal') return inner;
  }
  if (typeof message === 'string' && CONNECTION_WORDS.test(message))
    return new DomainError('database/unavailable');
  const status = statusOf(error) ?? statusCode;
  const byStatus = typeof status === 'number' ? STATUS_CODES[status] : undefined;
  return new DomainError(byStatus ?? 'request/internal');
}

function statusOf(error: object): unknown {
  const { getStatus } = error as { getStatus?: unknown };
  return typeof getStatus === 'function' ? (getStatus as () => unknown).call(error) : undefined;
}

export function problemOf(
  catalogue: ProblemCatalogue,
  error: DomainError,
  correlationId?: string,
): ProblemDetails {
  const definition = catalogue.get(error.code);
  // A code without an entry is a defect; a test compares the two, and a caller learns nothing from it.
  if (!definition) return problemOf(catalogue, new DomainError('request/internal'), correlationId);
  const { errors, ...details } = masked(error.details) as DomainError['details'];
  return {
    type: `${PROBLEM_TYPE_BASE}${problemPage(error.code)}`,
    title: definition.title,
    status: definition.status,
    detail: definition.detail,
    code: error.code,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(Array.isArray(errors) ? { errors: errors as readonly FieldProblem[] } : {}),
    ...(Object.keys(details).length > 0 ? { details } : {}),
  };
}

/** Details name what a client sent, and a client sends a secret where none belongs by mistake. */
function masked(value: unknown): unknown {
  if (typeof value === 'string') return withoutKeyMaterial(value);
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [withoutKeyMaterial(name), masked(one)]),
  );
}
