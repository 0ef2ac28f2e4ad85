import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
} from 'class-validator';
import { parsePosition } from '#event-store';
import { isUuid } from '#kernel';
import type { RequestContext } from '#messaging';
import { CURSOR_CHARACTERS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, parseAsOf } from '#projections';
import type { QueryOptions } from '../../queries/query-options.value.js';

const isText = (name: string, message: string, holds: (text: string) => boolean) =>
  ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => typeof value === 'string' && holds(value),
      defaultMessage: () => message,
    },
  });

/** Ids are written in lower case, as this API gives them. */
export const isUuidText = () => isText('uuid', 'must be a UUID in lower case', isUuid);

/** How fresh, or how old, an answer shall be. */
export class ReadParameters {
  @ApiPropertyOptional({
    type: String,
    description:
      'Answer only with what is at or past this ledger position (`X-Ledger-Position` of an earlier answer); waits up to two seconds, then 503.',
    example: '4711',
  })
  @IsOptional()
  @isText('position', 'must be a ledger position', (text) => parsePosition(text) !== undefined)
  readonly atLeast?: string;

  @ApiPropertyOptional({
    type: String,
    description:
      'The data as they were at this time (ISO 8601) or ledger position; rights are those of now.',
    example: '2026-01-31T12:00:00.000Z',
  })
  @IsOptional()
  @isText(
    'asOf',
    'must be an ISO 8601 time or a ledger position',
    (text) => parseAsOf(text) !== undefined,
  )
  readonly asOf?: string;
}

export class PageParameters extends ReadParameters {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: PAGE_SIZE_MAX,
    default: PAGE_SIZE_DEFAULT,
  })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(PAGE_SIZE_MAX)
  readonly first: number = PAGE_SIZE_DEFAULT;

  @ApiPropertyOptional({ type: String, description: 'The `endCursor` of the page before.' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(CURSOR_CHARACTERS_MAX)
  readonly after?: string;
}

export function queryOptions(
  { atLeast, asOf }: ReadParameters,
  { signal }: RequestContext,
): QueryOptions {
  const position = atLeast === undefined ? undefined : parsePosition(atLeast);
  const place = asOf === undefined ? undefined : parseAsOf(asOf);
  return {
    signal,
    ...(position === undefined ? {} : { atLeast: position }),
    ...(place === undefined ? {} : { asOf: place }),
  };
}

export class KeyPath {
  @ApiProperty({ format: 'uuid', example: '4f1c2f4e-7f0d-5c43-9a51-0a4c36f4a0d1' })
  @isUuidText()
  readonly keyId!: string;
}

export class SharePath {
  @ApiProperty({ format: 'uuid', example: '0b8d7c52-21b0-5c1e-8f0c-2f5a9d3d7e10' })
  @isUuidText()
  readonly shareId!: string;
}
