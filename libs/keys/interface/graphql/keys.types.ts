import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import type { Actor } from '#event-store';
import {
  ActorObject,
  AnsweredObject,
  ConnectionArgs,
  connectionOf,
  enumOf,
  IsIntegerId,
  IsUuidId,
  PositionScalar,
  ReadArgs,
  ReceiptObject,
  SecretReceiptObject,
  SecretWithheldName,
  TimeScalar,
} from '#graphql';
import type { SecretWithheld } from '#messaging';
import { TEXT_UNITS_MAX } from '#rest';
import type {
  RevealPurpose,
  RevocationReason,
  SuspensionCauseKind,
  SuspensionScope,
} from '../../domain/key-ring.events.js';
import { REVOCATION_REASONS, SUSPENSION_CAUSES } from '../../domain/key-ring.events.js';
import type { HolderType, Portal, SecretStorage } from '../../domain/portal.value.js';
import { HOLDER_TYPES, PORTALS } from '../../domain/portal.value.js';
import type { KeyStatus } from '../../queries/keys/key.view.js';
import { KEY_STATUSES } from '../../queries/keys/key.view.js';
import { PERMISSION_CHARACTERS_MAX, PERMISSIONS_MAX } from '../rest/keys.dto.js';

export const PortalName = enumOf(PORTALS);
registerEnumType(PortalName, { name: 'Portal' });
const HolderTypeName = enumOf(HOLDER_TYPES);
registerEnumType(HolderTypeName, { name: 'HolderType' });
export const KeyStatusName = enumOf(KEY_STATUSES);
registerEnumType(KeyStatusName, {
  name: 'ApiKeyStatus',
  description: 'Revoked keys stay listed.',
});
const StorageName = enumOf<SecretStorage>(['sealed', 'hashed']);
registerEnumType(StorageName, {
  name: 'SecretStorage',
  description: 'sealed: it can be revealed and shared. hashed: it was shown once.',
});
const RevocationReasonName = enumOf(REVOCATION_REASONS);
registerEnumType(RevocationReasonName, { name: 'RevocationReason' });
const SuspensionCauseName = enumOf(SUSPENSION_CAUSES);
registerEnumType(SuspensionCauseName, { name: 'SuspensionCauseKind' });
const SUSPENSION_SCOPES = ['key', 'holder'] as const satisfies readonly SuspensionScope[];
const SuspensionScopeName = enumOf(SUSPENSION_SCOPES);
registerEnumType(SuspensionScopeName, { name: 'SuspensionScope' });
/** The other purposes are for the ledger to say. */
const PURPOSES = ['resend', 'support', 'other'] as const satisfies readonly RevealPurpose[];
const PurposeName = enumOf(PURPOSES);
registerEnumType(PurposeName, { name: 'RevealPurpose' });

const IF_MATCH = 'The version of the key as it was read; any other one is refused.';
export const SECRET = 'The secret; null when the answer to a retry has none, see secretWithheld.';

@ObjectType('Holder')
export class HolderObject {
  @Field(() => HolderTypeName)
  readonly type!: HolderType;

  @Field(() => ID)
  readonly id!: number;
}

@ObjectType('Recorded', { description: 'When, by whom, and where the log has it.' })
export class RecordedObject {
  @Field(() => TimeScalar)
  readonly at!: string;

  @Field(() => ActorObject)
  readonly by!: Actor;

  @Field(() => PositionScalar)
  readonly position!: string;
}

@ObjectType('EventReference')
export class EventReferenceObject {
  @Field(() => String)
  readonly streamId!: string;

  @Field(() => String)
  readonly revision!: string;

  @Field(() => ID)
  readonly eventId!: string;
}

@ObjectType('SuspensionCause')
export class SuspensionCauseObject {
  @Field(() => SuspensionCauseName)
  readonly kind!: SuspensionCauseKind;

  @Field(() => String)
  readonly reason!: string;

  @Field(() => EventReferenceObject, { nullable: true })
  readonly event!: EventReferenceObject | null;
}

@ObjectType('Suspension')
export class SuspensionObject {
  @Field(() => SuspensionScopeName)
  readonly scope!: SuspensionScope;

  @Field(() => SuspensionCauseObject)
  readonly cause!: SuspensionCauseObject;

  @Field(() => TimeScalar)
  readonly at!: string;

  @Field(() => ActorObject)
  readonly by!: Actor;
}

@ObjectType('Revocation')
export class RevocationObject {
  @Field(() => RevocationReasonName)
  readonly reason!: RevocationReason;

  @Field(() => String, { nullable: true })
  readonly note!: string | null;

  @Field(() => TimeScalar)
  readonly at!: string;

  @Field(() => ActorObject)
  readonly by!: Actor;
}

@ObjectType('ApiKey', { description: 'A key as its issuers see it, masked.' })
export class ApiKeyObject extends AnsweredObject {
  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => PortalName)
  readonly portal!: Portal;

  @Field(() => HolderObject)
  readonly holder!: HolderObject;

  @Field(() => String)
  readonly label!: string;

  @Field(() => String)
  readonly masked!: string;

  @Field(() => StorageName)
  readonly storage!: SecretStorage;

  @Field(() => KeyStatusName)
  readonly status!: KeyStatus;

  @Field(() => Int, { description: 'For ifMatch.' })
  readonly version!: number;

  @Field(() => [String])
  readonly permissions!: string[];

  @Field(() => ID, { nullable: true })
  readonly partnerId!: number | null;

  @Field(() => ID, { nullable: true })
  readonly employeeId!: number | null;

  @Field(() => TimeScalar, { nullable: true })
  readonly expiresAt!: string | null;

  @Field(() => RecordedObject)
  readonly issued!: RecordedObject;

  @Field(() => SuspensionObject, { nullable: true })
  readonly suspension!: SuspensionObject | null;

  @Field(() => RevocationObject, { nullable: true })
  readonly revocation!: RevocationObject | null;

  @Field(() => ID, { nullable: true })
  readonly replaces!: string | null;

  @Field(() => ID, { nullable: true })
  readonly replacedBy!: string | null;

  @Field(() => Int, { description: 'Links that can still be opened.' })
  readonly openShares!: number;

  @Field(() => TimeScalar, { nullable: true })
  readonly lastSharedAt!: string | null;

  @Field(() => TimeScalar, { nullable: true })
  readonly lastRevealedAt!: string | null;
}
export const ApiKeyConnection = connectionOf(ApiKeyObject, 'ApiKey');

@ObjectType('ChangedApiKey', { description: 'A key after a command.' })
export class ChangedApiKeyObject extends ReceiptObject {
  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => PortalName)
  readonly portal!: Portal;

  @Field(() => HolderObject)
  readonly holder!: HolderObject;

  @Field(() => String)
  readonly label!: string;

  @Field(() => String)
  readonly masked!: string;

  @Field(() => KeyStatusName)
  readonly status!: KeyStatus;

  @Field(() => Int, { description: 'For ifMatch.' })
  readonly version!: number;

  @Field(() => TimeScalar, { nullable: true })
  readonly expiresAt!: string | null;
}

@ObjectType('IssuedApiKey')
export class IssuedApiKeyObject extends ChangedApiKeyObject {
  @Field(() => String, { nullable: true, description: SECRET })
  readonly key!: string | null;

  @Field(() => SecretWithheldName, { nullable: true })
  readonly secretWithheld!: SecretWithheld | null;
}

@ObjectType('ReissuedApiKey')
export class ReissuedApiKeyObject extends IssuedApiKeyObject {
  @Field(() => ID)
  readonly replaces!: string;
}

@ObjectType('RevealedApiKey')
export class RevealedApiKeyObject extends SecretReceiptObject {
  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => String, { nullable: true, description: SECRET })
  readonly key!: string | null;
}

@ObjectType('ChangedKeyRing', { description: 'All keys of one holder at one portal.' })
export class ChangedKeyRingObject extends ReceiptObject {
  @Field(() => [ChangedApiKeyObject])
  readonly keys!: ChangedApiKeyObject[];
}

@ArgsType()
export class ApiKeyArgs extends ReadArgs {
  @Field(() => ID)
  @IsUuidId()
  readonly keyId!: string;
}

@ArgsType()
export class ApiKeysArgs extends ConnectionArgs {
  @Field(() => ID, { nullable: true, description: 'Keys of this partner.' })
  @IsOptional()
  @IsIntegerId()
  readonly partnerId?: string | null;

  @Field(() => HolderTypeName, { nullable: true })
  @IsOptional()
  @IsIn(HOLDER_TYPES)
  readonly holderType?: HolderType | null;

  @Field(() => ID, { nullable: true })
  @IsOptional()
  @IsIntegerId()
  readonly holderId?: string | null;

  @Field(() => PortalName, { nullable: true })
  @IsOptional()
  @IsIn(PORTALS)
  readonly portal?: Portal | null;

  @Field(() => KeyStatusName, { nullable: true })
  @IsOptional()
  @IsIn(KEY_STATUSES)
  readonly status?: KeyStatus | null;

  @Field(() => String, { nullable: true, description: 'Part of the label, whatever its case.' })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly label?: string | null;
}

@InputType()
export class HolderInput {
  @Field(() => HolderTypeName)
  @IsIn(HOLDER_TYPES)
  readonly type!: HolderType;

  @Field(() => ID)
  @IsIntegerId()
  readonly id!: string;
}

@InputType()
export class IssueApiKeyInput {
  @Field(() => PortalName)
  @IsIn(PORTALS)
  readonly portal!: Portal;

  @Field(() => HolderInput)
  @ValidateNested()
  @Type(() => HolderInput)
  readonly holder!: HolderInput;

  @Field(() => String, { description: 'For people; never a secret.' })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly label!: string;

  @Field(() => TimeScalar, { nullable: true })
  @IsOptional()
  @IsString()
  readonly expiresAt?: string | null;

  @Field(() => [String], { nullable: true, description: 'Network keys only: what it may do.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(PERMISSIONS_MAX)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(PERMISSION_CHARACTERS_MAX, { each: true })
  readonly permissions?: string[] | null;

  @Field(() => ID, { nullable: true, description: 'Network keys only: who uses it.' })
  @IsOptional()
  @IsIntegerId()
  readonly employeeId?: string | null;
}

@InputType()
export class ApiKeyIdInput {
  @Field(() => ID)
  @IsUuidId()
  readonly keyId!: string;
}

@InputType({ isAbstract: true })
class ChangeApiKeyInput extends ApiKeyIdInput {
  @Field(() => Int, { nullable: true, description: IF_MATCH })
  @IsOptional()
  @IsInt()
  @Min(0)
  readonly ifMatch?: number | null;
}

@InputType()
export class RevealApiKeyInput extends ApiKeyIdInput {
  @Field(() => PurposeName)
  @IsIn(PURPOSES)
  readonly purpose!: (typeof PURPOSES)[number];

  @Field(() => String, { nullable: true, description: 'For the audit trail; never a secret.' })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly note?: string | null;
}

@InputType()
export class RevokeApiKeyInput extends ChangeApiKeyInput {
  @Field(() => RevocationReasonName)
  @IsIn(REVOCATION_REASONS)
  readonly reason!: RevocationReason;

  @Field(() => String, { nullable: true, description: 'For the audit trail; never a secret.' })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly note?: string | null;
}

@InputType()
export class ReissueApiKeyInput extends RevokeApiKeyInput {
  @Field(() => String, {
    nullable: true,
    description: 'Of the new key; default: that of the old one.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly label?: string | null;

  @Field(() => TimeScalar, { nullable: true, description: 'Of the new key; default: none.' })
  @IsOptional()
  @IsString()
  readonly expiresAt?: string | null;
}

@InputType()
export class ApiKeyReasonInput extends ChangeApiKeyInput {
  @Field(() => String, { description: 'For the audit trail.' })
  @IsString()
  @MinLength(1)
  @MaxLength(TEXT_UNITS_MAX)
  readonly reason!: string;
}

@InputType()
export class RelabelApiKeyInput extends ChangeApiKeyInput {
  @Field(() => String)
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly label!: string;
}

@InputType()
export class KeyRingInput {
  @Field(() => PortalName)
  @IsIn(PORTALS)
  readonly portal!: Portal;

  @Field(() => HolderInput)
  @ValidateNested()
  @Type(() => HolderInput)
  readonly holder!: HolderInput;

  @Field(() => String, { description: 'For the audit trail.' })
  @IsString()
  @MinLength(1)
  @MaxLength(TEXT_UNITS_MAX)
  readonly reason!: string;
}
