import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { Connection, ReadAt } from '#graphql';
import { connection, ConnectionArgs, given, readAt, readPlace } from '#graphql';
import { marketplacePartnerId, partnerId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import type { Page, ReadResult } from '#projections';
import { ConnectMarketplacePartner } from '../../commands/connect-marketplace-partner/connect-marketplace-partner.command.js';
import { DisconnectMarketplacePartner } from '../../commands/disconnect-marketplace-partner/disconnect-marketplace-partner.command.js';
import { LinkMarketplaceUser } from '../../commands/link-marketplace-user/link-marketplace-user.command.js';
import type { MarketplacePartnerAnswer } from '../../commands/marketplace-partner-decisions.js';
import { RegisterMarketplacePartner } from '../../commands/register-marketplace-partner/register-marketplace-partner.command.js';
import { UnlinkMarketplaceUser } from '../../commands/unlink-marketplace-user/unlink-marketplace-user.command.js';
import type { MarketplacePartnerView } from '../../queries/marketplace-partners/marketplace-partner.view.js';
import { marketplaceProfileViewOf } from '../../queries/marketplace-partners/marketplace-partner.view.js';
import {
  GetMarketplacePartner,
  ListMarketplacePartners,
} from '../../queries/marketplace-partners/marketplace-partners.query.js';
import type { MarketplacePartnerIdArgs } from './marketplace-partners.types.js';
import {
  ConnectMarketplacePartnerArgs,
  DisconnectMarketplacePartnerArgs,
  MarketplacePartnerArgs,
  MarketplacePartnerConnection,
  MarketplacePartnerType,
  MarketplaceUserArgs,
  RegisterMarketplacePartnerInput,
} from './marketplace-partners.types.js';

@Resolver(() => MarketplacePartnerType)
export class MarketplacePartnersResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Query(() => MarketplacePartnerType, { description: 'A marketplace partner.' })
  async marketplacePartner(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: MarketplacePartnerArgs,
  ): Promise<Answer<MarketplacePartnerView & ReadAt>> {
    const place = readPlace(args, context);
    const { value, position } = await this.queries.execute<
      GetMarketplacePartner,
      ReadResult<MarketplacePartnerView>
    >(new GetMarketplacePartner(caller, idIn(args), place));
    return answer({ ...value, ...readAt(position, place) }, position);
  }

  @Query(() => MarketplacePartnerConnection, { description: 'Marketplace partners by id.' })
  async marketplacePartners(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: ConnectionArgs,
  ): Promise<Answer<Connection<MarketplacePartnerView & ReadAt>>> {
    const { first, after } = args;
    const place = readPlace(args, context);
    const page = await this.queries.execute<
      ListMarketplacePartners,
      ReadResult<Page<MarketplacePartnerView>>
    >(new ListMarketplacePartners(caller, { first, ...given({ after }) }, place));
    return answer(connection(page, place), page.position);
  }

  @Mutation(() => MarketplacePartnerType, {
    description:
      'Registers a marketplace partner with this network; only then may it hold keys here.',
  })
  registerMarketplacePartner(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: RegisterMarketplacePartnerInput,
  ): Promise<Answer<MarketplacePartnerView & ReadAt>> {
    return this.changed(
      new RegisterMarketplacePartner(caller, context, { ...idIn(input), name: input.name }),
    );
  }

  @Mutation(() => MarketplacePartnerType, {
    description: 'Lets the marketplace partner act for a partner: it may list its affiliate keys.',
  })
  connectMarketplacePartner(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: ConnectMarketplacePartnerArgs,
  ): Promise<Answer<MarketplacePartnerView & ReadAt>> {
    return this.changed(new ConnectMarketplacePartner(caller, context, connectionIn(args)));
  }

  @Mutation(() => MarketplacePartnerType, {
    description: 'Ends at once what the marketplace partner may do for a partner.',
  })
  disconnectMarketplacePartner(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: DisconnectMarketplacePartnerArgs,
  ): Promise<Answer<MarketplacePartnerView & ReadAt>> {
    const input = { ...connectionIn(args), reason: args.reason };
    return this.changed(new DisconnectMarketplacePartner(caller, context, input));
  }

  @Mutation(() => MarketplacePartnerType, {
    description:
      'Lets an identity act for the marketplace partner, and for nobody else in the network.',
  })
  linkMarketplaceUser(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: MarketplaceUserArgs,
  ): Promise<Answer<MarketplacePartnerView & ReadAt>> {
    return this.changed(new LinkMarketplaceUser(caller, context, userIn(args)));
  }

  @Mutation(() => MarketplacePartnerType, {
    description: 'Ends at once what an identity may do for the marketplace partner.',
  })
  unlinkMarketplaceUser(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: MarketplaceUserArgs,
  ): Promise<Answer<MarketplacePartnerView & ReadAt>> {
    return this.changed(new UnlinkMarketplaceUser(caller, context, userIn(args)));
  }

  private async changed(command: object): Promise<Answer<MarketplacePartnerView & ReadAt>> {
    const { marketplacePartner, position } = await this.commands.execute<
      object,
      MarketplacePartnerAnswer
    >(command);
    return answer(
      { ...marketplaceProfileViewOf(marketplacePartner), ...readAt(position) },
      position,
    );
  }
}

const idIn = ({ marketplacePartnerId: id }: MarketplacePartnerIdArgs) => ({
  marketplacePartnerId: marketplacePartnerId(Number(id)),
});

const connectionIn = (args: ConnectMarketplacePartnerArgs) => ({
  ...idIn(args),
  partnerId: partnerId(Number(args.partnerId)),
});

const userIn = (args: MarketplaceUserArgs) => {
  const { issuer, subject } = args.user;
  return { ...idIn(args), user: { issuer, subject } };
};
