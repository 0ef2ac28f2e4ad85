import type { RecordedEvent } from '#event-store';
import { isUuid } from '#kernel';

export type AuditOutcome = 'succeeded' | 'refused';

/** What one event means to somebody who reads the trail. */
export interface AuditDescription {
  /** What was acted on: a kind in camelCase and its id as text. */
  readonly target: { readonly kind: string; readonly id: string };
  readonly keyId?: string | undefined;
  readonly partnerId?: number | undefined;
  readonly reason?: string | undefined;
  readonly outcome: AuditOutcome;
  /** Plain JSON, small, nothing secret; what it was and what it is now. */
  readonly before?: unknown;
  readonly after?: unknown;
}

export type AuditDescriber = (event: RecordedEvent) => AuditDescription;

/** Values of `before` and `after` beyond that are left out (of their JSON text). */
export const AUDIT_VALUE_CHARACTERS_MAX = 4_096;
export const AUDIT_VALUE_DEPTH_MAX = 8;

/** Secrets are in no event; what looks one up, proves one or is sealed has no place in a trail that people read. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  '__proto__',
  'address',
  'hash',
  'ip',
  'lookupHash',
  'passphrase',
  'passphraseHash',
  'pepperId',
  'salt',
  'secret',
  'token',
  'tokenHash',
  'userAgent',
]);

/** Said by columns of their own. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(['keyId', 'partnerId', 'reason', 'from', 'to']);

/** How the types of events end that say so. */
const REFUSED = /(?:Denied|Refused|Rejected|Failed)$/;

const NOTHING: ReadonlySet<string> = new Set();
type Data = Readonly<Record<string, unknown>>;

/** Reads the names that all contexts use: ids, `reason`, `note`, `evidence`, `cause`, `from` and `to`. */
export const describeByConvention: AuditDescriber = (event) => {
  const data = event.data as Data;
  const stream = streamParts(event.streamId);
  const keyId = data['keyId'];
  const { before, after } = changeOf(data);
  return {
    target: targetOf(data, stream),
    keyId: typeof keyId === 'string' && isUuid(keyId) ? keyId : undefined,
    partnerId: partnerOf(data, stream),
    reason: reasonOf(data),
    outcome: REFUSED.test(event.type) ? 'refused' : 'succeeded',
    before,
    after,
  };
};

export interface StreamParts {
  readonly category: string;
  /** `undefined`: above all networks. */
  readonly networkId: number | undefined;
  /** After category and network. */
  readonly rest: string;
}

export function streamParts(streamId: string): StreamParts {
  // Asked again and again about the same event.
  if (last?.streamId === streamId) return last.parts;
  const [category, others] = cut(streamId);
  const [network, rest] = cut(others);
  const networkId = Number(network);
  const isNetwork = isId(networkId) && String(networkId) === network;
  const parts = { category, networkId: isNetwork ? networkId : undefined, rest };
  last = { streamId, parts };
  return parts;
}

function cut(text: string): readonly [before: string, after: string] {
  const at = text.indexOf('-');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

let last: { readonly streamId: string; readonly parts: StreamParts } | undefined;

function targetOf(
  data: Data,
  { category, networkId, rest }: StreamParts,
): AuditDescription['target'] {
  for (const [field, kind] of TARGETS) {
    const id = data[field];
    if (typeof id === 'string' || typeof id === 'number') return { kind, id: String(id) };
  }
  switch (category) {
    case 'network':
    case 'auditQuery':
      return {
        kind: category === 'network' ? 'network' : 'auditTrail',
        id: String(networkId ?? 0),
      };
    case 'accessDenied':
      return { kind: 'access', id: typeof data['code'] === 'string' ? data['code'] : '' };
    case 'identity':
      return { kind: 'identity', id: identityOf(data) };
    default:
      return { kind: category, id: rest };
  }
}

/** The most particular one first. */
const TARGETS = [
  ['shareId', 'share'],
  ['keyId', 'apiKey'],
  ['flagId', 'flag'],
  ['credentialId', 'webhookCredential'],
  ['employeeId', 'employee'],
  ['marketplacePartnerId', 'marketplacePartner'],
  ['partnerId', 'partner'],
] as const;

function partnerOf(data: Data, { category, rest }: StreamParts): number | undefined {
  const owner = isRecord(data['owner']) ? data['owner']['partnerId'] : undefined;
  for (const candidate of [data['partnerId'], owner]) if (isId(candidate)) return candidate;
  const text =
    category === 'partner' ? rest : category === 'keyRing' ? rest.match(HOLDER)?.[1] : '';
  const id = Number(text);
  return isId(id) ? id : undefined;
}

/** `<portal>-partner-<id>`, of a key ring. */
const HOLDER = /^[^-]*-partner-([^-]*)/;

function reasonOf(data: Data): string | undefined {
  const cause = isRecord(data['cause']) ? data['cause']['reason'] : undefined;
  for (const candidate of [data['reason'], cause, data['evidence'], data['note']])
    if (typeof candidate === 'string' && candidate !== '') return candidate;
  return undefined;
}

function changeOf(data: Data): { readonly before: unknown; readonly after: unknown } {
  if ('from' in data || 'to' in data)
    return { before: shown(data['from']), after: shown(data['to']) };
  return { before: undefined, after: shown(data, SAID_ELSEWHERE) };
}

/** Without what is left out, and nothing at all when it is too large. */
function shown(value: unknown, saidElsewhere: ReadonlySet<string> = NOTHING): unknown {
  const clean = cleaned(value, AUDIT_VALUE_DEPTH_MAX, saidElsewhere);
  if (clean === undefined || clean === null) return undefined;
  // Most are so small that their text need not be made.
  return charactersMax(clean) > AUDIT_VALUE_CHARACTERS_MAX &&
    JSON.stringify(clean).length > AUDIT_VALUE_CHARACTERS_MAX
    ? undefined
    : clean;
}

/** Of a number, `true`, `false` or `null`, with a comma. */
const SCALAR_CHARACTERS_MAX = 26;
/** `\u0000` */
const ESCAPE_CHARACTERS = 6;
/** Quotes, colon and comma. */
const AROUND_TEXT_CHARACTERS = 4;

/** As JSON it is not longer. */
function charactersMax(value: unknown): number {
  if (typeof value === 'string') return ESCAPE_CHARACTERS * value.length + AROUND_TEXT_CHARACTERS;
  if (typeof value !== 'object' || value === null) return SCALAR_CHARACTERS_MAX;
  let characters = AROUND_TEXT_CHARACTERS;
  if (Array.isArray(value)) for (const one of value) characters += charactersMax(one);
  else
    for (const name in value)
      characters += charactersMax(name) + charactersMax((value as Data)[name]);
  return characters;
}

/** Of what nothing is left out, itself: most is, and copies are work for the collector. */
function cleaned(
  value: unknown,
  depth: number,
  saidElsewhere: ReadonlySet<string> = NOTHING,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return undefined;
  if (Array.isArray(value)) {
    const kept = value.map((one) => cleaned(one, depth - 1) ?? null);
    return kept.every((one, index) => one === value[index]) ? (value as unknown) : kept;
  }
  const whole = value as Data;
  let kept: Record<string, unknown> | undefined;
  let some = false;
  for (const name in whole) {
    const before = whole[name];
    const one =
      LEFT_OUT.has(name) || saidElsewhere.has(name) ? undefined : cleaned(before, depth - 1);
    if (one !== before) kept ??= upTo(name, whole);
    if (one === undefined) continue;
    if (kept) kept[name] = one;
    some = true;
  }
  return some ? (kept ?? whole) : undefined;
}

/** Its properties before that one. */
function upTo(last: string, whole: Data): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name in whole) {
    if (name === last) break;
    kept[name] = whole[name];
  }
  return kept;
}

function identityOf(data: Data): string {
  const { issuer, subject } = data;
  return typeof issuer === 'string' && typeof subject === 'string' ? `${issuer}#${subject}` : '';
}

const isRecord = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) > 0;
