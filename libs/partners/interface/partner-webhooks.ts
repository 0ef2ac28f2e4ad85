import { isUtf8 } from 'node:buffer';
import { Readable } from 'node:stream';
import type { INestApplication } from '@nestjs/common';
import type { AccessRequest } from '#access';
import { RequestGate } from '#access';
import { DomainError } from '#kernel';
import { WebhookCredentialVerifier } from '#networks';
import { isTooDeep } from '#rest';

export const WEBHOOK_BODY_BYTES_MAX = 262_144;
export const WEBHOOK_CREDENTIAL_HEADER = 'x-keyledger-webhook-credential';
export const WEBHOOK_ROUTES_PREFIX = '/v1/webhooks/partners/';

/** What a sender sent, read before anything could refuse it. */
export interface WebhookBody {
  readonly bytes: number;
  /** `unparsable`: no JSON. Only its digest is ever kept. */
  readonly content: { readonly json: unknown } | { readonly unparsable: string };
}

type Headers = AccessRequest['headers'];

interface WebhookExchange extends AccessRequest {
  readonly headers: Record<string, string | readonly string[] | undefined>;
  body?: unknown;
}

interface HookedServer {
  addHook(
    name: 'preParsing',
    hook: (request: WebhookExchange, reply: unknown, payload: Readable) => Promise<Readable>,
  ): unknown;
  addHook(name: 'preValidation', hook: (request: WebhookExchange) => Promise<void>): unknown;
}

const bodies = new WeakMap<object, WebhookBody>();

/** The body of a webhook's request; `undefined` where `installPartnerWebhooks` did not stand before it. */
export const webhookBodyOf = (request: object): WebhookBody | undefined => bodies.get(request);

/**
 * Lets every webhook reach its handler, also one that is no JSON: the parser would refuse it before anybody could say whose
 * it is and keep a dead letter. And charges webhooks with a valid credential to the network that it speaks for, not to the
 * sender's address. Call it before `app.init()`.
 */
export function installPartnerWebhooks(app: INestApplication): void {
  const credentials = app.get(WebhookCredentialVerifier, { strict: false });
  app.get(RequestGate).recognizeGuests({
    // Not refused here: the handler does, and records it.
    credentialOf: (request) => (isWebhook(request) ? credentialIn(request.headers) : undefined),
    budgetOf: async (credential) => {
      try {
        const { networkId } = await credentials.verify(credential);
        return `webhooks ${String(networkId)}`;
      } catch (error) {
        if (error instanceof DomainError) return undefined;
        throw error;
      }
    },
  });
  const server = app.getHttpAdapter().getInstance() as HookedServer;
  server.addHook('preParsing', async (request, _, payload) => {
    if (!isWebhook(request)) return payload;
    const bytes = await bytesOf(payload);
    bodies.set(request, { bytes: bytes.length, content: contentOf(bytes) });
    // Fastify parses this instead, whatever the sender called it.
    const nothing = Buffer.from('{}');
    request.headers['content-type'] = 'application/json';
    request.headers['content-length'] = String(nothing.length);
    return Readable.from([nothing]);
  });
  server.addHook('preValidation', (request) => {
    const received = bodies.get(request);
    // What was really sent, for whatever compares requests.
    if (received)
      request.body =
        'json' in received.content ? received.content.json : received.content.unparsable;
    return Promise.resolve();
  });
}

export function credentialIn(headers: Headers): string | undefined {
  const own = headers[WEBHOOK_CREDENTIAL_HEADER];
  if (own !== undefined) return typeof own === 'string' ? own : undefined;
  const authorization = headers['authorization'];
  if (typeof authorization !== 'string') return undefined;
  return /^Bearer ([^ ]+)$/i.exec(authorization)?.[1];
}

const isWebhook = ({ method, routeOptions }: AccessRequest): boolean =>
  method === 'POST' && routeOptions?.url?.startsWith(WEBHOOK_ROUTES_PREFIX) === true;

/** @throws {DomainError} `partners/webhook-too-large` as soon as it is. */
async function bytesOf(payload: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > WEBHOOK_BODY_BYTES_MAX) break;
    chunks.push(chunk);
  }
  if (bytes > WEBHOOK_BODY_BYTES_MAX) {
    // The rest is thrown away: unread, it would keep the connection from its next request.
    payload.resume();
    throw new DomainError('partners/webhook-too-large', { bytesMax: WEBHOOK_BODY_BYTES_MAX });
  }
  return Buffer.concat(chunks);
}

function contentOf(bytes: Buffer): WebhookBody['content'] {
  const text = bytes.toString();
  // A name in another encoding would be kept for ever with holes in it.
  if (!isUtf8(bytes)) return { unparsable: text };
  try {
    const json: unknown = JSON.parse(text);
    // Nobody could look into it.
    return isTooDeep(json) ? { unparsable: text } : { json };
  } catch {
    return { unparsable: text };
  }
}
