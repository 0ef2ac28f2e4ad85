import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { TokenSource } from './token-source.js';

export const API_URL_DEFAULT = 'http://127.0.0.1:7300';
export const REQUEST_TIMEOUT_MS_DEFAULT = 30_000;
export const ATTEMPTS_MAX = 5;
/** A longer `Retry-After` is not waited for. */
export const RETRY_AFTER_SECONDS_MAX = 30;
export const RETRY_DELAY_MS_FIRST = 250;
const BODY_SHOWN_CHARACTERS_MAX = 200;

/** A refusal of the API as one line. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    message: string,
    /** 0: no answer. */
    readonly status: number,
    readonly code?: string,
    readonly details?: Readonly<Record<string, unknown>>,
  ) {
    super(message);
  }
}

export interface ApiAnswer<T> {
  readonly status: number;
  readonly body: T;
  /** `X-Ledger-Position`: give it as `atLeast` to a query that must see this. */
  readonly position: string | undefined;
  readonly headers: Headers;
}

export interface ApiRequest {
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Of a mutation; default: a random one, the same for all attempts of this call. */
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
}

export interface ApiClientOptions {
  readonly baseUrl: string;
  readonly token: TokenSource;
  readonly timeoutMs?: number;
  readonly userAgent?: string;
}

interface ReceivedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly correlationId?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly { readonly pointer: string; readonly problem: string }[];
}

/**
 * The CLI's way to the API. Attempts are repeated where that is safe: reads, and mutations under their one
 * `Idempotency-Key`, after a 429, a 503 or a broken connection, as long as `Retry-After` says, within bounds.
 *
 * @throws {ApiError} one line that says what was refused and why.
 */
export class ApiClient {
  private readonly baseUrl: string;

  constructor(private readonly options: ApiClientOptions) {
    this.baseUrl = options.baseUrl.replace(/\/+$/, '');
  }

  get<T>(path: string, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    return this.send('GET', path, undefined, request);
  }

  post<T>(path: string, body: unknown, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    return this.send('POST', path, body, request);
  }

  put<T>(path: string, body: unknown, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    return this.send('PUT', path, body, request);
  }

  patch<T>(path: string, body: unknown, request: ApiRequest = {}): Promise<ApiAnswer<T>> {
    return this.send('PATCH', path, body, request);
  }

  private async send<T>(
    method: string,
    path: string,
    body: unknown,
    request: ApiRequest,
  ): Promise<ApiAnswer<T>> {
    const url = this.urlOf(path);
    for (const [name, value] of Object.entries(request.query ?? {}))
      if (value !== undefined) url.searchParams.set(name, String(value));
    const idempotencyKey = method === 'GET' ? undefined : (request.idempotencyKey ?? randomUUID());
    let token = await this.options.token();
    let renewed = false;
    for (let attempt = 1; ; attempt += 1) {
      const headers: Record<string, string> = {
        accept: 'application/json, application/problem+json',
        authorization: `Bearer ${token}`,
        'user-agent': this.options.userAgent ?? 'keyledger-cli',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...(request.ifMatch === undefined ? {} : { 'if-match': request.ifMatch }),
      };
      const answer = await this.attempt(
        url,
        { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) },
        request.signal,
      );
      const { status } = answer;
      if (!(answer instanceof ApiError) && status >= 200 && status < 300)
        return answerOf<T>(answer);
      if (status === 401 && !renewed) {
        renewed = true;
        token = await this.options.token(token);
        continue;
      }
      const waitMs = attempt < ATTEMPTS_MAX ? waitOf(answer, attempt) : undefined;
      if (waitMs === undefined) throw answer instanceof ApiError ? answer : errorOf(answer);
      await delay(waitMs, undefined, request.signal ? { signal: request.signal } : {});
    }
  }

  private urlOf(path: string): URL {
    const url = URL.parse(this.baseUrl + path);
    if (url && /^https?:$/.test(url.protocol)) return url;
    throw new ApiError(
      `${this.baseUrl} is no address of an API: give one such as ${API_URL_DEFAULT} (--api, KEYLEDGER_API)`,
      0,
    );
  }

  /** The whole answer: a connection may also be lost in the middle of it. */
  private async attempt(
    url: URL,
    init: RequestInit,
    signal?: AbortSignal,
  ): Promise<ReceivedAnswer | ApiError> {
    const timeout = AbortSignal.timeout(this.options.timeoutMs ?? REQUEST_TIMEOUT_MS_DEFAULT);
    try {
      const response = await fetch(url, {
        ...init,
        redirect: 'error',
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      const { status, headers } = response;
      return { status, headers, text: await response.text() };
    } catch (error) {
      if (signal?.aborted) throw error;
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const reason = timeout.aborted
        ? 'no answer in time'
        : cause instanceof Error
          ? cause.message || cause.name
          : String(cause);
      return new ApiError(`${this.baseUrl} can't be reached: ${reason}`, 0);
    }
  }
}

/** How long to wait before the next attempt; `undefined`: there is none. */
function waitOf(answer: ReceivedAnswer | ApiError, attempt: number): number | undefined {
  const backoffMs = RETRY_DELAY_MS_FIRST * 2 ** (attempt - 1);
  if (answer instanceof ApiError) return backoffMs;
  if (answer.status !== 429 && answer.status !== 503) return undefined;
  const header = answer.headers.get('retry-after');
  if (header === null) return backoffMs;
  const seconds = /^\d+$/.test(header)
    ? Number(header)
    : (new Date(header).getTime() - Date.now()) / 1_000;
  return Number.isFinite(seconds) && seconds <= RETRY_AFTER_SECONDS_MAX
    ? Math.max(0, seconds) * 1_000
    : undefined;
}

function answerOf<T>({ status, headers, text }: ReceivedAnswer): ApiAnswer<T> {
  try {
    const body = (text === '' ? undefined : JSON.parse(text)) as T;
    return { status, body, position: headers.get('x-ledger-position') ?? undefined, headers };
  } catch {
    throw new ApiError(
      `the API answered ${String(status)} with something else than JSON; is this address right?`,
      status,
    );
  }
}

function errorOf({ status, text }: ReceivedAnswer): ApiError {
  let problem: Problem | undefined;
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    problem = undefined;
  }
  if (problem?.code === undefined)
    return new ApiError(
      `the API answered ${String(status)}: ${oneLine(text).slice(0, BODY_SHOWN_CHARACTERS_MAX)}`,
      status,
    );
  const { title, detail, code, details, errors, correlationId } = problem;
  const fields = errors?.map((field) => `${field.pointer} ${field.problem}`).join('; ');
  const parts = [
    `${title ?? String(status)} (${code}): ${fields ?? detail ?? ''}`,
    details === undefined ? '' : ` ${JSON.stringify(details)}`,
    status >= 500 && correlationId !== undefined ? ` [correlation ${correlationId}]` : '',
  ];
  return new ApiError(oneLine(parts.join('')), status, code, details);
}

/** What a server sends must not move the cursor of the terminal that shows it. */
const oneLine = (text: string) => text.replace(/[\p{Cc}\p{Bidi_Control}\s]+/gu, ' ').trim();
