import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  Length,
  MaxLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import type { PartnerTrait } from '#networks';
import { PARTNER_TRAITS } from '#networks';
import {
  IsIntegerId,
  IsIntegerIdText,
  IsUuidText,
  PageOf,
  PageParameters,
  TEXT_UNITS_MAX,
} from '#rest';
import { IMPORT_RECORDS_MAX } from '../../commands/import-partners/import-partners.command.js';
import type { FlagKind, PartnerStatus } from '../../domain/partner.value.js';
import { FLAG_KINDS, PARTNER_STATUSES } from '../../domain/partner.value.js';
import type { WebhookKind } from '../../domain/vendor-record.value.js';
import { WEBHOOK_KINDS } from '../../domain/vendor-record.value.js';
import { NAME_SEARCH_CHARACTERS_MAX } from '../../queries/list-partners/list-partners.query.js';

export class ListPartnersParameters extends PageParameters {
  @ApiPropertyOptional({ enum: PARTNER_STATUSES })
  @IsOptional()
  @IsIn(PARTNER_STATUSES)
  readonly status?: PartnerStatus;

  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @IsOptional()
  @IsIntegerIdText()
  readonly managerId?: number;

  @ApiPropertyOptional({ description: 'With open flags, or without.', type: Boolean })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) =>
    value === 'true' ? true : value === 'false' ? false : value,
  )
  @IsBoolean()
  readonly flagged?: boolean;

  @ApiPropertyOptional({ description: 'Part of the name.', maxLength: NAME_SEARCH_CHARACTERS_MAX })
  @IsOptional()
  @IsString()
  @Length(1, NAME_SEARCH_CHARACTERS_MAX)
  readonly name?: string;
}

/** What was refused lies outside of the log, and has no history. */
export class ListDeadLettersParameters extends OmitType(PageParameters, ['asOf'] as const) {}

export class PartnerPath {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @IsIntegerIdText()
  readonly partnerId!: number;
}

export class FlagPath extends PartnerPath {
  @ApiProperty({ format: 'uuid' })
  @IsUuidText()
  readonly flagId!: string;
}

export class RegisterPartnerBody {
  @ApiProperty({ type: 'integer', minimum: 1, description: "The vendor's `network_affiliate_id`." })
  @IsIntegerId()
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
  @IsIntegerId()
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
  @IsIntegerId()
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

export class PartnersPage extends PageOf(PartnerResponse) {}

export class AssessedTraitResponse {
  @ApiProperty({ enum: PARTNER_TRAITS })
  readonly trait!: PartnerTrait;

  @ApiProperty({ type: 'integer' })
  readonly weight!: number;

  @ApiProperty()
  readonly met!: boolean;
}

class BlockingFlagResponse {
  @ApiProperty({ format: 'uuid' })
  readonly flagId!: string;

  @ApiProperty({ enum: FLAG_KINDS })
  readonly kind!: FlagKind;
}

class BlockerResponse {
  @ApiProperty({ enum: ['onboarding', 'notActive', 'noTechnicalCapacity', 'openFlags'] })
  readonly blocker!: string;

  @ApiPropertyOptional({ enum: PARTNER_STATUSES, description: 'Of `onboarding` and `notActive`.' })
  readonly status?: PartnerStatus;

  @ApiPropertyOptional({
    enum: ['unknown', 'withdrawn'],
    description: 'Of `noTechnicalCapacity`.',
  })
  readonly technicalCapacity?: string;

  @ApiPropertyOptional({ type: [BlockingFlagResponse], description: 'Of `openFlags`.' })
  readonly flags?: BlockingFlagResponse[];
}

/** The verdict that stands in a key's issuance. */
export class EligibilityResponse {
  @ApiProperty()
  readonly eligible!: boolean;

  @ApiProperty({
    type: [BlockerResponse],
    description: 'What forbids a key whatever the score.',
  })
  readonly blockers!: BlockerResponse[];

  @ApiProperty({ type: 'integer' })
  readonly score!: number;

  @ApiProperty({ type: 'integer' })
  readonly threshold!: number;

  @ApiProperty({ type: [AssessedTraitResponse] })
  readonly traits!: AssessedTraitResponse[];
}

export class VerdictResponse extends EligibilityResponse {
  @ApiProperty({ type: 'integer' })
  readonly partnerId!: number;
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

export class DeadLettersPage extends PageOf(DeadLetterResponse) {}
