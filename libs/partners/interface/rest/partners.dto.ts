import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { parsePosition } from '#event-store';
import type { PartnerTrait } from '#networks';
import { PARTNER_TRAITS } from '#networks';
import { CURSOR_CHARACTERS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, parseAsOf } from '#projections';
import { IMPORT_RECORDS_MAX } from '../../commands/import-partners/import-partners.command.js';
import type { FlagKind, PartnerStatus } from '../../domain/partner.value.js';
import { FLAG_KINDS, PARTNER_STATUSES } from '../../domain/partner.value.js';
import type { WebhookKind } from '../../domain/vendor-record.value.js';
import { WEBHOOK_KINDS } from '../../domain/vendor-record.value.js';

/** Far above any limit of a text, which is counted in code points after normalisation: only a guard of that work. */
const TEXT_UNITS_MAX = 10_000;
const NAME_FILTER_CHARACTERS_MAX = 100;

const isText = (name: string, message: string, holds: (text: string) => boolean) =>
  ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => typeof value === 'string' && holds(value),
      defaultMessage: () => message,
    },
  });

export class PartnerReadParameters {
  @ApiPropertyOptional({ description: 'Answer at or past this ledger position.', type: String })
  @IsOptional()
  @isText('position', 'must be a ledger position', (text) => parsePosition(text) !== undefined)
  readonly atLeast?: string;

  @ApiPropertyOptional({
    description: 'Data as they were at this time (ISO 8601) or ledger position.',
    type: String,
  })
  @IsOptional()
  @isText(
    'asOf',
    'must be an ISO 8601 time or a ledger position',
    (text) => parseAsOf(text) !== undefined,
  )
  readonly asOf?: string;
}

export class ListPartnersParameters extends PartnerReadParameters {
  @ApiPropertyOptional({ minimum: 1, maximum: PAGE_SIZE_MAX, default: PAGE_SIZE_DEFAULT })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(PAGE_SIZE_MAX)
  readonly first: number = PAGE_SIZE_DEFAULT;

  @ApiPropertyOptional({ description: 'The `endCursor` of the page before.', type: String })
  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_CHARACTERS_MAX)
  readonly after?: string;

  @ApiPropertyOptional({ enum: PARTNER_STATUSES })
  @IsOptional()
  @IsIn(PARTNER_STATUSES)
  readonly status?: PartnerStatus;

  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly managerId?: number;

  @ApiPropertyOptional({ description: 'With open flags, or without.', type: Boolean })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    value === 'true' ? true : value === 'false' ? false : value,
  )
  @IsBoolean()
  readonly flagged?: boolean;

  @ApiPropertyOptional({ description: 'Part of the name.', maxLength: NAME_FILTER_CHARACTERS_MAX })
  @IsOptional()
  @IsString()
  @Length(1, NAME_FILTER_CHARACTERS_MAX)
  readonly name?: string;
}

export class ListDeadLettersParameters {
  @ApiPropertyOptional({ minimum: 1, maximum: PAGE_SIZE_MAX, default: PAGE_SIZE_DEFAULT })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(PAGE_SIZE_MAX)
  readonly first: number = PAGE_SIZE_DEFAULT;

  @ApiPropertyOptional({ description: 'The `endCursor` of the page before.', type: String })
  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_CHARACTERS_MAX)
  readonly after?: string;
}

export class PartnerPath {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly partnerId!: number;
}

export class FlagPath extends PartnerPath {
  @ApiProperty({ format: 'uuid' })
  @IsString()
  @Length(36, 36)
  readonly flagId!: string;
}

export class RegisterPartnerBody {
  @ApiProperty({ type: 'integer', minimum: 1, description: "The vendor's `network_affiliate_id`." })
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly partnerId!: number;

  @ApiProperty({ maxLength: 255 })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly name!: string;

  @ApiProperty({ enum: PARTNER_STATUSES })
  @IsIn(PARTNER_STATUSES)
  readonly status!: PartnerStatus;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, nullable: true })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly managerId?: number | null;
}

export class ReasonBody {
  @ApiProperty({ maxLength: 1_000 })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly reason!: string;
}

export class ChangeStatusBody extends ReasonBody {
  @ApiProperty({ enum: PARTNER_STATUSES })
  @IsIn(PARTNER_STATUSES)
  readonly status!: PartnerStatus;
}

export class AssignManagerBody {
  @ApiProperty({ type: 'integer', minimum: 1, nullable: true })
  @ValidateIf(({ managerId }: AssignManagerBody) => managerId !== null)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly managerId!: number | null;
}

export class EvidenceBody {
  @ApiProperty({ maxLength: 1_000, description: 'What shows it: a call, a script, a sandbox run.' })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly evidence!: string;
}

export class OpenFlagBody extends ReasonBody {
  @ApiProperty({ enum: FLAG_KINDS })
  @IsIn(FLAG_KINDS)
  readonly kind!: FlagKind;
}

export class TraitsBody implements Partial<Record<PartnerTrait, boolean>> {
  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  readonly recurringReportRequests?: boolean;

  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  readonly ownTooling?: boolean;

  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  readonly steadyTraffic?: boolean;

  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  readonly subIdGranularity?: boolean;

  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  readonly bulkPostbacks?: boolean;

  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  readonly goodStanding?: boolean;
}

export class AssessTraitsBody {
  @ApiProperty({ type: TraitsBody, description: 'Those that are left out stay as they are.' })
  @IsObject()
  @ValidateNested()
  @Type(() => TraitsBody)
  readonly traits!: TraitsBody;
}

export class PartnerUserBody {
  @ApiProperty({ maxLength: 500, description: 'Of the access token (`iss`).' })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly issuer!: string;

  @ApiProperty({ maxLength: 255, description: 'Of the access token (`sub`); never an e-mail.' })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly subject!: string;
}

export class ImportPartnersBody {
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    minItems: 1,
    maxItems: IMPORT_RECORDS_MAX,
    description: "Partners as the vendor's lists have them; each is judged by itself.",
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(IMPORT_RECORDS_MAX)
  readonly records!: unknown[];
}

export class RefusalResponse {
  @ApiProperty({ description: 'JSON pointer into the record.' })
  readonly pointer!: string;

  @ApiProperty()
  readonly reason!: string;
}

export const IMPORT_OUTCOMES = ['registered', 'changed', 'unchanged', 'refused'] as const;

export class ImportedRecordResponse {
  @ApiProperty({ type: 'integer', nullable: true })
  readonly partnerId!: number | null;

  @ApiProperty({ enum: IMPORT_OUTCOMES })
  readonly outcome!: (typeof IMPORT_OUTCOMES)[number];

  @ApiPropertyOptional({ type: RefusalResponse })
  readonly reason?: RefusalResponse;
}

export class ImportResponse {
  @ApiProperty({ type: [ImportedRecordResponse], description: 'One for each record, in order.' })
  readonly results!: ImportedRecordResponse[];
}

export class WebhookResponse {
  @ApiProperty({ type: 'integer' })
  readonly partnerId!: number;

  @ApiProperty({ enum: ['registered', 'changed', 'unchanged'] })
  readonly outcome!: string;
}

export class TechnicalCapacityResponse {
  @ApiProperty({ enum: ['unknown', 'confirmed', 'withdrawn'] })
  readonly status!: string;

  @ApiPropertyOptional()
  readonly evidence?: string;

  @ApiPropertyOptional()
  readonly reason?: string;
}

export class FlagResponse {
  @ApiProperty({ format: 'uuid' })
  readonly flagId!: string;

  @ApiProperty({ enum: FLAG_KINDS })
  readonly kind!: FlagKind;

  @ApiProperty()
  readonly reason!: string;
}

export class PartnerTraitsResponse implements Record<PartnerTrait, boolean> {
  @ApiProperty()
  readonly recurringReportRequests!: boolean;

  @ApiProperty()
  readonly ownTooling!: boolean;

  @ApiProperty()
  readonly steadyTraffic!: boolean;

  @ApiProperty()
  readonly subIdGranularity!: boolean;

  @ApiProperty()
  readonly bulkPostbacks!: boolean;

  @ApiProperty()
  readonly goodStanding!: boolean;
}

export class PartnerUserResponse {
  @ApiProperty()
  readonly issuer!: string;

  @ApiProperty()
  readonly subject!: string;
}

export class PartnerResponse {
  @ApiProperty({ type: 'integer' })
  readonly partnerId!: number;

  @ApiProperty()
  readonly name!: string;

  @ApiProperty({ enum: PARTNER_STATUSES })
  readonly status!: PartnerStatus;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly managerId!: number | null;

  @ApiProperty({ type: TechnicalCapacityResponse })
  readonly technicalCapacity!: TechnicalCapacityResponse;

  @ApiProperty({ type: [FlagResponse] })
  readonly openFlags!: FlagResponse[];

  @ApiProperty({ type: PartnerTraitsResponse })
  readonly traits!: PartnerTraitsResponse;

  @ApiProperty({ type: [PartnerUserResponse] })
  readonly users!: PartnerUserResponse[];
}

export class PageInfoResponse {
  @ApiProperty({ type: String, nullable: true })
  readonly endCursor!: string | null;

  @ApiProperty()
  readonly hasNextPage!: boolean;
}

export class PartnersPage {
  @ApiProperty({ type: [PartnerResponse] })
  readonly items!: PartnerResponse[];

  @ApiProperty({ type: PageInfoResponse })
  readonly page!: PageInfoResponse;
}

export class AssessedTraitResponse {
  @ApiProperty({ enum: PARTNER_TRAITS })
  readonly trait!: PartnerTrait;

  @ApiProperty({ type: 'integer' })
  readonly weight!: number;

  @ApiProperty()
  readonly met!: boolean;
}

export class VerdictResponse {
  @ApiProperty({ type: 'integer' })
  readonly partnerId!: number;

  @ApiProperty()
  readonly eligible!: boolean;

  @ApiProperty({
    description: 'What forbids a key whatever the score.',
    type: 'array',
    items: {
      type: 'object',
      properties: {
        blocker: { enum: ['onboarding', 'notActive', 'noTechnicalCapacity', 'openFlags'] },
      },
      required: ['blocker'],
      additionalProperties: true,
    },
  })
  readonly blockers!: object[];

  @ApiProperty({ type: 'integer' })
  readonly score!: number;

  @ApiProperty({ type: 'integer' })
  readonly threshold!: number;

  @ApiProperty({ type: [AssessedTraitResponse] })
  readonly traits!: AssessedTraitResponse[];
}

export class DeadLetterResponse {
  @ApiProperty()
  readonly deadLetterId!: string;

  @ApiProperty({ enum: WEBHOOK_KINDS })
  readonly kind!: WebhookKind;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly partnerId!: number | null;

  @ApiProperty({ format: 'uuid', description: 'Of the webhook credential that it came with.' })
  readonly credentialId!: string;

  @ApiProperty({ description: 'JSON pointer into the body.' })
  readonly pointer!: string;

  @ApiProperty()
  readonly reason!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: { oneOf: [{ type: 'string' }, { type: 'integer' }] },
    description: 'Names and types of the documented fields, and how many others there were.',
  })
  readonly shape!: Record<string, string | number>;

  @ApiProperty({ type: 'integer' })
  readonly bytes!: number;

  @ApiProperty({ type: 'integer', description: 'How often it came.' })
  readonly count!: number;

  @ApiProperty({ format: 'date-time' })
  readonly firstReceivedAt!: string;

  @ApiProperty({ format: 'date-time' })
  readonly lastReceivedAt!: string;
}

export class DeadLettersPage {
  @ApiProperty({ type: [DeadLetterResponse] })
  readonly items!: DeadLetterResponse[];

  @ApiProperty({ type: PageInfoResponse })
  readonly page!: PageInfoResponse;
}
