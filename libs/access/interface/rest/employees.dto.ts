import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
} from 'class-validator';
import { parsePosition } from '#event-store';
import { CURSOR_CHARACTERS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, parseAsOf } from '#projections';
import { PERMISSIONS, type Permission } from '../../domain/principal.value.js';

export const ISSUER_LENGTH_MAX = 512;
/** No control characters: a subject is shown and logged. */
export const SUBJECT = /^[^\p{Cc}\p{Cs}\p{Bidi_Control}]{1,255}$/u;
const SCOPES = ['global', 'limited'] as const;

export class NetworkEmployeesPath {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly networkId!: number;
}

export class EmployeePath extends NetworkEmployeesPath {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly employeeId!: number;
}

export class EmployeeRightsDto {
  @ApiProperty({
    description: 'May do everything in the network; only a super user makes another.',
  })
  @IsBoolean()
  superUser!: boolean;

  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  @IsArray()
  @ArrayUnique()
  @IsIn(PERMISSIONS, { each: true })
  permissions!: Permission[];

  @ApiProperty({
    enum: SCOPES,
    description: 'limited: only partners whose manager this employee is.',
  })
  @IsIn(SCOPES)
  scope!: 'global' | 'limited';
}

export class AdmitEmployeeDto extends EmployeeRightsDto {
  @ApiProperty({
    minimum: 1,
    description: 'The id within the network (`network_employee_id`), never used twice.',
  })
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  employeeId!: number;

  @ApiProperty({
    maxLength: ISSUER_LENGTH_MAX,
    description: 'As it stands in the `iss` of the access tokens.',
  })
  @IsString()
  @MaxLength(ISSUER_LENGTH_MAX)
  @IsUrl({ protocols: ['https', 'http'], require_protocol: true, require_tld: false })
  issuer!: string;

  @ApiProperty({
    minLength: 1,
    maxLength: 255,
    description: 'As it stands in the `sub` of the access tokens; no e-mail.',
  })
  @IsString()
  @Matches(SUBJECT, { message: '$property must be 1 to 255 printable characters' })
  subject!: string;
}

export class ChangeEmployeeRightsDto {
  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  superUser?: boolean;

  @ApiPropertyOptional({ enum: PERMISSIONS, isArray: true })
  @IsOptional()
  @IsArray()
  @ArrayUnique()
  @IsIn(PERMISSIONS, { each: true })
  permissions?: Permission[];

  @ApiPropertyOptional({ enum: SCOPES })
  @IsOptional()
  @IsIn(SCOPES)
  scope?: 'global' | 'limited';
}

export class EmployeeDto extends AdmitEmployeeDto {
  @ApiProperty({ description: 'Removed employees stay listed, and have no rights.' })
  removed!: boolean;
}

export class EmployeePageDto {
  @ApiProperty({ type: [EmployeeDto] })
  items!: EmployeeDto[];

  @ApiProperty({
    type: 'object',
    properties: { endCursor: { type: 'string', nullable: true }, hasNextPage: { type: 'boolean' } },
    required: ['endCursor', 'hasNextPage'],
  })
  page!: { endCursor: string | null; hasNextPage: boolean };
}

const isText = (name: string, message: string, holds: (text: string) => boolean) =>
  ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => typeof value === 'string' && holds(value),
      defaultMessage: () => message,
    },
  });

export class EmployeeReadDto {
  @ApiPropertyOptional({ type: String, description: 'Answer at or past this ledger position.' })
  @IsOptional()
  @isText('position', 'must be a ledger position', (text) => parsePosition(text) !== undefined)
  readonly atLeast?: string;

  @ApiPropertyOptional({
    type: String,
    description: 'Data as they were at this time (ISO 8601) or ledger position.',
  })
  @IsOptional()
  @isText(
    'asOf',
    'must be an ISO 8601 time or a ledger position',
    (text) => parseAsOf(text) !== undefined,
  )
  readonly asOf?: string;
}

export class ListEmployeesDto extends EmployeeReadDto {
  @ApiPropertyOptional({ minimum: 1, maximum: PAGE_SIZE_MAX, default: PAGE_SIZE_DEFAULT })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(PAGE_SIZE_MAX)
  readonly first: number = PAGE_SIZE_DEFAULT;

  @ApiPropertyOptional({ type: String, description: 'The `endCursor` of the page before.' })
  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_CHARACTERS_MAX)
  readonly after?: string;
}
