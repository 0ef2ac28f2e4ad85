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
} from 'class-validator';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '#projections';
import { PERMISSIONS, type Permission } from '../../domain/principal.value.js';

export const ISSUER_LENGTH_MAX = 512;
/** No control characters: a subject is shown and logged. */
const SUBJECT = /^[^\p{Cc}\p{Cs}\p{Bidi_Control}]{1,255}$/u;
const SCOPES = ['global', 'limited'] as const;

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

export class EmployeeReadDto {
  @ApiPropertyOptional({
    description: 'Wait until the answer holds this position (a receipt’s `X-Ledger-Position`).',
  })
  @IsOptional()
  @IsString()
  @MaxLength(20)
  atLeast?: string;

  @ApiPropertyOptional({ description: 'As of this ISO-8601 time or position.' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  asOf?: string;
}

export class ListEmployeesDto extends EmployeeReadDto {
  @ApiPropertyOptional({ minimum: 1, maximum: PAGE_SIZE_MAX, default: PAGE_SIZE_DEFAULT })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(PAGE_SIZE_MAX)
  first?: number;

  @ApiPropertyOptional({ description: 'The `endCursor` of the page before.' })
  @IsOptional()
  @IsString()
  @MaxLength(2_048)
  after?: string;
}

export class MeDto {
  @ApiProperty({ enum: ['employee', 'partnerUser', 'service', 'operator'] })
  kind!: string;

  @ApiProperty()
  issuer!: string;

  @ApiProperty()
  subject!: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'null for operators.' })
  networkId!: number | null;

  @ApiProperty({
    type: 'object',
    nullable: true,
    properties: {
      employeeId: { type: 'integer' },
      superUser: { type: 'boolean' },
      permissions: { type: 'array', items: { type: 'string', enum: [...PERMISSIONS] } },
      scope: { type: 'string', enum: [...SCOPES] },
    },
  })
  employee!: object | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'Of partner users.' })
  partnerId!: number | null;
}
