import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { IsIntegerIdText, IsUuidText, PageParameters, TEXT_UNITS_MAX } from '#rest';
import { REASON_CHARACTERS_MAX } from '../../domain/key-text.value.js';
import type { ShareBound, ShareChannel, ShareRecipientType } from '../../domain/key-ring.events.js';
import { SHARE_CHANNELS, SHARE_RECIPIENT_TYPES } from '../../domain/key-ring.events.js';
import type { ShareStatus } from '../../queries/shares/share.view.js';
import { SHARE_STATUSES } from '../../queries/shares/share.view.js';

/** Bounds of what is parsed at all; the domain's own bounds, in code points, are tighter. */
export const SHARE_TOKEN_CHARACTERS_MAX = 200;
export const SHARE_SECONDS_MAX = 366 * 86_400;
const BOUNDS = ['users', 'passphrase'] as const satisfies readonly ShareBound[];

export class RecipientBody {
  @ApiProperty({
    enum: SHARE_RECIPIENT_TYPES,
    description:
      '`holderUsers`: all users of the holder; the share ends with the last of them. `partnerUser`: one of them; it ends with them. `contact`: somebody who is known elsewhere (passphrase only).',
    example: 'holderUsers',
  })
  @IsIn(SHARE_RECIPIENT_TYPES)
  readonly type!: ShareRecipientType;

  @ApiPropertyOptional({
    description:
      'Needed for `partnerUser` (`<issuer>#<subject>` of a linked user) and `contact` (an id in another system; never personal data).',
    example: 'https://id.example.com#00u1a2b3',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(TEXT_UNITS_MAX)
  readonly reference?: string;
}

export class ShareKeyBody {
  @ApiProperty({ type: RecipientBody })
  @IsObject()
  @ValidateNested()
  @Type(() => RecipientBody)
  readonly recipient!: RecipientBody;

  @ApiProperty({ enum: SHARE_CHANNELS, description: 'The way on which the link will travel.' })
  @IsIn(SHARE_CHANNELS)
  readonly channel!: ShareChannel;

  @ApiProperty({ minLength: 1, maxLength: REASON_CHARACTERS_MAX, example: 'First hand-over' })
  @IsString()
  @MinLength(1)
  @MaxLength(TEXT_UNITS_MAX)
  readonly reason!: string;

  @ApiProperty({
    enum: BOUNDS,
    description:
      '`users`: opened with an access token of the recipient. `passphrase`: opened by whoever has link and passphrase.',
  })
  @IsIn(BOUNDS)
  readonly bound!: ShareBound;

  @ApiPropertyOptional({
    type: 'integer',
    description: 'How long the link works; default and bound are in the network’s key policy.',
    example: 86_400,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(SHARE_SECONDS_MAX)
  readonly ttlSeconds?: number;
}

export class OpenShareBody {
  @ApiProperty({ description: 'What follows `#` in the link.' })
  @IsString()
  @MinLength(1)
  @MaxLength(SHARE_TOKEN_CHARACTERS_MAX)
  readonly token!: string;

  @ApiPropertyOptional({
    description: 'Of a share that is bound to a passphrase; five wrong ones end it.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(SHARE_TOKEN_CHARACTERS_MAX)
  readonly passphrase?: string;
}

export class ListSharesParameters extends PageParameters {
  @ApiPropertyOptional({ format: 'uuid', type: String })
  @IsOptional()
  @IsUuidText()
  readonly keyId?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @IsOptional()
  @IsIntegerIdText()
  readonly partnerId?: number;

  @ApiPropertyOptional({ enum: SHARE_STATUSES })
  @IsOptional()
  @IsIn(SHARE_STATUSES)
  readonly status?: ShareStatus;
}
