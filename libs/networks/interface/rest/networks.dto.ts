import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsObject,
  IsString,
  Length,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import type { SecretWithheld } from '#messaging';
import { SECRET_WITHHELD, SECRET_WITHHELD_DESCRIPTION } from '#messaging';
import { IsIntegerId, IsIntegerIdText, IsUuidText, PageOf } from '#rest';
import type { DocumentationLink, Portal, Region } from '../../domain/api-profile.value.js';
import {
  DOCUMENTATION_LINKS_MAX,
  DOCUMENTATION_TITLE_CHARACTERS_MAX,
  REGIONS,
  URL_CHARACTERS_MAX,
} from '../../domain/api-profile.value.js';
import type { PartnerTrait } from '../../domain/key-policy.value.js';
import {
  ACTIVE_KEYS_MAX_LIMIT,
  SHARE_TTL_SECONDS_LIMIT,
  SHARE_TTL_SECONDS_MIN,
  TRAIT_WEIGHT_MAX,
} from '../../domain/key-policy.value.js';

export class NetworkPath {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @IsIntegerIdText()
  readonly networkId!: number;
}

export class WebhookCredentialPath extends NetworkPath {
  @ApiProperty({ format: 'uuid' })
  @IsUuidText()
  readonly credentialId!: string;
}

export class CreateNetworkBody {
  @ApiProperty({ type: 'integer', minimum: 1, description: "The vendor's `network_id`." })
  @IsIntegerId()
  readonly networkId!: number;

  @ApiProperty({ maxLength: 120 })
  @IsString()
  @MaxLength(1_000)
  readonly name!: string;

  @ApiProperty({ enum: REGIONS, description: 'Which of the vendor’s hosts serves the network.' })
  @IsIn(REGIONS)
  readonly region!: Region;
}

export class TraitWeightsBody implements Record<PartnerTrait, number> {
  @ApiProperty({ type: 'integer', minimum: 0, maximum: TRAIT_WEIGHT_MAX })
  @IsInt()
  @Min(0)
  @Max(TRAIT_WEIGHT_MAX)
  readonly recurringReportRequests!: number;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: TRAIT_WEIGHT_MAX })
  @IsInt()
  @Min(0)
  @Max(TRAIT_WEIGHT_MAX)
  readonly ownTooling!: number;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: TRAIT_WEIGHT_MAX })
  @IsInt()
  @Min(0)
  @Max(TRAIT_WEIGHT_MAX)
  readonly steadyTraffic!: number;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: TRAIT_WEIGHT_MAX })
  @IsInt()
  @Min(0)
  @Max(TRAIT_WEIGHT_MAX)
  readonly subIdGranularity!: number;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: TRAIT_WEIGHT_MAX })
  @IsInt()
  @Min(0)
  @Max(TRAIT_WEIGHT_MAX)
  readonly bulkPostbacks!: number;

  @ApiProperty({ type: 'integer', minimum: 0, maximum: TRAIT_WEIGHT_MAX })
  @IsInt()
  @Min(0)
  @Max(TRAIT_WEIGHT_MAX)
  readonly goodStanding!: number;
}

export class EligibilityPolicyBody {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'The least score that is eligible.' })
  @IsInt()
  @Min(0)
  readonly threshold!: number;

  @ApiProperty({ type: TraitWeightsBody })
  @IsObject()
  @ValidateNested()
  @Type(() => TraitWeightsBody)
  readonly weights!: TraitWeightsBody;
}

export class ShareTtlBody {
  @ApiProperty({ type: 'integer', minimum: SHARE_TTL_SECONDS_MIN })
  @IsInt()
  @Min(SHARE_TTL_SECONDS_MIN)
  readonly default!: number;

  @ApiProperty({
    type: 'integer',
    minimum: SHARE_TTL_SECONDS_MIN,
    maximum: SHARE_TTL_SECONDS_LIMIT,
  })
  @IsInt()
  @Min(SHARE_TTL_SECONDS_MIN)
  @Max(SHARE_TTL_SECONDS_LIMIT)
  readonly max!: number;
}

export class KeyPolicyBody {
  @ApiProperty({ pattern: '^[a-z][a-z0-9]{1,11}$', description: 'First part of every key.' })
  @IsString()
  @Length(2, 12)
  readonly keyPrefix!: string;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: ACTIVE_KEYS_MAX_LIMIT })
  @IsInt()
  @Min(1)
  @Max(ACTIVE_KEYS_MAX_LIMIT)
  readonly activeKeysMax!: number;

  @ApiProperty({ type: EligibilityPolicyBody })
  @IsObject()
  @ValidateNested()
  @Type(() => EligibilityPolicyBody)
  readonly eligibility!: EligibilityPolicyBody;

  @ApiProperty({ description: 'Whether Marketplace keys list affiliate keys with secrets.' })
  @IsBoolean()
  readonly marketplaceSecretsListed!: boolean;

  @ApiProperty({ type: ShareTtlBody })
  @IsObject()
  @ValidateNested()
  @Type(() => ShareTtlBody)
  readonly shareTtlSeconds!: ShareTtlBody;

  @ApiProperty({ description: 'Whether a flag that is opened suspends the partner’s keys.' })
  @IsBoolean()
  readonly suspendOnFlag!: boolean;
}

export class DocumentationLinkBody implements DocumentationLink {
  @ApiProperty({ maxLength: DOCUMENTATION_TITLE_CHARACTERS_MAX })
  @IsString()
  @Length(1, DOCUMENTATION_TITLE_CHARACTERS_MAX)
  readonly title!: string;

  @ApiProperty({ format: 'uri', maxLength: URL_CHARACTERS_MAX })
  @IsString()
  @MaxLength(URL_CHARACTERS_MAX)
  readonly url!: string;
}

export class DocumentationBody implements Record<Portal, readonly DocumentationLink[]> {
  @ApiProperty({ type: [DocumentationLinkBody], maxItems: DOCUMENTATION_LINKS_MAX })
  @IsArray()
  @ArrayMaxSize(DOCUMENTATION_LINKS_MAX)
  @ValidateNested({ each: true })
  @Type(() => DocumentationLinkBody)
  readonly affiliate!: DocumentationLinkBody[];

  @ApiProperty({ type: [DocumentationLinkBody], maxItems: DOCUMENTATION_LINKS_MAX })
  @IsArray()
  @ArrayMaxSize(DOCUMENTATION_LINKS_MAX)
  @ValidateNested({ each: true })
  @Type(() => DocumentationLinkBody)
  readonly advertiser!: DocumentationLinkBody[];

  @ApiProperty({ type: [DocumentationLinkBody], maxItems: DOCUMENTATION_LINKS_MAX })
  @IsArray()
  @ArrayMaxSize(DOCUMENTATION_LINKS_MAX)
  @ValidateNested({ each: true })
  @Type(() => DocumentationLinkBody)
  readonly network!: DocumentationLinkBody[];

  @ApiProperty({ type: [DocumentationLinkBody], maxItems: DOCUMENTATION_LINKS_MAX })
  @IsArray()
  @ArrayMaxSize(DOCUMENTATION_LINKS_MAX)
  @ValidateNested({ each: true })
  @Type(() => DocumentationLinkBody)
  readonly marketplace!: DocumentationLinkBody[];
}

export class ApiProfileBody {
  @ApiProperty({ format: 'uri', example: 'https://api.eflow.team/v1' })
  @IsString()
  @MaxLength(URL_CHARACTERS_MAX)
  readonly baseUrl!: string;

  @ApiProperty({ example: 'X-Eflow-API-Key' })
  @IsString()
  @Length(1, 64)
  readonly headerName!: string;

  @ApiProperty({ type: DocumentationBody })
  @IsObject()
  @ValidateNested()
  @Type(() => DocumentationBody)
  readonly documentation!: DocumentationBody;
}

export class IssueWebhookCredentialBody {
  @ApiProperty({ maxLength: 120, description: 'Where it will be configured.' })
  @IsString()
  @MaxLength(1_000)
  readonly label!: string;
}

export class WebhookCredentialResponse {
  @ApiProperty({ format: 'uuid' })
  readonly credentialId!: string;

  @ApiProperty()
  readonly label!: string;

  @ApiProperty()
  readonly active!: boolean;
}

export class IssuedWebhookCredentialResponse extends WebhookCredentialResponse {
  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'Shown once; `null` in the answer to a retry. Send it with each webhook in X-Keyledger-Webhook-Credential, or as a bearer token.',
  })
  readonly credential!: string | null;

  @ApiProperty({
    enum: SECRET_WITHHELD,
    nullable: true,
    description: SECRET_WITHHELD_DESCRIPTION,
  })
  readonly secretWithheld!: SecretWithheld | null;
}

export class NetworkResponse {
  @ApiProperty({ type: 'integer' })
  readonly networkId!: number;

  @ApiProperty()
  readonly name!: string;

  @ApiProperty({ enum: REGIONS })
  readonly region!: Region;

  @ApiProperty({ type: KeyPolicyBody })
  readonly keyPolicy!: KeyPolicyBody;

  @ApiProperty({ type: ApiProfileBody })
  readonly apiProfile!: ApiProfileBody;

  @ApiProperty({ type: [WebhookCredentialResponse] })
  readonly webhookCredentials!: WebhookCredentialResponse[];
}

export class NetworksPage extends PageOf(NetworkResponse) {}
