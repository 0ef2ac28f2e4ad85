import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { IsInstantText, IsIntegerId, IsIntegerIdText, PageParameters, TEXT_UNITS_MAX } from '#rest';
import {
  LABEL_CHARACTERS_MAX,
  NOTE_CHARACTERS_MAX,
  REASON_CHARACTERS_MAX,
} from '../../domain/key-text.value.js';
import type { RevealPurpose, RevocationReason } from '../../domain/key-ring.events.js';
import { REVOCATION_REASONS } from '../../domain/key-ring.events.js';
import type { HolderType, Portal } from '../../domain/portal.value.js';
import { HOLDER_TYPES, PORTALS } from '../../domain/portal.value.js';
import type { KeyStatus } from '../../queries/keys/key.view.js';
import { KEY_STATUSES } from '../../queries/keys/key.view.js';

/** Bounds of what is parsed at all; the domain's own bounds, in code points, are tighter. */
export const PERMISSIONS_MAX = 100;
export const PERMISSION_CHARACTERS_MAX = 100;
const LABEL = { minLength: 1, maxLength: LABEL_CHARACTERS_MAX };

export class HolderBody {
  @ApiProperty({ enum: HOLDER_TYPES, example: 'partner' })
  @IsIn(HOLDER_TYPES)
  readonly type!: HolderType;

  @ApiProperty({ type: 'integer', minimum: 1, example: 7 })
  @IsIntegerId()
  readonly id!: number;
}

export class IssueKeyBody {
  @ApiProperty({ enum: PORTALS, example: 'affiliate' })
  @IsIn(PORTALS)
  readonly portal!: Portal;

  @ApiProperty({
    type: HolderBody,
    description:
      'One key is one portal and one holder: affiliate keys belong to a partner, advertiser keys to an advertiser, network keys to the network itself, marketplace keys to a registered marketplace partner. Advertisers are not registered here: an advertiser id is taken as it is given.',
  })
  @IsObject()
  @ValidateNested()
  @Type(() => HolderBody)
  readonly holder!: HolderBody;

  @ApiProperty({
    ...LABEL,
    example: 'Reporting dashboard',
    description: 'For people; never a secret.',
  })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly label!: string;

  @ApiPropertyOptional({ format: 'date-time', example: '2026-12-31T00:00:00.000Z' })
  @IsOptional()
  @IsInstantText()
  readonly expiresAt?: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'Network keys only: what the key may do.',
    example: ['reporting.read'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(PERMISSIONS_MAX)
  @ArrayUnique()
  @IsString({ each: true })
  @MaxLength(PERMISSION_CHARACTERS_MAX, { each: true })
  readonly permissions?: string[];

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    description: 'Network keys only: the employee who uses it.',
  })
  @IsOptional()
  @IsIntegerId()
  readonly employeeId?: number;
}

export class NoteBody {
  @ApiPropertyOptional({
    maxLength: NOTE_CHARACTERS_MAX,
    example: 'Ticket 4711',
    description: 'For the audit trail; never a secret.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly note?: string;
}

export class RevokeKeyBody extends NoteBody {
  @ApiProperty({ enum: REVOCATION_REASONS, example: 'leaked' })
  @IsIn(REVOCATION_REASONS)
  readonly reason!: RevocationReason;
}

export class ReissueKeyBody extends RevokeKeyBody {
  @ApiPropertyOptional({
    ...LABEL,
    description: 'Of the new key; default: the label of the old one.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly label?: string;

  @ApiPropertyOptional({ format: 'date-time', description: 'Of the new key; default: none.' })
  @IsOptional()
  @IsInstantText()
  readonly expiresAt?: string;
}

/** The other purposes are for the ledger to say. */
const EMPLOYEE_PURPOSES = [
  'resend',
  'support',
  'other',
] as const satisfies readonly RevealPurpose[];

export class RevealKeyBody extends NoteBody {
  @ApiProperty({ enum: EMPLOYEE_PURPOSES, example: 'support' })
  @IsIn(EMPLOYEE_PURPOSES)
  readonly purpose!: (typeof EMPLOYEE_PURPOSES)[number];
}

export class KeyReasonBody {
  @ApiProperty({
    minLength: 1,
    maxLength: REASON_CHARACTERS_MAX,
    example: 'Unusual traffic, under review',
    description: 'For the audit trail.',
  })
  @IsString()
  @MinLength(1)
  @MaxLength(TEXT_UNITS_MAX)
  readonly reason!: string;
}

export class RelabelKeyBody {
  @ApiProperty({ ...LABEL, example: 'Reporting dashboard (2026)' })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly label!: string;
}

export class KeyRingBody extends KeyReasonBody {
  @ApiProperty({ enum: PORTALS, example: 'affiliate' })
  @IsIn(PORTALS)
  readonly portal!: Portal;

  @ApiProperty({ type: HolderBody })
  @IsObject()
  @ValidateNested()
  @Type(() => HolderBody)
  readonly holder!: HolderBody;
}

export class ListKeysParameters extends PageParameters {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'Keys of this partner.' })
  @IsOptional()
  @IsIntegerIdText()
  readonly partnerId?: number;

  @ApiPropertyOptional({ enum: HOLDER_TYPES })
  @IsOptional()
  @IsIn(HOLDER_TYPES)
  readonly holderType?: HolderType;

  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @IsOptional()
  @IsIntegerIdText()
  readonly holderId?: number;

  @ApiPropertyOptional({ enum: PORTALS })
  @IsOptional()
  @IsIn(PORTALS)
  readonly portal?: Portal;

  @ApiPropertyOptional({ enum: KEY_STATUSES, description: 'Revoked keys stay listable.' })
  @IsOptional()
  @IsIn(KEY_STATUSES)
  readonly status?: KeyStatus;

  @ApiPropertyOptional({ type: String, description: 'Part of the label, whatever its case.' })
  @IsOptional()
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly label?: string;
}
