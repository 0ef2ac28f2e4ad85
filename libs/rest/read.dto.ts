import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import { parsePosition } from '#event-store';
import type { ReadPlace } from '#projections';
import {
  AS_OF_EXPECTED,
  CURSOR_CHARACTERS_MAX,
  PAGE_SIZE_DEFAULT,
  PAGE_SIZE_MAX,
  parseAsOf,
} from '#projections';
import { FromDecimal, IsText } from './fields.js';

/** How fresh, or how old, an answer shall be. */
export class ReadParameters {
  @ApiPropertyOptional({
    type: String,
    description:
      'Answer only with what is at or past this ledger position (`X-Ledger-Position` of an earlier answer); waits up to two seconds, then 503.',
    example: '4711',
  })
  @IsOptional()
  @IsText('position', 'must be a ledger position', (text) => parsePosition(text) !== undefined)
  readonly atLeast?: string;

  @ApiPropertyOptional({
    type: String,
    description:
      'The data as they were at this time (ISO 8601, with its zone) or ledger position; what is still to come is refused (400). Rights are those of now.',
    example: '2026-01-31T12:00:00.000Z',
  })
  @IsOptional()
  @IsText('asOf', `must be ${AS_OF_EXPECTED}`, (text) => parseAsOf(text) !== undefined)
  readonly asOf?: string;
}

/** The same, of a list that is read page by page. */
export class PageParameters extends ReadParameters {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: PAGE_SIZE_MAX,
    default: PAGE_SIZE_DEFAULT,
  })
  @IsOptional()
  @FromDecimal()
  @IsInt()
  @Min(1)
  @Max(PAGE_SIZE_MAX)
  readonly first: number = PAGE_SIZE_DEFAULT;

  @ApiPropertyOptional({
    type: String,
    description: 'The `endCursor` of the page before, with the same filters.',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(CURSOR_CHARACTERS_MAX)
  readonly after?: string;
}

/** As queries take it. */
export function readOptions(
  { atLeast, asOf }: ReadParameters,
  { signal }: { readonly signal: AbortSignal },
): ReadPlace {
  const position = atLeast === undefined ? undefined : parsePosition(atLeast);
  const place = asOf === undefined ? undefined : parseAsOf(asOf);
  return {
    signal,
    ...(position === undefined ? {} : { atLeast: position }),
    ...(place === undefined ? {} : { asOf: place }),
  };
}

/** Which page, as queries take it. */
export const pageInput = ({ first, after }: Pick<PageParameters, 'after' | 'first'>) => ({
  first,
  ...(after === undefined ? {} : { after }),
});
