import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { CURSOR_CHARACTERS_MAX, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '#projections';
import { PartnerReadParameters, PartnerUserBody, ReasonBody } from './partners.dto.js';

/** Far above any limit of a text, which is counted in code points after normalisation: only a guard of that work. */
const TEXT_UNITS_MAX = 10_000;

export class MarketplacePartnerPath {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly marketplacePartnerId!: number;
}

export class ListMarketplacePartnersParameters extends PartnerReadParameters {
  @ApiPropertyOptional({ minimum: 1, maximum: PAGE_SIZE_MAX, default: PAGE_SIZE_DEFAULT })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(PAGE_SIZE_MAX)
  readonly first: number = PAGE_SIZE_DEFAULT;

  @ApiPropertyOptional({ description: 'The `endCursor` of the page before.', type: String })
  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_CHARACTERS_MAX)
  readonly after?: string;
}

export class RegisterMarketplacePartnerBody {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly marketplacePartnerId!: number;

  @ApiProperty({ maxLength: 255 })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly name!: string;
}

export class ConnectionBody {
  @ApiProperty({ type: 'integer', minimum: 1, description: 'A partner of this network.' })
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly partnerId!: number;
}

export class RemoveConnectionBody extends ReasonBody {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @IsInt()
  @Min(1)
  @Max(Number.MAX_SAFE_INTEGER)
  readonly partnerId!: number;
}

export class MarketplacePartnerResponse {
  @ApiProperty({ type: 'integer' })
  readonly marketplacePartnerId!: number;

  @ApiProperty()
  readonly name!: string;

  @ApiProperty({
    type: 'array',
    items: { type: 'integer' },
    description: 'Partners that it acts for.',
  })
  readonly connections!: number[];

  @ApiProperty({ type: [PartnerUserBody] })
  readonly users!: PartnerUserBody[];
}

class MarketplacePageInfo {
  @ApiProperty({ type: String, nullable: true })
  readonly endCursor!: string | null;

  @ApiProperty()
  readonly hasNextPage!: boolean;
}

export class MarketplacePartnersPage {
  @ApiProperty({ type: [MarketplacePartnerResponse] })
  readonly items!: MarketplacePartnerResponse[];

  @ApiProperty({ type: MarketplacePageInfo })
  readonly page!: MarketplacePageInfo;
}
