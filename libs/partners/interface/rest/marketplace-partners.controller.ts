import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Principal } from '#access';
import { Caller } from '#access';
import { marketplacePartnerId, partnerId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import type { Page, ReadResult } from '#projections';
import { LOCATION, pageInput, PageParameters, readOptions, ReadParameters } from '#rest';
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
import {
  ConnectionBody,
  MarketplacePartnerPath,
  MarketplacePartnerResponse,
  MarketplacePartnersPage,
  RegisterMarketplacePartnerBody,
  RemoveConnectionBody,
} from './marketplace-partners.dto.js';
import { PartnerUserBody } from './partners.dto.js';

@ApiTags('marketplace partners')
@ApiBearerAuth()
@Controller('marketplace-partners')
export class MarketplacePartnersController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'registerMarketplacePartner',
    summary: 'Registers a marketplace partner with this network; only then may it hold keys.',
  })
  @ApiCreatedResponse({ type: MarketplacePartnerResponse, headers: LOCATION })
  async register(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Body() { marketplacePartnerId: id, name }: RegisterMarketplacePartnerBody,
  ): Promise<Answer<MarketplacePartnerView>> {
    const input = { marketplacePartnerId: marketplacePartnerId(id), name };
    return this.changed(new RegisterMarketplacePartner(caller, context, input), {
      status: 201,
      location: `/v1/marketplace-partners/${String(id)}`,
    });
  }

  @Get()
  @ApiOperation({ operationId: 'listMarketplacePartners', summary: 'Marketplace partners by id.' })
  @ApiOkResponse({ type: MarketplacePartnersPage })
  async list(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Query() parameters: PageParameters,
  ): Promise<Answer<Page<MarketplacePartnerView>>> {
    const { value, position } = await this.queries.execute<
      ListMarketplacePartners,
      ReadResult<Page<MarketplacePartnerView>>
    >(new ListMarketplacePartners(caller, pageInput(parameters), readOptions(parameters, context)));
    return answer(value, position);
  }

  @Get(':marketplacePartnerId')
  @ApiOperation({ operationId: 'getMarketplacePartner', summary: 'A marketplace partner.' })
  @ApiOkResponse({ type: MarketplacePartnerResponse })
  async get(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: MarketplacePartnerPath,
    @Query() parameters: ReadParameters,
  ): Promise<Answer<MarketplacePartnerView>> {
    const { value, position } = await this.queries.execute<
      GetMarketplacePartner,
      ReadResult<MarketplacePartnerView>
    >(new GetMarketplacePartner(caller, idIn(path), readOptions(parameters, context)));
    return answer(value, position);
  }

  @Post(':marketplacePartnerId/connections')
  @ApiOperation({
    operationId: 'connectMarketplacePartner',
    summary: 'Lets the marketplace partner act for a partner: it may list its affiliate keys.',
  })
  @ApiCreatedResponse({ type: MarketplacePartnerResponse })
  async connect(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: MarketplacePartnerPath,
    @Body() body: ConnectionBody,
  ): Promise<Answer<MarketplacePartnerView>> {
    const input = { ...idIn(path), partnerId: partnerId(body.partnerId) };
    return this.changed(new ConnectMarketplacePartner(caller, context, input), { status: 201 });
  }

  @Post(':marketplacePartnerId/connections/remove')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'disconnectMarketplacePartner',
    summary: 'Ends at once what the marketplace partner may do for a partner.',
  })
  @ApiOkResponse({ type: MarketplacePartnerResponse })
  async disconnect(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: MarketplacePartnerPath,
    @Body() { partnerId: id, reason }: RemoveConnectionBody,
  ): Promise<Answer<MarketplacePartnerView>> {
    const input = { ...idIn(path), partnerId: partnerId(id), reason };
    return this.changed(new DisconnectMarketplacePartner(caller, context, input));
  }

  @Post(':marketplacePartnerId/users')
  @ApiOperation({
    operationId: 'linkMarketplaceUser',
    summary:
      'Lets an identity act for the marketplace partner, and for nobody else in the network.',
  })
  @ApiCreatedResponse({ type: MarketplacePartnerResponse })
  async linkUser(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: MarketplacePartnerPath,
    @Body() { issuer, subject }: PartnerUserBody,
  ): Promise<Answer<MarketplacePartnerView>> {
    const input = { ...idIn(path), user: { issuer, subject } };
    return this.changed(new LinkMarketplaceUser(caller, context, input), { status: 201 });
  }

  @Post(':marketplacePartnerId/users/unlink')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'unlinkMarketplaceUser',
    summary: 'Ends at once what an identity may do for the marketplace partner.',
  })
  @ApiOkResponse({ type: MarketplacePartnerResponse })
  async unlinkUser(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: MarketplacePartnerPath,
    @Body() { issuer, subject }: PartnerUserBody,
  ): Promise<Answer<MarketplacePartnerView>> {
    const input = { ...idIn(path), user: { issuer, subject } };
    return this.changed(new UnlinkMarketplaceUser(caller, context, input));
  }

  private async changed(
    command: object,
    options: { readonly status?: number; readonly location?: string } = {},
  ): Promise<Answer<MarketplacePartnerView>> {
    const { marketplacePartner, position } = await this.commands.execute<
      object,
      MarketplacePartnerAnswer
    >(command);
    return answer(marketplaceProfileViewOf(marketplacePartner), position, options);
  }
}

const idIn = ({ marketplacePartnerId: id }: MarketplacePartnerPath) => ({
  marketplacePartnerId: marketplacePartnerId(id),
});
