import type { IQueryHandler } from '@nestjs/cqrs';
import { QueryHandler } from '@nestjs/cqrs';
import type { Principal } from '#access';
import { Authorizer, OPERATOR } from '#access';
import type { Position } from '#event-store';
import { EventCatalogue, position } from '#event-store';
import { clientText, DomainError, shiftedInstant } from '#kernel';
import type { RequestContext } from '#messaging';
import { personalSubject } from '#messaging';
import type { Page, ReadResult, SqlReader } from '#projections';
import {
  decodeCursor,
  encodeCursor,
  InvalidCursorError,
  LOG_TIMES,
  pageOf,
  parseAsOf,
  positionOf,
  ReadModels,
  sameText,
} from '#projections';
import { PersonalData, WrappingKeyMissingError } from '#sealing';
import { looksLikeCredential } from '../../domain/credential-shape.value.js';
import type { AuditErrorCode } from '../../domain/audit.errors.js';
import type { AuditFilter } from '../../domain/audit.events.js';
import { auditWords, idOfWord, typesWithWord, wordOfType } from '../../domain/audit-words.value.js';
import type { RecordedAuditQuery } from '../../ports/audit-query-recorder.port.js';
import { AuditQueryRecorder } from '../../ports/audit-query-recorder.port.js';
import {
  aboutId,
  AUDIT_TRAIL,
  AUDIT_TRAIL_TABLE,
  OPERATORS_VIEW,
} from '../../projections/audit-trail.projection.js';
import type { AuditEntry, AuditRow } from './audit-entry.view.js';
import { auditEntryOf } from './audit-entry.view.js';
import { SearchAuditTrail } from './search-audit-trail.query.js';

export const AUDIT_TEXT_CHARACTERS_MAX = 200;
export const AUDIT_ACTOR_CHARACTERS_MAX = 512;
/** How far a process's clock may be off, so that a range of times bounds the positions that are looked at. */
export const AUDIT_CLOCK_SKEW_MS_MAX = 300_000;
const CURSOR_KIND = 'audit';
const COLUMNS = `position, event_id, stream_id, revision, recorded_at, type, network_id, actor_type, actor_issuer,
  actor_subject, on_behalf_of, target_kind, target_id, key_id, partner_id, reason, outcome, correlation_id,
  sealed_address, before, after`;

interface Place {
  readonly recorded: RecordedAuditQuery;
  /** Exclusive. */
  readonly before: bigint;
}

/**
 * The trail, newest first. Super users and employees with `audit.read` and global scope see their network's; operators
 * the acts of operators and what is above all networks. A limited scope shows no trail: rows of partners that are
 * somebody else's cannot be told from the network's own.
 */
@QueryHandler(SearchAuditTrail)
export class SearchAuditTrailHandler implements IQueryHandler<
  SearchAuditTrail,
  ReadResult<Page<AuditEntry>>
> {
  readonly #types: readonly string[];

  constructor(
    private readonly authorizer: Authorizer,
    private readonly recorder: AuditQueryRecorder,
    private readonly readModels: ReadModels,
    private readonly personalData: PersonalData,
    catalogue: EventCatalogue,
  ) {
    this.#types = catalogue.types().map(({ type }) => type);
  }

  async execute(query: SearchAuditTrail): Promise<ReadResult<Page<AuditEntry>>> {
    const { principal, context, input, options } = query;
    await this.#authorize(principal);
    const filter = checked(input.filter);
    const asOf = filter.asOf === undefined ? undefined : parseAsOf(filter.asOf);
    const read = {
      projections: [AUDIT_TRAIL, ...(needsTimes(filter) ? [LOG_TIMES] : [])],
      signal: context.signal,
      ...options,
      ...(asOf && { asOf }),
    };
    // What could not be answered anyway is no query to record.
    if (input.after === undefined && (asOf ?? options.atLeast) !== undefined)
      await this.readModels.read(read, () => Promise.resolve());
    const { recorded, before } = await this.#place(principal, context, filter, input.after);
    // Later pages go on below the first one: what it lacks no page would show.
    const allBefore = position(recorded.position - 1n);
    const { atLeast = allBefore } = options;
    const { value: rows, position: readAt } = await this.readModels.read(
      { ...read, atLeast: atLeast > allBefore ? atLeast : allBefore },
      (sql) => rowsBefore(sql, principal, filter, this.#types, before, input.first + 1),
    );
    const addresses = await this.#addresses(rows.slice(0, input.first));
    const value = pageOf(
      rows,
      input.first,
      (row) => auditEntryOf(row, addresses.get(row.position) ?? null),
      (row) =>
        encodeCursor(CURSOR_KIND, principal.networkId, [
          recorded.streamId,
          recorded.revision,
          recorded.eventId,
          row.position,
        ]),
    );
    return { value, position: readAt };
  }

  async #authorize(principal: Principal): Promise<void> {
    const operator = principal.actor.type === 'operator';
    await this.authorizer.authorize(principal, operator ? OPERATOR : 'audit.read', {
      networkId: principal.networkId,
    });
    const { employee } = principal;
    if (employee && !employee.superUser && employee.scope === 'limited')
      throw new DomainError('access/forbidden', { required: 'global-scope' });
  }

  /** The first page records the query; later ones prove by their cursor that it was recorded. */
  async #place(
    principal: Principal,
    context: RequestContext,
    filter: AuditFilter,
    after: string | undefined,
  ): Promise<Place> {
    if (after === undefined) {
      const recorded = await this.recorder.record(principal, context, filter);
      return { recorded, before: recorded.position };
    }
    const [streamId, revision, eventId, before] = decodeCursor(
      CURSOR_KIND,
      principal.networkId,
      after,
      ['streamId', 'int8', 'uuid', 'int8'],
    );
    const reference = { streamId, revision, eventId };
    const recorded = await this.recorder.find(principal, reference, filter, context.signal);
    // Nothing that came after the recorded query belongs to it.
    if (!recorded || before > recorded.position) throw new InvalidCursorError();
    return { recorded, before };
  }

  async #addresses(rows: readonly AuditRow[]): Promise<ReadonlyMap<bigint, string>> {
    const addresses = new Map<bigint, string>();
    for (const row of rows) {
      if (row.sealed_address === null) continue;
      const subject = personalSubject({ issuer: row.actor_issuer, subject: row.actor_subject });
      try {
        const address = await this.personalData.open(subject, row.sealed_address);
        if (address !== undefined) addresses.set(row.position, address);
      } catch (error) {
        // The trail is read without the wrapping key too, only without addresses.
        if (error instanceof WrappingKeyMissingError) return addresses;
        throw error;
      }
    }
    return addresses;
  }
}

function checked(filter: AuditFilter): AuditFilter {
  const { text, actor, type, from, to } = filter;
  if (from !== undefined && to !== undefined && from >= to)
    throw new DomainError('audit/invalid-filter' satisfies AuditErrorCode, {
      field: 'to',
      expected: 'after `from`',
    });
  return {
    ...filter,
    ...(type === undefined ? {} : { type: searchText(type, AUDIT_TEXT_CHARACTERS_MAX, '?type') }),
    ...(actor === undefined
      ? {}
      : { actor: searchText(actor, AUDIT_ACTOR_CHARACTERS_MAX, '?actor') }),
    ...(text === undefined ? {} : { text: searchText(text, AUDIT_TEXT_CHARACTERS_MAX, '?text') }),
  };
}

/** @throws {DomainError} `request/text-not-allowed`: what is searched for is recorded, and no credential may be. */
function searchText(value: string, max: number, field: string): string {
  const text = clientText(value, { max, field });
  if (looksLikeCredential(text))
    throw new DomainError('request/text-not-allowed', { reason: 'key-material', field });
  return text;
}

const needsTimes = ({ from, to }: AuditFilter): boolean => from !== undefined || to !== undefined;

async function rowsBefore(
  sql: SqlReader,
  principal: Principal,
  filter: AuditFilter,
  types: readonly string[],
  before: bigint,
  limit: number,
): Promise<AuditRow[]> {
  const parameters: unknown[] = [];
  const $ = (value: unknown): string => `$${String(parameters.push(value))}`;
  const conditions = [
    principal.networkId === null ? `(${OPERATORS_VIEW})` : `network_id = ${$(principal.networkId)}`,
    `position < ${$(before)}`,
  ];
  const asOf = filter.asOf === undefined ? undefined : parseAsOf(filter.asOf);
  if (asOf) conditions.push(`position <= ${$(await positionOf(sql, asOf))}`);
  if (filter.keyId !== undefined) conditions.push(`key_id = ${$(filter.keyId)}`);
  if (filter.partnerId !== undefined) conditions.push(`partner_id = ${$(filter.partnerId)}`);
  if (filter.type !== undefined)
    // The word finds a rare type through its index; of a common one, the newest are found soon.
    conditions.push(`type = ${$(filter.type)}`, ...textConditions(filter.type, types, $));
  if (filter.actor !== undefined) conditions.push(...actorConditions(filter.actor, $));
  if (filter.text !== undefined) conditions.push(...textConditions(filter.text, types, $));
  if (filter.from !== undefined) {
    conditions.push(`recorded_at >= ${$(filter.from)}`);
    conditions.push(`position > ${$(await positionBefore(sql, filter.from))}`);
  }
  if (filter.to !== undefined) {
    const latest = shiftedInstant(filter.to, AUDIT_CLOCK_SKEW_MS_MAX);
    conditions.push(`recorded_at < ${$(filter.to)}`);
    conditions.push(`position <= ${$(await positionOf(sql, { time: latest }))}`);
  }
  return sql.rows<AuditRow>(
    `SELECT ${COLUMNS} FROM read.${AUDIT_TRAIL_TABLE} WHERE ${conditions.join(' AND ')}
     ORDER BY position DESC LIMIT ${$(limit)}`,
    parameters,
  );
}

/** All events up to there were recorded before that time: the running maximum had not reached it. */
async function positionBefore(sql: SqlReader, time: string): Promise<Position> {
  return positionOf(sql, { time: shiftedInstant(time, -1) });
}

/** An issuer is a URI without a fragment; a subject may be any text. */
function actorConditions(actor: string, $: (value: unknown) => string): string[] {
  const at = actor.indexOf('#');
  return at === -1 || !actor.slice(0, at).includes(':')
    ? [sameText('actor_subject', $(actor))]
    : [
        `actor_issuer = ${$(actor.slice(0, at))}`,
        sameText('actor_subject', $(actor.slice(at + 1))),
      ];
}

function textConditions(
  text: string,
  types: readonly string[],
  $: (value: unknown) => string,
): string[] {
  const words = auditWords([text]);
  if (words.length === 0) return ['false'];
  const conditions: string[] = [];
  const others: string[] = [];
  for (const word of words) {
    const id = idOfWord(word);
    if (id !== undefined)
      conditions.push(`(words @@ ${$(`'${word}'`)}::tsquery OR ${aboutId(`${$(id)}::uuid`)})`);
    else {
      const ofTypes = typesWithWord(types, word).map((type) => ` | '${wordOfType(type)}'`);
      others.push(`('${word}':*${ofTypes.join('')})`);
    }
  }
  if (others.length > 0) conditions.push(`words @@ ${$(others.join(' & '))}::tsquery`);
  return conditions;
}
