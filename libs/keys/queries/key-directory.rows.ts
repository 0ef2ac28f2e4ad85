import type { Actor, Position } from '#event-store';
import type { EmployeeId, IsoTime, NetworkId, PartnerId } from '#kernel';
import { employeeId } from '#kernel';
import type { SqlReader } from '#projections';
import { rowsAsOf } from '#projections';
import type {
  RevocationReason,
  ShareBound,
  ShareChannel,
  ShareEndReason,
  ShareOpener,
  ShareRecipientType,
  SuspensionCause,
  SuspensionScope,
} from '../domain/key-ring.events.js';
import { keyDirectoryProjection } from '../projections/key-directory.projection.js';
import type { HolderType, Portal, SecretStorage } from '../domain/portal.value.js';
import type { EligibilityVerdict } from '../domain/verdict.value.js';
import type { KeyStatus, KeyView } from './keys/key.view.js';
import type { ShareStatus, ShareView } from './shares/share.view.js';

/** Which rows a caller may see at all. Every look into the key directory is made through one. */
export interface DirectoryScope {
  readonly networkId: NetworkId;
  /** A limited manager: keys of the partners that are theirs now, whatever moment is looked at. */
  readonly managerId?: EmployeeId;
  /** A partner's own user. */
  readonly partnerId?: PartnerId;
}

/** The moment that is looked at: `position` for a look into history, `time` for what lapses by itself. */
export interface DirectoryMoment {
  readonly position?: Position;
  readonly time: IsoTime;
}

/** Keyset paging by what never changes, newest first. */
export interface DirectoryPage {
  readonly first: number;
  /** The place (position, id) that the page before ended at. */
  readonly after?: readonly [string, string];
  /** The same page of each partner in one answer; without one partner's others. */
  readonly ofEachPartner?: true;
}

export interface KeyFilter {
  readonly keyId?: string;
  readonly keyIds?: readonly string[];
  readonly partnerId?: number;
  readonly partnerIds?: readonly number[];
  readonly holderType?: HolderType;
  readonly holderId?: number;
  readonly portal?: Portal;
  readonly status?: KeyStatus;
  readonly statuses?: readonly KeyStatus[];
  /** Part of a label, whatever its case. */
  readonly label?: string;
}

export interface ShareFilter {
  readonly shareId?: string;
  readonly keyId?: string;
  readonly partnerId?: number;
  readonly status?: ShareStatus;
}

/** A key with what only its own answer shows. */
export interface DirectoryKey {
  readonly view: KeyView;
  readonly verdict: EligibilityVerdict | null;
}

const API_KEYS = {
  name: 'api_keys',
  table: keyDirectoryProjection.tables.api_keys,
  immutable: ['partner_id', 'holder_type', 'holder_id', 'portal', 'issued_position'],
};
const SHARES = {
  name: 'shares',
  table: keyDirectoryProjection.tables.shares,
  immutable: ['key_id', 'partner_id', 'shared_position'],
};

/** At most `page.first + 1` keys (of each partner): one more than asked for says that there is another page. */
export async function keysIn(
  sql: SqlReader,
  scope: DirectoryScope,
  moment: DirectoryMoment,
  filter: KeyFilter,
  page: DirectoryPage,
): Promise<readonly DirectoryKey[]> {
  const query = new Conditions();
  const network = query.parameter(scope.networkId);
  const time = query.parameter(moment.time);
  const position = moment.position === undefined ? undefined : query.parameter(moment.position);
  const status = `CASE WHEN k.status IN ('active', 'suspended') AND k.expires_at <= ${time}::timestamptz THEN 'expired' ELSE k.status END`;

  query.add(`k.network_id = ${network}`);
  query.scopedBy(scope, network);
  if (filter.keyId !== undefined) query.add(`k.key_id = ${query.parameter(filter.keyId)}`);
  if (filter.keyIds) query.add(`k.key_id = ANY (${query.parameter(filter.keyIds)}::uuid[])`);
  if (filter.partnerId !== undefined)
    query.add(`k.partner_id = ${query.parameter(filter.partnerId)}`);
  if (filter.partnerIds)
    query.add(`k.partner_id = ANY (${query.parameter(filter.partnerIds)}::bigint[])`);
  if (filter.holderType !== undefined)
    query.add(`k.holder_type = ${query.parameter(filter.holderType)}`);
  if (filter.holderId !== undefined) query.add(`k.holder_id = ${query.parameter(filter.holderId)}`);
  if (filter.portal !== undefined) query.add(`k.portal = ${query.parameter(filter.portal)}`);
  if (filter.status !== undefined) query.add(`${status} = ${query.parameter(filter.status)}`);
  if (filter.statuses) query.add(`${status} = ANY (${query.parameter(filter.statuses)}::text[])`);
  if (filter.label !== undefined)
    query.add(`k.label ILIKE ${query.parameter(`%${likeEscaped(filter.label)}%`)} ESCAPE '\\'`);
  if (page.after)
    query.add(
      `(k.issued_position, k.key_id) < (${query.parameter(page.after[0])}::bigint, ${query.parameter(page.after[1])}::uuid)`,
    );

  const openShares = `SELECT count(*)::integer FROM ${rowsAsOf(SHARES, position)} s
    WHERE s.network_id = k.network_id AND s.key_id = k.key_id AND s.status = 'open' AND s.expires_at > ${time}::timestamptz`;
  const activity = `(${latestOf('shares', 'shared', position)}) AS last_shared_at, (${latestOf('key_reveals', 'revealed', position)}) AS last_revealed_at`;
  const verdict = `SELECT v.verdict FROM read.key_verdicts v WHERE v.network_id = k.network_id AND v.key_id = k.key_id`;
  const order = 'k.issued_position DESC, k.key_id DESC';
  const shown = query.parameter(page.first + 1);
  const rows = await sql.rows<KeyRow>(
    page.ofEachPartner
      ? `SELECT k.*, (${openShares}) AS open_shares, ${activity}, (${verdict}) AS verdict
     FROM (SELECT k.*, ${status} AS status_now, row_number() OVER (PARTITION BY k.partner_id ORDER BY ${order}) AS place
           FROM ${rowsAsOf(API_KEYS, position)} k WHERE ${query.text()}) k
     WHERE k.place <= ${shown}
     ORDER BY ${order}`
      : `SELECT k.*, ${status} AS status_now, (${openShares}) AS open_shares, ${activity}, (${verdict}) AS verdict
     FROM ${rowsAsOf(API_KEYS, position)} k
     WHERE ${query.text()}
     ORDER BY ${order}
     LIMIT ${shown}`,
    query.parameters,
  );
  return rows.map((row) => ({ view: keyOfRow(row), verdict: row.verdict }));
}

/**
 * When the key `k` was shared or revealed last: one index probe. When and where that was never changes, so that the rows of
 * now tell it of any moment.
 */
function latestOf(
  table: 'shares' | 'key_reveals',
  act: 'shared' | 'revealed',
  position: string | undefined,
): string {
  const until = position === undefined ? '' : ` AND a.${act}_position <= ${position}`;
  return `SELECT a.${act}_at FROM read.${table} a WHERE a.network_id = k.network_id AND a.key_id = k.key_id${until} ORDER BY a.${act}_position DESC LIMIT 1`;
}

/** At most `page.first + 1` shares. */
export async function sharesIn(
  sql: SqlReader,
  scope: DirectoryScope,
  moment: DirectoryMoment,
  filter: ShareFilter,
  page: DirectoryPage,
): Promise<readonly ShareView[]> {
  const query = new Conditions();
  const network = query.parameter(scope.networkId);
  const time = query.parameter(moment.time);
  const position = moment.position === undefined ? undefined : query.parameter(moment.position);
  const status = `CASE WHEN k.status = 'open' AND k.expires_at <= ${time}::timestamptz THEN 'expired'
    WHEN k.end_reason = 'expired' THEN 'expired' ELSE k.status END`;

  query.add(`k.network_id = ${network}`);
  query.scopedBy(scope, network);
  if (filter.shareId !== undefined) query.add(`k.share_id = ${query.parameter(filter.shareId)}`);
  if (filter.keyId !== undefined) query.add(`k.key_id = ${query.parameter(filter.keyId)}`);
  if (filter.partnerId !== undefined)
    query.add(`k.partner_id = ${query.parameter(filter.partnerId)}`);
  if (filter.status !== undefined) query.add(`${status} = ${query.parameter(filter.status)}`);
  if (page.after)
    query.add(
      `(k.shared_position, k.share_id) < (${query.parameter(page.after[0])}::bigint, ${query.parameter(page.after[1])}::uuid)`,
    );

  const rows = await sql.rows<ShareRow>(
    `SELECT k.*, ${status} AS status_now
     FROM ${rowsAsOf(SHARES, position)} k
     WHERE ${query.text()}
     ORDER BY k.shared_position DESC, k.share_id DESC
     LIMIT ${query.parameter(page.first + 1)}`,
    query.parameters,
  );
  return rows.map(shareOfRow);
}

/** The partner's manager of now. Reads the projection `partner_directory`. */
export async function managerOf(
  sql: SqlReader,
  networkId: NetworkId,
  partner: number,
): Promise<EmployeeId | null> {
  const [row] = await sql.rows<{ readonly manager_id: bigint | null }>(
    'SELECT manager_id FROM read.partners WHERE network_id = $1 AND partner_id = $2',
    [networkId, partner],
  );
  return row && row.manager_id !== null ? employeeId(Number(row.manager_id)) : null;
}

class Conditions {
  readonly parameters: unknown[] = [];
  private readonly conditions: string[] = [];

  parameter(value: unknown): string {
    this.parameters.push(typeof value === 'bigint' ? String(value) : value);
    return `$${String(this.parameters.length)}`;
  }

  add(condition: string): void {
    this.conditions.push(condition);
  }

  scopedBy(scope: DirectoryScope, network: string): void {
    if (scope.partnerId !== undefined)
      this.add(`k.partner_id = ${this.parameter(scope.partnerId)}`);
    if (scope.managerId !== undefined)
      this.add(
        `k.partner_id IN (SELECT p.partner_id FROM read.partners p WHERE p.network_id = ${network} AND p.manager_id = ${this.parameter(scope.managerId)})`,
      );
  }

  text(): string {
    return this.conditions.join(' AND ');
  }
}

const likeEscaped = (text: string): string => text.replaceAll(/[\\%_]/g, (found) => `\\${found}`);

interface KeyRow {
  readonly key_id: string;
  readonly portal: Portal;
  readonly holder_type: HolderType;
  readonly holder_id: bigint;
  readonly partner_id: bigint | null;
  readonly label: string;
  readonly masked: string;
  readonly storage: SecretStorage;
  readonly status_now: KeyStatus;
  readonly version: number;
  readonly permissions: readonly string[];
  readonly employee_id: bigint | null;
  readonly verdict: EligibilityVerdict | null;
  readonly expires_at: IsoTime | null;
  readonly issued_position: bigint;
  readonly issued_at: IsoTime;
  readonly issued_by: Actor;
  readonly suspension: { readonly scope: SuspensionScope; readonly cause: SuspensionCause } | null;
  readonly suspended_at: IsoTime | null;
  readonly suspended_by: Actor | null;
  readonly revoked_at: IsoTime | null;
  readonly revoked_by: Actor | null;
  readonly revocation_reason: RevocationReason | null;
  readonly revocation_note: string | null;
  readonly replaces: string | null;
  readonly replaced_by: string | null;
  readonly open_shares: number;
  readonly last_shared_at: IsoTime | null;
  readonly last_revealed_at: IsoTime | null;
}

function keyOfRow(row: KeyRow): KeyView {
  return {
    keyId: row.key_id,
    portal: row.portal,
    holder: { type: row.holder_type, id: Number(row.holder_id) },
    partnerId: row.partner_id === null ? null : Number(row.partner_id),
    label: row.label,
    masked: row.masked,
    storage: row.storage,
    status: row.status_now,
    version: row.version,
    permissions: row.permissions,
    employeeId: row.employee_id === null ? null : Number(row.employee_id),
    expiresAt: row.expires_at,
    issued: { at: row.issued_at, by: row.issued_by, position: String(row.issued_position) },
    suspension:
      row.suspension && row.suspended_at !== null && row.suspended_by
        ? { ...row.suspension, at: row.suspended_at, by: row.suspended_by }
        : null,
    revocation:
      row.revocation_reason !== null && row.revoked_at !== null && row.revoked_by
        ? {
            reason: row.revocation_reason,
            note: row.revocation_note,
            at: row.revoked_at,
            by: row.revoked_by,
          }
        : null,
    replaces: row.replaces,
    replacedBy: row.replaced_by,
    openShares: row.status_now === 'active' ? row.open_shares : 0,
    lastSharedAt: row.last_shared_at,
    lastRevealedAt: row.last_revealed_at,
  };
}

interface ShareRow {
  readonly share_id: string;
  readonly key_id: string;
  readonly portal: Portal;
  readonly holder_type: HolderType;
  readonly holder_id: bigint;
  readonly recipient_type: ShareRecipientType;
  readonly recipient_reference: string;
  readonly channel: ShareChannel;
  readonly reason: string;
  readonly bound: ShareBound;
  readonly status_now: ShareStatus;
  readonly expires_at: IsoTime;
  readonly shared_position: bigint;
  readonly shared_at: IsoTime;
  readonly shared_by: Actor;
  readonly opened_at: IsoTime | null;
  readonly opened_by: ShareOpener | null;
  readonly ended_at: IsoTime | null;
  readonly end_reason: ShareEndReason | null;
}

function shareOfRow(row: ShareRow): ShareView {
  return {
    shareId: row.share_id,
    keyId: row.key_id,
    portal: row.portal,
    holder: { type: row.holder_type, id: Number(row.holder_id) },
    recipient: { type: row.recipient_type, reference: row.recipient_reference },
    channel: row.channel,
    reason: row.reason,
    bound: row.bound,
    status: row.status_now,
    expiresAt: row.expires_at,
    shared: { at: row.shared_at, by: row.shared_by, position: String(row.shared_position) },
    opened:
      row.opened_at !== null && row.opened_by ? { at: row.opened_at, by: row.opened_by } : null,
    ended:
      row.ended_at !== null && row.end_reason !== null
        ? { at: row.ended_at, reason: row.end_reason }
        : null,
  };
}
