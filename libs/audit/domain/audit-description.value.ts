import type { RecordedEvent } from '#event-store';
import { isUuid } from '#kernel';

export type AuditOutcome = 'succeeded' | 'refused';

/** What one event means to somebody who reads the trail. */
export interface AuditDescription {
  /** What was acted on: a kind in camelCase and its id as text. */
  readonly target: { readonly kind: string; readonly id: string };
  readonly keyId?: string;
  readonly partnerId?: number;
  readonly reason?: string;
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

type Data = Readonly<Record<string, unknown>>;

/** Reads the names that all contexts use: ids, `reason`, `note`, `evidence`, `cause`, `from` and `to`. */
export const describeByConvention: AuditDescriber = (event) => {
  const data = event.data as Data;
  const stream = streamParts(event.streamId);
  const keyId = data['keyId'];
  const partnerId = partnerOf(data, stream);
  const reason = reasonOf(data);
  const { before, after } = changeOf(data);
  return {
    target: targetOf(data, stream),
    ...(typeof keyId === 'string' && isUuid(keyId) ? { keyId } : {}),
    ...(partnerId === undefined ? {} : { partnerId }),
    ...(reason === undefined ? {} : { reason }),
    outcome: /(Denied|Refused|Rejected|Failed)$/.test(event.type) ? 'refused' : 'succeeded',
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
};

export interface StreamParts {
  readonly category: string;
  /** `undefined`: above all networks. */
  readonly networkId: number | undefined;
  readonly rest: readonly string[];
}

export function streamParts(streamId: string): StreamParts {
  const [category = '', network = '', ...rest] = streamId.split('-');
  const networkId = Number(network);
  return {
    category,
    networkId:
      /^[1-9]\d*$/.test(network) && Number.isSafeInteger(networkId) ? networkId : undefined,
    rest,
  };
}

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
      return { kind: category, id: rest.join('-') };
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
  const id = Number(
    category === 'keyRing' && rest[1] === 'partner'
      ? rest[2]
      : category === 'partner'
        ? rest[0]
        : NaN,
  );
  return isId(id) ? id : undefined;
}

function reasonOf(data: Data): string | undefined {
  const cause = isRecord(data['cause']) ? data['cause']['reason'] : undefined;
  for (const candidate of [data['reason'], cause, data['evidence'], data['note']])
    if (typeof candidate === 'string' && candidate !== '') return candidate;
  return undefined;
}

function changeOf(data: Data): { readonly before: unknown; readonly after: unknown } {
  if ('from' in data || 'to' in data)
    return { before: shown(data['from']), after: shown(data['to']) };
  const rest = Object.entries(data).filter(([name]) => !SAID_ELSEWHERE.has(name));
  return {
    before: undefined,
    after: rest.length === 0 ? undefined : shown(Object.fromEntries(rest)),
  };
}

/** Without what is left out, and nothing at all when it is too large. */
function shown(value: unknown): unknown {
  const clean = cleaned(value, AUDIT_VALUE_DEPTH_MAX);
  if (clean === undefined || clean === null) return undefined;
  return JSON.stringify(clean).length > AUDIT_VALUE_CHARACTERS_MAX ? undefined : clean;
}

function cleaned(value: unknown, depth: number): unknown {
  if (Array.isArray(value))
    return depth === 0 ? undefined : value.map((one) => cleaned(one, depth - 1) ?? null);
  if (!isRecord(value)) return value;
  if (depth === 0) return undefined;
  const kept = Object.entries(value)
    .filter(([name]) => !LEFT_OUT.has(name))
    .map(([name, one]) => [name, cleaned(one, depth - 1)] as const)
    .filter(([, one]) => one !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

function identityOf(data: Data): string {
  const { issuer, subject } = data;
  return typeof issuer === 'string' && typeof subject === 'string' ? `${issuer}#${subject}` : '';
}

const isRecord = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) > 0;
