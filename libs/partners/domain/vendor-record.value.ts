import type { EmployeeId, IsoTime, NetworkId, PartnerId } from '#kernel';
import { DomainError, clientText, employeeId, partnerId } from '#kernel';
import type { PartnerObservation, PartnerStatus } from './partner.value.js';

/** The vendor's four webhooks; the body names no kind, so the URL does. */
export const WEBHOOK_KINDS = ['created', 'updated', 'signed-up', 'sign-up-verdict'] as const;
export type WebhookKind = (typeof WEBHOOK_KINDS)[number];

/** Where a record is wrong (an RFC 6901 pointer into it) and how. Says nothing of what stood there. */
export interface RecordRefusal {
  readonly pointer: string;
  readonly reason: string;
}

export type ParsedRecord =
  | { readonly ok: true; readonly observation: PartnerObservation }
  | { readonly ok: false; readonly refusal: RecordRefusal };

export interface ParseContext {
  /** Of the credential or the caller, never of the payload. */
  readonly networkId: NetworkId;
  readonly source: 'import' | 'webhook';
  readonly now: Date;
}

export const PARTNER_NAME_CHARACTERS_MAX = 255;
/** How far the vendor's clock may be ahead: a later time would silence all records until then. */
export const SOURCE_CLOCK_AHEAD_SECONDS_MAX = 300;

/** What a record may hold that governs keys. All else (people, addresses, billing, unknown fields) is not even looked at. */
export const RECORD_FIELDS = [
  'network_affiliate_id',
  'network_id',
  'name',
  'account_status',
  'network_employee_id',
  'time_created',
  'time_saved',
] as const;
const VERDICT_FIELDS = [
  'network_affiliate_id',
  'network_id',
  'network_affiliate_name',
  'new_status',
  'employee_id',
  'timestamp',
] as const;

const RECORD_STATUSES: Readonly<Record<string, PartnerStatus>> = {
  active: 'active',
  inactive: 'inactive',
  pending: 'pending',
  suspended: 'suspended',
  unverified: 'unverified',
  rejected: 'rejected',
};
const VERDICT_STATUSES: Readonly<Record<string, PartnerStatus>> = {
  ...RECORD_STATUSES,
  approved: 'active',
};

/** One partner as a webhook or a list has it (domain.md, appendix C), reduced to what governs keys. Pure and total. */
export function parsePartner(
  json: unknown,
  kind: WebhookKind | 'listed',
  context: ParseContext,
): ParsedRecord {
  try {
    const record = objectAt(json);
    assertOwnNetwork(record, context.networkId);
    const observation =
      kind === 'sign-up-verdict' ? verdictOf(record, context) : recordOf(record, context);
    return { ok: true, observation };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

/** The same record with nothing in it that a parse would not look at: what an import client sends. */
export function reducedRecord(json: unknown): unknown {
  if (!isObject(json)) return json;
  return Object.fromEntries(
    RECORD_FIELDS.filter((field) => Object.hasOwn(json, field)).map((field) => [
      field,
      // A wrong type stays wrong, and its content at home.
      isScalar(json[field]) ? json[field] : [],
    ]),
  );
}

/** Names and types of the fields that the vendor documents, and how many others: what may be kept of a refused one. */
export function redactedShape(json: unknown): Readonly<Record<string, string | number>> {
  if (!isObject(json)) return { '': typeName(json) };
  const known: readonly string[] = [...RECORD_FIELDS, ...VERDICT_FIELDS];
  const shape: Record<string, string | number> = {};
  let otherFields = 0;
  for (const field of Object.keys(json))
    if (known.includes(field)) shape[field] = typeName(json[field]);
    else otherFields += 1;
  return { ...shape, otherFields };
}

/** The partner that a record is about, when it says so in the right type. */
export function partnerIdIn(json: unknown): PartnerId | undefined {
  const id = isObject(json) ? json['network_affiliate_id'] : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? partnerId(id) : undefined;
}

type JsonObject = Readonly<Record<string, unknown>>;

function recordOf(record: JsonObject, { source, now }: ParseContext): PartnerObservation {
  const managerId = optionalEmployee(record, 'network_employee_id');
  return {
    partnerId: partnerId(idAt(record, 'network_affiliate_id')),
    kind: 'record',
    source,
    sourceTime: timeAt(record, has(record, 'time_saved') ? 'time_saved' : 'time_created', now),
    name: nameAt(record, 'name'),
    status: statusAt(record, 'account_status', RECORD_STATUSES),
    ...(managerId !== undefined && { managerId }),
  };
}

function verdictOf(record: JsonObject, { source, now }: ParseContext): PartnerObservation {
  const decidedBy = optionalEmployee(record, 'employee_id');
  return {
    partnerId: partnerId(idAt(record, 'network_affiliate_id')),
    kind: 'verdict',
    source,
    sourceTime: timeAt(record, 'timestamp', now),
    name: nameAt(record, 'network_affiliate_name'),
    status: statusAt(record, 'new_status', VERDICT_STATUSES),
    ...(typeof decidedBy === 'number' && { decidedBy }),
  };
}

class Refused extends Error {
  constructor(readonly refusal: RecordRefusal) {
    super(refusal.reason);
  }
}

function refuse(field: string, reason: string): never {
  throw new Refused({ pointer: field === '' ? '' : `/${field}`, reason });
}

function objectAt(json: unknown): JsonObject {
  return isObject(json) ? json : refuse('', 'not-an-object');
}

function assertOwnNetwork(record: JsonObject, networkId: NetworkId): void {
  const said = record['network_id'];
  if (said === undefined) return;
  if (!Number.isSafeInteger(said)) refuse('network_id', 'not-an-integer');
  if (said !== networkId) refuse('network_id', 'other-network');
}

function idAt(record: JsonObject, field: string): number {
  const value = record[field];
  if (value === undefined || value === null) return refuse(field, 'required');
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    return refuse(field, 'not-an-integer');
  return value > 0 ? value : refuse(field, 'not-positive');
}

/** The vendor writes 0 for none. */
function optionalEmployee(record: JsonObject, field: string): EmployeeId | null | undefined {
  const value = record[field];
  if (value === undefined) return undefined;
  if (value === null || value === 0) return null;
  return employeeId(idAt(record, field));
}

function timeAt(record: JsonObject, field: string, now: Date): IsoTime {
  const seconds = idAt(record, field);
  if (seconds > now.getTime() / 1_000 + SOURCE_CLOCK_AHEAD_SECONDS_MAX)
    return refuse(field, 'in-the-future');
  return new Date(seconds * 1_000).toISOString();
}

function statusAt(
  record: JsonObject,
  field: string,
  statuses: Readonly<Record<string, PartnerStatus>>,
): PartnerStatus {
  const value = record[field];
  if (value === undefined || value === null) return refuse(field, 'required');
  const status =
    typeof value === 'string' && Object.hasOwn(statuses, value) ? statuses[value] : undefined;
  return status ?? refuse(field, 'not-a-status');
}

function nameAt(record: JsonObject, field: string): string {
  const value = record[field];
  if (value === undefined || value === null) return refuse(field, 'required');
  try {
    return clientText(value, { max: PARTNER_NAME_CHARACTERS_MAX });
  } catch (error) {
    if (error instanceof DomainError) return refuse(field, String(error.details['reason']));
    throw error;
  }
}

// A record that was never saved again has 0 there.
const has = (record: JsonObject, field: string) =>
  record[field] !== undefined && record[field] !== null && record[field] !== 0;

const isObject = (json: unknown): json is JsonObject =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

const isScalar = (value: unknown) => value === null || typeof value !== 'object';

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}
