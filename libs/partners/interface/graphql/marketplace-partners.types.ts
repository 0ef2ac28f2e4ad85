import { ArgsType, Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsString, MaxLength, ValidateNested } from 'class-validator';
import { AnsweredObject, connectionOf, IsIntegerId, ReadArgs } from '#graphql';
import { TEXT_UNITS_MAX } from '#rest';
import { PartnerUserInput, PartnerUserType } from './partners.types.js';

@ObjectType('MarketplacePartner', {
  description: 'A partner account of the marketplace that acts for partners of this network.',
})
export class MarketplacePartnerType extends AnsweredObject {
  @Field(() => ID)
  readonly marketplacePartnerId!: number;

  @Field(() => String)
  readonly name!: string;

  @Field(() => [ID], { description: 'Partners that it acts for.' })
  readonly connections!: number[];

  @Field(() => [PartnerUserType])
  readonly users!: PartnerUserType[];
}
export const MarketplacePartnerConnection = connectionOf(
  MarketplacePartnerType,
  'MarketplacePartner',
);

@ArgsType()
export class MarketplacePartnerArgs extends ReadArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly marketplacePartnerId!: string;
}

@ArgsType()
export class MarketplacePartnerIdArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly marketplacePartnerId!: string;
}

@InputType()
export class RegisterMarketplacePartnerInput {
  @Field(() => ID)
  @IsIntegerId()
  readonly marketplacePartnerId!: string;

  @Field(() => String)
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly name!: string;
}

@ArgsType()
export class ConnectMarketplacePartnerArgs extends MarketplacePartnerIdArgs {
  @Field(() => ID, { description: 'A partner of this network.' })
  @IsIntegerId()
  readonly partnerId!: string;
}

@ArgsType()
export class DisconnectMarketplacePartnerArgs extends ConnectMarketplacePartnerArgs {
  @Field(() => String, { description: 'For the audit trail.' })
  @IsString()
  @MaxLength(TEXT_UNITS_MAX)
  readonly reason!: string;
}

@ArgsType()
export class MarketplaceUserArgs extends MarketplacePartnerIdArgs {
  @Field(() => PartnerUserInput)
  @ValidateNested()
  @Type(() => PartnerUserInput)
  readonly user!: PartnerUserInput;
}
