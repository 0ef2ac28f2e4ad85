import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
} from 'class-validator';
import { parsePosition } from '#event-store';
import { isUuid } from '#kernel';
import { CURSOR_CHARACTERS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, parseAsOf } from '#projections';
import {
  AUDIT_ACTOR_CHARACTERS_MAX,
  AUDIT_TEXT_CHARACTERS_MAX,
} from '../../queries/audit-trail/search-audit-trail.query-handler.js';

const isText = (name: string, message: string, holds: (text: string) => boolean) =>
  ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => typeof value === 'string' && holds(value),
      defaultMessage: () => message,
    },
  });

const isTime = (text: string): boolean => 'time' in (parseAsOf(text) ?? {});

export class AuditParameters {
  @ApiPropertyOptional({ format: 'uuid', description: 'Only events of this key.' })
  @IsOptional()
  @isText('uuid', 'must be a lower-case UUID', isUuid)
  readonly keyId?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'Only events of this partner.' })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly partnerId?: number;

  @ApiPropertyOptional({ description: 'Who acted: a subject, or `<issuer>#<subject>`.' })
  @IsOptional()
  @IsString()
  @MaxLength(AUDIT_ACTOR_CHARACTERS_MAX)
  readonly actor?: string;

  @ApiPropertyOptional({ description: 'An event type.', example: 'KeyRevoked' })
  @IsOptional()
  @Matches(/^[A-Z][A-Za-z0-9]{0,99}$/)
  readonly type?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Recorded at or after this time.' })
  @IsOptional()
  @isText('time', 'must be an ISO 8601 time with its zone', isTime)
  readonly from?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Recorded before this time.' })
  @IsOptional()
  @isText('time', 'must be an ISO 8601 time with its zone', isTime)
  readonly to?: string;

  @ApiPropertyOptional({
    description:
      'Words of action, actor, target, reason, before and after: all must be there, each at least as a beginning.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(AUDIT_TEXT_CHARACTERS_MAX)
  readonly text?: string;

  @ApiPropertyOptional({
    description: 'The trail as it stood at this time (ISO 8601) or ledger position.',
    type: String,
  })
  @IsOptional()
  @isText(
    'asOf',
    'must be an ISO 8601 time or a ledger position',
    (text) => parseAsOf(text) !== undefined,
  )
  readonly asOf?: string;

  @ApiPropertyOptional({ description: 'Answer at or past this ledger position.', type: String })
  @IsOptional()
  @isText('position', 'must be a ledger position', (text) => parsePosition(text) !== undefined)
  readonly atLeast?: string;

  @ApiPropertyOptional({ minimum: 1, maximum: PAGE_SIZE_MAX, default: PAGE_SIZE_DEFAULT })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(PAGE_SIZE_MAX)
  readonly first: number = PAGE_SIZE_DEFAULT;

  @ApiPropertyOptional({
    description: 'The `endCursor` of the page before, with the same filters.',
    type: String,
  })
  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_CHARACTERS_MAX)
  readonly after?: string;
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

  @ApiProperty({ nullable: true, description: 'What it was; plain JSON.' })
  readonly before!: unknown;

  @ApiProperty({ nullable: true, description: 'What it is since; plain JSON.' })
  readonly after!: unknown;
}

export class AuditPageInfo {
  @ApiProperty({ type: String, nullable: true })
  readonly endCursor!: string | null;

  @ApiProperty()
  readonly hasNextPage!: boolean;
}

export class AuditPage {
  @ApiProperty({ type: [AuditEntryResponse] })
  readonly items!: AuditEntryResponse[];

  @ApiProperty({ type: AuditPageInfo })
  readonly page!: AuditPageInfo;
}
