import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  MaxLength,
} from 'class-validator';
import { IsIntegerId, IsIntegerIdText, IsText, PageOf } from '#rest';
import { isSecureUrl } from '../../access.options.js';
import { PERMISSIONS, type Permission } from '../../domain/principal.value.js';

export const ISSUER_LENGTH_MAX = 512;
/** With an issuer that no configuration may name, no token would ever fit. */
export const IsIssuer = (): PropertyDecorator =>
  applyDecorators(
    IsString(),
    MaxLength(ISSUER_LENGTH_MAX),
    IsUrl({ protocols: ['https', 'http'], require_protocol: true, require_tld: false }),
    IsText(
      'issuer',
      'must be an https URL, as it stands in the `iss` of the access tokens',
      isSecureUrl,
    ),
  );
/** No control characters: a subject is shown and logged. */
export const SUBJECT = /^[^\p{Cc}\p{Cs}\p{Bidi_Control}]{1,255}$/u;
const SCOPES = ['global', 'limited'] as const;

export class NetworkEmployeesPath {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @IsIntegerIdText()
  readonly networkId!: number;
}

export class EmployeePath extends NetworkEmployeesPath {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @IsIntegerIdText()
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
    type: 'integer',
    minimum: 1,
    description: 'The id within the network (`network_employee_id`), never used twice.',
  })
  @IsIntegerId()
  employeeId!: number;

  @ApiProperty({
    maxLength: ISSUER_LENGTH_MAX,
    description: 'As it stands in the `iss` of the access tokens.',
  })
  @IsIssuer()
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

export class ReadEmployeeDto extends EmployeeDto {
  @ApiProperty({ format: 'date-time' })
  admittedAt!: string;
}

export class EmployeePageDto extends PageOf(ReadEmployeeDto) {}
