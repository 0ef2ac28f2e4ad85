import {
  ArgsType,
  Field,
  ID,
  InputType,
  Int,
  ObjectType,
  OmitType,
  registerEnumType,
} from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Length,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import type { Position } from '#event-store';
import {
  AnsweredObject,
  ConnectionArgs,
  connectionOf,
  enumOf,
  IsIntegerId,
  IsUuidId,
  JsonScalar,
  PositionScalar,
  ReadArgs,
  TimeScalar,
} from '#graphql';
import type { PartnerTrait } from '#networks';
import { PARTNER_TRAITS } from '#networks';
import { TEXT_UNITS_MAX } from '#rest';
import { IMPORT_RECORDS_MAX } from '../../commands/import-partners/import-partners.command.js';
import { IMPORT_OUTCOMES } from '../rest/partners.dto.js';
import type { FlagKind, PartnerStatus } from '../../domain/partner.value.js';
import { FLAG_KINDS, PARTNER_STATUSES } from '../../domain/partner.value.js';
import { NAME_SEARCH_CHARACTERS_MAX } from '../../queries/list-partners/list-partners.query.js';

const StatusName = enumOf(PARTNER_STATUSES);
registerEnumType(StatusName, { name: 'PartnerStatus' });
const FlagKindName = enumOf(FLAG_KINDS);
registerEnumType(FlagKindName, { name: 'FlagKind' });
const TraitName = enumOf(PARTNER_TRAITS);
registerEnumType(TraitName, { name: 'PartnerTrait' });

@ObjectType('TechnicalCapacity')
export class TechnicalCapacityType {
  @Field(() => String, { description: 'unknown, confirmed or withdrawn.' })
  readonly status!: string;

  @Field(() => String, { nullable: true })
  readonly evidence?: string;

  @Field(() => String, { nullable: true })
  readonly reason?: string;
}

@ObjectType('Flag')
export class FlagType {
  @Field(() => ID)
  readonly flagId!: string;

  @Field(() => FlagKindName)
  readonly kind!: FlagKind;

  @Field(() => String)
  readonly reason!: string;
}

@ObjectType('PartnerUser')
export class PartnerUserType {
  @Field(() => String)
  readonly issuer!: string;

  @Field(() => String)
  readonly subject!: string;
}

@ObjectType('PartnerTraits')
export class PartnerTraitsType implements Record<PartnerTrait, boolean> {
  @Field(() => Boolean)
  readonly recurringReportRequests!: boolean;

  @Field(() => Boolean)
  readonly ownTooling!: boolean;

  @Field(() => Boolean)
  readonly steadyTraffic!: boolean;

  @Field(() => Boolean)
  readonly subIdGranularity!: boolean;

  @Field(() => Boolean)
  readonly bulkPostbacks!: boolean;

  @Field(() => Boolean)
  readonly goodStanding!: boolean;
}

@ObjectType('Partner')
export class PartnerType extends AnsweredObject {
  @Field(() => ID)
  readonly partnerId!: number;

  @Field(() => String)
  readonly name!: string;

  @Field(() => StatusName)
  readonly status!: PartnerStatus;

  @Field(() => ID, { nullable: true })
  readonly managerId!: number | null;

  @Field(() => TechnicalCapacityType)
  readonly technicalCapacity!: TechnicalCapacityType;

  @Field(() => [FlagType])
  readonly openFlags!: FlagType[];

  @Field(() => PartnerTraitsType)
  readonly traits!: PartnerTraitsType;

  @Field(() => [PartnerUserType])
  readonly users!: PartnerUserType[];
}
export const PartnerConnection = connectionOf(PartnerType, 'Partner');

@ObjectType('BlockingFlag')
export class BlockingFlagType {
  @Field(() => ID)
  readonly flagId!: string;

  @Field(() => FlagKindName)
  readonly kind!: FlagKind;
}

@ObjectType('EligibilityBlocker', { description: 'What forbids a key whatever the score.' })
export class BlockerType {
  @Field(() => String, { description: 'onboarding, notActive, noTechnicalCapacity or openFlags.' })
  readonly blocker!: string;

  @Field(() => StatusName, { nullable: true })
  readonly status?: PartnerStatus;

  @Field(() => String, { nullable: true })
  readonly technicalCapacity?: string;

  @Field(() => [BlockingFlagType], { nullable: true })
  readonly flags?: BlockingFlagType[];
}

@ObjectType('AssessedTrait')
export class AssessedTraitType {
  @Field(() => TraitName)
  readonly trait!: PartnerTrait;

  @Field(() => Int)
  readonly weight!: number;

  @Field(() => Boolean)
  readonly met!: boolean;
}

@ObjectType('EligibilityVerdict', { description: 'Whether a partner may get a key, and why.' })
export class VerdictType {
  @Field(() => ID)
  readonly partnerId!: number;

  @Field(() => Boolean)
  readonly eligible!: boolean;

  @Field(() => [BlockerType])
  readonly blockers!: BlockerType[];

  @Field(() => Int)
  readonly score!: number;

  @Field(() => Int)
  readonly threshold!: number;

  @Field(() => [AssessedTraitType])
  readonly traits!: AssessedTraitType[];
}

@ObjectType('DeadLetter', { description: 'A webhook that was refused, without what it said.' })
export class DeadLetterType {
  @Field(() => ID)
  readonly deadLetterId!: string;

  @Field(() => String)
  readonly kind!: string;

  @Field(() => ID, { nullable: true })
  readonly partnerId!: number | null;

  @Field(() => ID)
  readonly credentialId!: string;

  @Field(() => String)
  readonly pointer!: string;

  @Field(() => String)
  readonly reason!: string;

  @Field(() => JsonScalar, {
    description: 'Names and types of the documented fields, and how many others there were.',
  })
  readonly shape!: Readonly<Record<string, number | string>>;

  @Field(() => Int)
  readonly bytes!: number;

  @Field(() => Int, { description: 'How often it came.' })
  readonly count!: number;

  @Field(() => TimeScalar)
  readonly firstReceivedAt!: string;

  @Field(() => TimeScalar)
  readonly lastReceivedAt!: string;
}
export const DeadLetterConnection = connectionOf(DeadLetterType, 'DeadLetter');

/** What was refused lies outside of the log, and has no history. */
@ArgsType()
export class DeadLettersArgs extends OmitType(ConnectionArgs, ['asOf'] as const, ArgsType) {}

const OutcomeName = enumOf(IMPORT_OUTCOMES);
registerEnumType(OutcomeName, { name: 'ImportOutcome' });

@ObjectType('ImportRefusal')
export class ImportRefusalType {
  @Field(() => String, { description: 'JSON pointer into the record.' })
  readonly pointer!: string;

  @Field(() => String)
  readonly reason!: string;
}

@ObjectType('ImportedRecord')
export class ImportedRecordType {
  @Field(() => ID, { nullable: true, description: 'null: the record does not say.' })
  readonly partnerId!: number | null;

  @Field(() => OutcomeName)
  readonly outcome!: (typeof IMPORT_OUTCOMES)[number];

  @Field(() => ImportRefusalType, { nullable: true })
  readonly refusal?: ImportRefusalType;
}

@ObjectType('ImportedPartners')
export class ImportedPartnersType {
  @Field(() => [ImportedRecordType], { description: 'One for each record, in order.' })
  readonly results!: ImportedRecordType[];

  @Field(() => PositionScalar, { description: 'At or past all that was stored.' })
  readonly position!: Position;
}

@InputType()
export class ImportPartnersInput {
  @Field(() => [String], { description: 'Records of the vendor’s lists, each as JSON text.' })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(IMPORT_RECORDS_MAX)
  @IsString({ each: true })
  readonly records!: string[];
}

@ArgsType()
export class PartnerIdArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly partnerId!: string;
}

@ArgsType()
export class PartnerArgs extends ReadArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly partnerId!: string;
}

@ArgsType()
export class PartnersArgs extends ConnectionArgs {
  @Field(() => StatusName, { nullable: true })
  @IsOptional()
  @IsIn(PARTNER_STATUSES)
  readonly status?: PartnerStatus;

  @Field(() => ID, { nullable: true })
  @IsOptional()
  @IsIntegerId()
  readonly managerId?: string;

  @Field(() => Boolean, { nullable: true, description: 'With open flags, or without.' })
  @IsOptional()
  @IsBoolean()
  readonly flagged?: boolean;

  @Field(() => String, { nullable: true, description: 'Part of the name.' })
  @IsOptional()
  @IsString()
  @Length(1, NAME_SEARCH_CHARACTERS_MAX)
  readonly name?: string;
}

@InputType()
export class RegisterPartnerInput {
  @Field(() => ID)
  @IsIntegerId()
  readonly partnerId!: string;

  @Field(() => String)
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly name!: string;

  @Field(() => StatusName)
  @IsIn(PARTNER_STATUSES)
  readonly status!: PartnerStatus;

  @Field(() => ID, { nullable: true })
  @IsOptional()
  @IsIntegerId()
  readonly managerId?: string | null;
}

@InputType()
export class PartnerTraitsInput implements Partial<Record<PartnerTrait, boolean>> {
  @Field(() => Boolean, { nullable: true })
  @IsOptional()
  @IsBoolean()
  readonly recurringReportRequests?: boolean;

  @Field(() => Boolean, { nullable: true })
  @IsOptional()
  @IsBoolean()
  readonly ownTooling?: boolean;

  @Field(() => Boolean, { nullable: true })
  @IsOptional()
  @IsBoolean()
  readonly steadyTraffic?: boolean;

  @Field(() => Boolean, { nullable: true })
  @IsOptional()
  @IsBoolean()
  readonly subIdGranularity?: boolean;

  @Field(() => Boolean, { nullable: true })
  @IsOptional()
  @IsBoolean()
  readonly bulkPostbacks?: boolean;

  @Field(() => Boolean, { nullable: true })
  @IsOptional()
  @IsBoolean()
  readonly goodStanding?: boolean;
}

@InputType()
export class PartnerUserInput {
  @Field(() => String)
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly issuer!: string;

  @Field(() => String)
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly subject!: string;
}

@ArgsType()
export class PartnerReasonArgs extends PartnerIdArgs {
  @Field(() => String)
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly reason!: string;
}

@ArgsType()
export class ChangeStatusArgs extends PartnerReasonArgs {
  @Field(() => StatusName)
  @IsIn(PARTNER_STATUSES)
  readonly status!: PartnerStatus;
}

@ArgsType()
export class AssignManagerArgs extends PartnerIdArgs {
  @Field(() => ID, { nullable: true, description: 'null: nobody.' })
  @IsOptional()
  @IsIntegerId()
  readonly managerId?: string | null;
}

@ArgsType()
export class EvidenceArgs extends PartnerIdArgs {
  @Field(() => String)
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly evidence!: string;
}

@ArgsType()
export class OpenFlagArgs extends PartnerReasonArgs {
  @Field(() => FlagKindName)
  @IsIn(FLAG_KINDS)
  readonly kind!: FlagKind;
}

@ArgsType()
export class CloseFlagArgs extends PartnerReasonArgs {
  @Field(() => ID)
  @IsUuidId()
  readonly flagId!: string;
}

@ArgsType()
export class AssessTraitsArgs extends PartnerIdArgs {
  @Field(() => PartnerTraitsInput)
  @ValidateNested()
  @Type(() => PartnerTraitsInput)
  readonly traits!: PartnerTraitsInput;
}

@ArgsType()
export class PartnerUserArgs extends PartnerIdArgs {
  @Field(() => PartnerUserInput)
  @ValidateNested()
  @Type(() => PartnerUserInput)
  readonly user!: PartnerUserInput;
}
