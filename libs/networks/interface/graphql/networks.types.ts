import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsString,
  Length,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { Position } from '#event-store';
import {
  AnsweredObject,
  connectionOf,
  enumOf,
  IsIntegerId,
  IsUuidId,
  PositionScalar,
  ReadArgs,
  SecretWithheldName,
} from '#graphql';
import type { SecretWithheld } from '#messaging';
import type { DocumentationLink, Portal, Region } from '../../domain/api-profile.value.js';
import {
  DOCUMENTATION_LINKS_MAX,
  DOCUMENTATION_TITLE_CHARACTERS_MAX,
  REGIONS,
  URL_CHARACTERS_MAX,
} from '../../domain/api-profile.value.js';
import type { PartnerTrait } from '../../domain/key-policy.value.js';

const RegionName = enumOf(REGIONS);
registerEnumType(RegionName, {
  name: 'Region',
  description: 'Which of the vendor’s hosts serves a network.',
});

@ObjectType({ description: 'What each trait weighs; 0 leaves it out.' })
export class TraitWeights implements Record<PartnerTrait, number> {
  @Field(() => Int)
  readonly recurringReportRequests!: number;

  @Field(() => Int)
  readonly ownTooling!: number;

  @Field(() => Int)
  readonly steadyTraffic!: number;

  @Field(() => Int)
  readonly subIdGranularity!: number;

  @Field(() => Int)
  readonly bulkPostbacks!: number;

  @Field(() => Int)
  readonly goodStanding!: number;
}

@ObjectType('EligibilityPolicy')
export class EligibilityPolicyType {
  @Field(() => Int, { description: 'The least score that is eligible.' })
  readonly threshold!: number;

  @Field(() => TraitWeights)
  readonly weights!: TraitWeights;
}

@ObjectType('ShareTtl')
export class ShareTtlType {
  @Field(() => Int)
  readonly default!: number;

  @Field(() => Int)
  readonly max!: number;
}

@ObjectType('KeyPolicy', { description: 'A network’s rules for keys and shares.' })
export class KeyPolicyType {
  @Field(() => String)
  readonly keyPrefix!: string;

  @Field(() => Int)
  readonly activeKeysMax!: number;

  @Field(() => EligibilityPolicyType)
  readonly eligibility!: EligibilityPolicyType;

  @Field(() => Boolean)
  readonly marketplaceSecretsListed!: boolean;

  @Field(() => ShareTtlType)
  readonly shareTtlSeconds!: ShareTtlType;

  @Field(() => Boolean)
  readonly suspendOnFlag!: boolean;
}

@ObjectType('DocumentationLink')
export class DocumentationLinkType implements DocumentationLink {
  @Field(() => String)
  readonly title!: string;

  @Field(() => String)
  readonly url!: string;
}

@ObjectType('Documentation', { description: 'Links for each portal.' })
export class DocumentationType implements Record<Portal, readonly DocumentationLink[]> {
  @Field(() => [DocumentationLinkType])
  readonly affiliate!: DocumentationLinkType[];

  @Field(() => [DocumentationLinkType])
  readonly advertiser!: DocumentationLinkType[];

  @Field(() => [DocumentationLinkType])
  readonly network!: DocumentationLinkType[];

  @Field(() => [DocumentationLinkType])
  readonly marketplace!: DocumentationLinkType[];
}

@ObjectType('ApiProfile', { description: 'What partners are told about the API that keys open.' })
export class ApiProfileType {
  @Field(() => String)
  readonly baseUrl!: string;

  @Field(() => String)
  readonly headerName!: string;

  @Field(() => DocumentationType)
  readonly documentation!: DocumentationType;
}

@ObjectType('WebhookCredential')
export class WebhookCredentialType {
  @Field(() => ID)
  readonly credentialId!: string;

  @Field(() => String)
  readonly label!: string;

  @Field(() => Boolean)
  readonly active!: boolean;
}

@ObjectType('IssuedWebhookCredential')
export class IssuedWebhookCredentialType extends WebhookCredentialType {
  @Field(() => String, {
    nullable: true,
    description: 'Shown once; null in the answer to a retry.',
  })
  readonly credential!: string | null;

  @Field(() => SecretWithheldName, { nullable: true })
  readonly secretWithheld!: SecretWithheld | null;

  @Field(() => PositionScalar, { description: 'For atLeast.' })
  readonly position!: Position;
}

@ObjectType('Network')
export class NetworkType extends AnsweredObject {
  @Field(() => ID)
  readonly networkId!: number;

  @Field(() => String)
  readonly name!: string;

  @Field(() => RegionName)
  readonly region!: Region;

  @Field(() => KeyPolicyType)
  readonly keyPolicy!: KeyPolicyType;

  @Field(() => ApiProfileType)
  readonly apiProfile!: ApiProfileType;

  @Field(() => [WebhookCredentialType])
  readonly webhookCredentials!: WebhookCredentialType[];
}

export const NetworkConnection = connectionOf(NetworkType, 'Network');

@ArgsType()
export class NetworkArgs extends ReadArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly networkId!: string;
}

@InputType()
export class CreateNetworkInput {
  @Field(() => ID)
  @IsIntegerId()
  readonly networkId!: string;

  @Field(() => String)
  @IsString()
  @MaxLength(1_000)
  readonly name!: string;

  @Field(() => RegionName)
  @IsIn(REGIONS)
  readonly region!: Region;
}

@InputType()
export class TraitWeightsInput implements Record<PartnerTrait, number> {
  @Field(() => Int)
  @IsInt()
  @Min(0)
  readonly recurringReportRequests!: number;

  @Field(() => Int)
  @IsInt()
  @Min(0)
  readonly ownTooling!: number;

  @Field(() => Int)
  @IsInt()
  @Min(0)
  readonly steadyTraffic!: number;

  @Field(() => Int)
  @IsInt()
  @Min(0)
  readonly subIdGranularity!: number;

  @Field(() => Int)
  @IsInt()
  @Min(0)
  readonly bulkPostbacks!: number;

  @Field(() => Int)
  @IsInt()
  @Min(0)
  readonly goodStanding!: number;
}

@InputType()
export class EligibilityPolicyInput {
  @Field(() => Int)
  @IsInt()
  @Min(0)
  readonly threshold!: number;

  @Field(() => TraitWeightsInput)
  @ValidateNested()
  @Type(() => TraitWeightsInput)
  readonly weights!: TraitWeightsInput;
}

@InputType()
export class ShareTtlInput {
  @Field(() => Int)
  @IsInt()
  readonly default!: number;

  @Field(() => Int)
  @IsInt()
  readonly max!: number;
}

@InputType()
export class KeyPolicyInput {
  @Field(() => String)
  @IsString()
  @Length(2, 12)
  readonly keyPrefix!: string;

  @Field(() => Int)
  @IsInt()
  readonly activeKeysMax!: number;

  @Field(() => EligibilityPolicyInput)
  @ValidateNested()
  @Type(() => EligibilityPolicyInput)
  readonly eligibility!: EligibilityPolicyInput;

  @Field(() => Boolean)
  @IsBoolean()
  readonly marketplaceSecretsListed!: boolean;

  @Field(() => ShareTtlInput)
  @ValidateNested()
  @Type(() => ShareTtlInput)
  readonly shareTtlSeconds!: ShareTtlInput;

  @Field(() => Boolean)
  @IsBoolean()
  readonly suspendOnFlag!: boolean;
}

@InputType()
export class DocumentationLinkInput implements DocumentationLink {
  @Field(() => String)
  @IsString()
  @Length(1, DOCUMENTATION_TITLE_CHARACTERS_MAX)
  readonly title!: string;

  @Field(() => String)
  @IsString()
  @MaxLength(URL_CHARACTERS_MAX)
  readonly url!: string;
}

@InputType()
export class DocumentationInput implements Record<Portal, readonly DocumentationLink[]> {
  @Field(() => [DocumentationLinkInput])
  @IsArray()
  @ArrayMaxSize(DOCUMENTATION_LINKS_MAX)
  @ValidateNested({ each: true })
  @Type(() => DocumentationLinkInput)
  readonly affiliate!: DocumentationLinkInput[];

  @Field(() => [DocumentationLinkInput])
  @IsArray()
  @ArrayMaxSize(DOCUMENTATION_LINKS_MAX)
  @ValidateNested({ each: true })
  @Type(() => DocumentationLinkInput)
  readonly advertiser!: DocumentationLinkInput[];

  @Field(() => [DocumentationLinkInput])
  @IsArray()
  @ArrayMaxSize(DOCUMENTATION_LINKS_MAX)
  @ValidateNested({ each: true })
  @Type(() => DocumentationLinkInput)
  readonly network!: DocumentationLinkInput[];

  @Field(() => [DocumentationLinkInput])
  @IsArray()
  @ArrayMaxSize(DOCUMENTATION_LINKS_MAX)
  @ValidateNested({ each: true })
  @Type(() => DocumentationLinkInput)
  readonly marketplace!: DocumentationLinkInput[];
}

@InputType()
export class ApiProfileInput {
  @Field(() => String)
  @IsString()
  @MaxLength(URL_CHARACTERS_MAX)
  readonly baseUrl!: string;

  @Field(() => String)
  @IsString()
  @Length(1, 64)
  readonly headerName!: string;

  @Field(() => DocumentationInput)
  @ValidateNested()
  @Type(() => DocumentationInput)
  readonly documentation!: DocumentationInput;
}

@ArgsType()
export class NetworkIdArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly networkId!: string;
}

@ArgsType()
export class SetKeyPolicyArgs extends NetworkIdArgs {
  @Field(() => KeyPolicyInput)
  @ValidateNested()
  @Type(() => KeyPolicyInput)
  readonly policy!: KeyPolicyInput;
}

@ArgsType()
export class SetApiProfileArgs extends NetworkIdArgs {
  @Field(() => ApiProfileInput)
  @ValidateNested()
  @Type(() => ApiProfileInput)
  readonly profile!: ApiProfileInput;
}

@ArgsType()
export class IssueWebhookCredentialArgs extends NetworkIdArgs {
  @Field(() => String)
  @IsString()
  @MaxLength(1_000)
  readonly label!: string;
}

@ArgsType()
export class RevokeWebhookCredentialArgs extends NetworkIdArgs {
  @Field(() => ID)
  @IsUuidId()
  readonly credentialId!: string;
}
