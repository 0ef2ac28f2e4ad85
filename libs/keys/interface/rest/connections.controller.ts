import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#access';
import { Caller } from '#access';
import { marketplacePartnerId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import type { Page } from '#projections';
import { ApiProblems, pageInput, PageParameters, readOptions } from '#rest';
import type { RevealedConnectionKey } from '../../commands/reveal-connection-keys/reveal-connection-keys.command.js';
import { RevealConnectionKeys } from '../../commands/reveal-connection-keys/reveal-connection-keys.command.js';
import type { ConnectionKey } from '../../queries/connection-keys/connection-key.view.js';
import { ListConnectionKeys } from '../../queries/connection-keys/list-connection-keys.query.js';
import {
  ConnectionKeyPageResponse,
  MarketplaceHolderPath,
  RevealConnectionKeysBody,
  RevealedConnectionKeyPageResponse,
} from './connections.dto.js';
import type { HtmlReply } from './share-page.controller.js';

@ApiTags('marketplace partners')
@ApiBearerAuth()
@Controller()
export class ConnectionsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get('marketplace-partners/:marketplacePartnerId/api-keys')
  @ApiOperation({
    operationId: 'listConnectionKeys',
    summary: 'Active affiliate keys of a marketplace partner’s connections, masked, newest first.',
  })
  @ApiOkResponse({ type: ConnectionKeyPageResponse })
  async list(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: MarketplaceHolderPath,
    @Query() parameters: PageParameters,
  ): Promise<Answer<Page<ConnectionKey>>> {
    const id = marketplacePartnerId(path.marketplacePartnerId);
    return this.page(caller, context, parameters, { marketplacePartnerId: id });
  }

  @Get('me/connections/api-keys')
  @ApiOperation({
    operationId: 'listMyConnectionKeys',
    summary: 'For users of a marketplace partner: the same of their own, masked.',
  })
  @ApiOkResponse({ type: ConnectionKeyPageResponse })
  async listOwn(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Query() parameters: PageParameters,
  ): Promise<Answer<Page<ConnectionKey>>> {
    return this.page(caller, context, parameters, {});
  }

  @Post('me/connections/api-keys/reveal')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'revealMyConnectionKeys',
    summary: 'The same with the secrets, where the network’s key policy says so.',
    description:
      'Off by default (`marketplaceSecretsListed`). Pages by connection; each secret is recorded as `KeyRevealed` before it is shown.',
  })
  @ApiOkResponse({ type: RevealedConnectionKeyPageResponse })
  @ApiProblems(404)
  async reveal(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Body() { first, after }: RevealConnectionKeysBody,
    @Res({ passthrough: true }) reply: HtmlReply,
  ): Promise<Answer<Page<RevealedConnectionKey>>> {
    reply.header('Cache-Control', 'no-store');
    const { value, position } = await this.commands.execute(
      new RevealConnectionKeys(caller, context, {
        ...(first === undefined ? {} : { first }),
        ...(after === undefined ? {} : { after }),
      }),
    );
    return answer(value, position);
  }

  private async page(
    caller: Principal,
    context: RequestContext,
    parameters: PageParameters,
    of: Pick<ListConnectionKeys['input'], 'marketplacePartnerId'>,
  ): Promise<Answer<Page<ConnectionKey>>> {
    const input = { ...of, ...pageInput(parameters) };
    const { value, position } = await this.queries.execute(
      new ListConnectionKeys(caller, input, readOptions(parameters, context)),
    );
    return answer(value, position);
  }
}
