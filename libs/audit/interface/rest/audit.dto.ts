import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { IsInstantText, IsIntegerIdText, IsUuidText, PageOf, PageParameters } from '#rest';
import {
  AUDIT_ACTOR_CHARACTERS_MAX,
  AUDIT_TEXT_CHARACTERS_MAX,
} from '../../queries/audit-trail/search-audit-trail.query-handler.js';

/** Without a type of its own, the description would call it an object. */
const anyJson = {
  oneOf: ['object', 'array', 'string', 'number', 'boolean', 'null'].map((type) => ({ type })),
};

export class AuditParameters extends PageParameters {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only events of this key.' })
  @IsOptional()
  @IsUuidText()
  readonly keyId?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'Only events of this partner.' })
  @IsOptional()
  @IsIntegerIdText()
  readonly partnerId?: number;

  @ApiPropertyOptional({ description: 'Who acted: a subject, or `<issuer>#<subject>`.' })
  @IsOptional()
  @IsString()
  @MaxLength(AUDIT_ACTOR_CHARACTERS_MAX)
  readonly actor?: string;

  @ApiPropertyOptional({ description: 'An event type.', example: 'KeyRevoked' })
  @IsOptional()
  @Matches(/^[A-Z][A-Za-z0-9]{0,99}$/, { message: 'must be an event type, such as KeyRevoked' })
  readonly type?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Recorded at or after this time.' })
  @IsOptional()
  @IsInstantText()
  readonly from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Recorded before this time.' })
  @IsOptional()
  @IsInstantText()
  readonly to?: string;

  @ApiPropertyOptional({
    description:
      'Words of action, actor, target, reason, before and after: all must be there, each at least as a beginning.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(AUDIT_TEXT_CHARACTERS_MAX)
  readonly text?: string;
}

export class AuditStreamResponse {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly revision!: string;
}

export class AuditActorResponse {
  @ApiProperty({ enum: ['employee', 'partnerUser', 'service', 'operator', 'system'] })
  readonly type!: string;

  @ApiProperty()
  readonly issuer!: string;

  @ApiProperty()
  readonly subject!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly onBehalfOf!: string | null;
}

export class AuditTargetResponse {
  @ApiProperty({ example: 'apiKey' })
  readonly kind!: string;

  @ApiProperty()
  readonly id!: string;
}

export class AuditEntryResponse {
  @ApiProperty({ description: 'Of the event in the ledger; never two of one.' })
  readonly position!: string;

  @ApiProperty({ format: 'uuid' })
  readonly eventId!: string;

  @ApiProperty({ type: AuditStreamResponse })
  readonly stream!: AuditStreamResponse;

  @ApiProperty({ format: 'date-time' })
  readonly time!: string;

  @ApiProperty({ description: 'The event type.', example: 'KeyRevoked' })
  readonly action!: string;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly networkId!: number | null;

  @ApiProperty({ type: AuditActorResponse })
  readonly actor!: AuditActorResponse;

  @ApiProperty({ type: AuditTargetResponse })
  readonly target!: AuditTargetResponse;

  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  readonly keyId!: string | null;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly partnerId!: number | null;

  @ApiProperty({ type: String, nullable: true })
  readonly reason!: string | null;

  @ApiProperty({ enum: ['succeeded', 'refused'] })
  readonly outcome!: 'succeeded' | 'refused';

  @ApiProperty()
  readonly correlationId!: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The address that it came from; null when there was none or it was erased.',
  })
  readonly address!: string | null;

  @ApiProperty({ ...anyJson, description: 'What it was; plain JSON.' })
  readonly before!: unknown;

  @ApiProperty({ ...anyJson, description: 'What it is since; plain JSON.' })
  readonly after!: unknown;
}

export class AuditPage extends PageOf(AuditEntryResponse) {}
