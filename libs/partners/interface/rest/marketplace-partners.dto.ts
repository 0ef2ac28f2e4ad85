import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength } from 'class-validator';
import { IsIntegerId, IsIntegerIdText, PageOf, TEXT_UNITS_MAX } from '#rest';
import { PartnerUserBody, ReasonBody } from './partners.dto.js';

export class MarketplacePartnerPath {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @IsIntegerIdText()
  readonly marketplacePartnerId!: number;
}

export class RegisterMarketplacePartnerBody {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @IsIntegerId()
  readonly marketplacePartnerId!: number;

  @ApiProperty({ maxLength: 255 })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly name!: string;
}

export class ConnectionBody {
  @ApiProperty({ type: 'integer', minimum: 1, description: 'A partner of this network.' })
  @IsIntegerId()
  readonly partnerId!: number;
}

export class RemoveConnectionBody extends ReasonBody {
  @ApiProperty({ type: 'integer', minimum: 1 })
  @IsIntegerId()
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

export class MarketplacePartnersPage extends PageOf(MarketplacePartnerResponse) {}
