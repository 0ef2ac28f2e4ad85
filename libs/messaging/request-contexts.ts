import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor, RecordedEvent } from '#event-store';
import type { NetworkId } from '#kernel';
import { Clock, containsKeyMaterial, DomainError } from '#kernel';
import { processCommandId, requestCommandId } from './command-ids.js';
import type { RequestContext } from './request-context.js';
import { RequestHasher, UNHASHED } from './request-hasher.js';

/** From a request's arrival until it is answered at the latest. */
export const REQUEST_DEADLINE_MS = 10_000;
/** A process waits for nobody; it comes back when it failed. */
export const PROCESS_DEADLINE_MS = 30_000;
export const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;
export const CLIENT_REQUEST_ID_CHARACTERS_MAX = 128;
export const USER_AGENT_CHARACTERS_MAX = 256;

const visibleAscii = (charactersMax: number): RegExp =>
  new RegExp(`^[\\x21-\\x7e]{1,${String(charactersMax)}}$`);
const IDEMPOTENCY_KEY = visibleAscii(IDEMPOTENCY_KEY_CHARACTERS_MAX);
const CLIENT_REQUEST_ID = visibleAscii(CLIENT_REQUEST_ID_CHARACTERS_MAX);
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** What is read of a request at the edge. Fastify's request and reply fit. */
export interface EdgeRequest {
  /** The correlation id, ours. */
  readonly id: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Set by the guard of `#access`. */
  readonly principal?: { readonly actor: Actor; readonly networkId: NetworkId | null } | undefined;
  readonly clientAddress?: string | undefined;
}

export interface EdgeReply {
  readonly raw: {
    readonly writableFinished: boolean;
    readonly destroyed: boolean;
    once(event: 'close', listener: () => void): unknown;
  };
}

export interface RequestedOperation {
  /** Unlike any other: method and route, or the GraphQL field and its alias. */
  readonly name: string;
  /** All that the client said about it: path, query, body, arguments. */
  readonly input: unknown;
  /** Whether it may change something: only then is an `Idempotency-Key` looked at. */
  readonly changes: boolean;
}

/** Stands on what a caller without a token does, until its handler knows better (a webhook's credential, a share link). */
export const ANONYMOUS: Actor = {
  type: 'service',
  issuer: 'urn:keyledger:edge',
  subject: 'anonymous',
};
const PROCESS_ISSUER = 'urn:keyledger:process';

/** Why a request's signal aborts: nobody reads the answer any more. No failure, and not logged as one. */
export class CallerLeftError extends Error {
  override readonly name = 'CallerLeftError';
  constructor() {
    super('the caller closed the connection before the answer was sent');
  }
}

/** Makes every `RequestContext` there is. */
@Injectable()
export class RequestContexts {
  constructor(
    private readonly clock: Clock,
    private readonly hasher: RequestHasher,
  ) {}

  /** @throws {DomainError} `request/idempotency-key-invalid` */
  async ofRequest(
    request: EdgeRequest,
    reply: EdgeReply | undefined,
    operation: RequestedOperation,
  ): Promise<RequestContext> {
    const now = this.clock.now();
    const { principal } = request;
    const key = operation.changes ? idempotencyKey(request) : undefined;
    // Strangers' keys would be one name space, in which one could ask for another's answer.
    const idempotent = key !== undefined && principal !== undefined;
    const commandId = idempotent
      ? requestCommandId(principal.networkId, principal.actor, operation.name, key)
      : randomUUID();
    const traceparent = matching(request, 'traceparent', TRACEPARENT);
    const clientRequestId = matching(request, 'x-request-id', CLIENT_REQUEST_ID);
    const userAgent = userAgentOf(request);
    return {
      commandId,
      ...(operation.changes
        ? await this.hasher.hash(operation.name, operation.input)
        : { requestHash: UNHASHED }),
      idempotent,
      correlationId: request.id,
      causationId: commandId,
      actor: principal?.actor ?? ANONYMOUS,
      networkId: principal?.networkId ?? null,
      ...(request.clientAddress === undefined ? {} : { ip: request.clientAddress }),
      ...(userAgent === undefined ? {} : { userAgent }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(clientRequestId === undefined ? {} : { clientRequestId }),
      now,
      deadline: new Date(now.getTime() + REQUEST_DEADLINE_MS),
      signal: disconnected(reply),
    };
  }

  /**
   * What a process does because of an event, in the event's network. `step` tells several commands of one event apart;
   * the same event and step give the same command id.
   */
  ofProcess(
    process: string,
    cause: Pick<RecordedEvent, 'id' | 'metadata'>,
    step: string,
    signal: AbortSignal,
  ): RequestContext {
    const now = this.clock.now();
    return {
      commandId: processCommandId(process, cause.id, step),
      requestHash: UNHASHED,
      idempotent: false,
      correlationId: cause.metadata.$correlationId,
      causationId: cause.id,
      actor: { type: 'system', issuer: PROCESS_ISSUER, subject: process },
      networkId: cause.metadata.networkId as NetworkId | null,
      now,
      deadline: new Date(now.getTime() + PROCESS_DEADLINE_MS),
      signal,
    };
  }

  /** What the system does by itself, at no event's cause (an expiry, a sweep). `commandId` default: random. */
  ofSystem(
    subject: string,
    networkId: NetworkId | null,
    signal: AbortSignal,
    commandId: string = randomUUID(),
  ): RequestContext {
    const now = this.clock.now();
    return {
      commandId,
      requestHash: UNHASHED,
      idempotent: false,
      correlationId: commandId,
      causationId: commandId,
      actor: { type: 'system', issuer: PROCESS_ISSUER, subject },
      networkId,
      now,
      deadline: new Date(now.getTime() + PROCESS_DEADLINE_MS),
      signal,
    };
  }
}

function idempotencyKey(request: EdgeRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key))
    throw new DomainError('request/idempotency-key-invalid', {
      charactersMax: IDEMPOTENCY_KEY_CHARACTERS_MAX,
    });
  return key;
}

/** A header that is no use is left out, not refused: it is the client's own affair. */
function matching(request: EdgeRequest, header: string, pattern: RegExp): string | undefined {
  const value = request.headers[header];
  if (typeof value !== 'string' || !pattern.test(value)) return undefined;
  return containsKeyMaterial(value) ? undefined : value;
}

function userAgentOf(request: EdgeRequest): string | undefined {
  const value = request.headers['user-agent'];
  if (typeof value !== 'string' || containsKeyMaterial(value)) return undefined;
  const text = value.replace(/\p{C}/gu, '').slice(0, USER_AGENT_CHARACTERS_MAX);
  return text === '' ? undefined : text;
}

/** Aborts when the connection ends before the answer was sent. One a reply: a GraphQL request has many calls. */
function disconnected(reply: EdgeReply | undefined): AbortSignal {
  if (!reply) return new AbortController().signal;
  const known = disconnections.get(reply);
  if (known) return known;
  const controller = new AbortController();
  const { raw } = reply;
  const check = () => {
    if (!raw.writableFinished) controller.abort(new CallerLeftError());
  };
  if (raw.destroyed) check();
  else raw.once('close', check);
  disconnections.set(reply, controller.signal);
  return controller.signal;
}

const disconnections = new WeakMap<EdgeReply, AbortSignal>();
