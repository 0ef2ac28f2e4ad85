import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Res,
  UseFilters,
} from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiConsumes,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Principal } from '#access';
import { Caller, OptionalCaller, Public } from '#access';
import { shareId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import type { Page } from '#projections';
import { ApiProblems, pageInput, readOptions, ReadParameters } from '#rest';
import type { EndedShare } from '../../commands/key-outcomes.value.js';
import { EndShare } from '../../commands/end-share/end-share.command.js';
import type { OpenedShare } from '../../commands/open-share/open-share.command.js';
import { OpenShare } from '../../commands/open-share/open-share.command.js';
import { GetShare } from '../../queries/shares/get-share.query.js';
import { ListShares } from '../../queries/shares/list-shares.query.js';
import type { ShareView } from '../../queries/shares/share.view.js';
import { openedSharePage } from '../share-page/share.page.js';
import {
  EndedShareResponse,
  OpenedShareResponse,
  SharePageResponse,
  ShareResponse,
} from './keys.responses.dto.js';
import { SharePath } from './paths.dto.js';
import type { HtmlReply } from './share-page.controller.js';
import { ShareRefusedFilter } from './share-refused.filter.js';
import { ListSharesParameters, OpenShareBody } from './shares.dto.js';
import { wantsHtml } from './wants-html.value.js';

@ApiTags('shares')
@Controller('shares')
export class SharesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @ApiBearerAuth()
  @ApiOperation({
    operationId: 'listShares',
    summary: 'Shares of keys, newest first: who was sent a link, and what became of it.',
  })
  @ApiOkResponse({ type: SharePageResponse })
  async list(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Query() parameters: ListSharesParameters,
  ): Promise<Answer<Page<ShareView>>> {
    const { keyId, partnerId, status } = parameters;
    const input = {
      ...pageInput(parameters),
      ...(keyId === undefined ? {} : { keyId }),
      ...(partnerId === undefined ? {} : { partnerId }),
      ...(status === undefined ? {} : { status }),
    };
    const { value, position } = await this.queries.execute(
      new ListShares(caller, input, readOptions(parameters, context)),
    );
    return answer(value, position);
  }

  @Get(':shareId')
  @ApiBearerAuth()
  @ApiOperation({ operationId: 'getShare', summary: 'One share.' })
  @ApiOkResponse({ type: ShareResponse })
  async get(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: SharePath,
    @Query() read: ReadParameters,
  ): Promise<Answer<ShareView>> {
    const { value, position } = await this.queries.execute(
      new GetShare(caller, { shareId: shareId(path.shareId) }, readOptions(read, context)),
    );
    return answer(value, position);
  }

  @Post(':shareId/end')
  @HttpCode(200)
  @ApiBearerAuth()
  @ApiOperation({
    operationId: 'endShare',
    summary: 'Withdraws a link that was not opened yet.',
  })
  @ApiOkResponse({ type: EndedShareResponse })
  async end(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: SharePath,
  ): Promise<Answer<EndedShare>> {
    const { value, position } = await this.commands.execute(
      new EndShare(caller, context, { shareId: shareId(path.shareId) }),
    );
    return answer(value, position);
  }

  @Post('open')
  @HttpCode(200)
  @Public()
  @UseFilters(ShareRefusedFilter)
  @ApiOperation({
    operationId: 'openShare',
    summary: 'Opens a share once, and answers the key with how to use it.',
    description:
      'With the passphrase of a share that is bound to one, or with the access token of a user of the partner. An unknown link and a guessed one are answered alike. `Accept: text/html` answers a page.',
    security: [{}, { bearer: [] }],
  })
  @ApiConsumes('application/json', 'application/x-www-form-urlencoded')
  @ApiProduces('application/json', 'text/html')
  @ApiOkResponse({ type: OpenedShareResponse })
  @ApiProblems(401, 403, 404, 410)
  async open(
    @OptionalCaller() caller: Principal | undefined,
    @Ctx() context: RequestContext,
    @Body() body: OpenShareBody,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: HtmlReply,
  ): Promise<Answer<OpenedShare | string>> {
    // The form sends an empty field when there is no passphrase.
    const { token, passphrase = '' } = body;
    const { value, position } = await this.commands.execute(
      new OpenShare(caller, context, { token, ...(passphrase === '' ? {} : { passphrase }) }),
    );
    reply.header('Cache-Control', 'no-store');
    if (!wantsHtml(accept)) return answer(value, position);
    const { html, headers } = openedSharePage(value);
    for (const [name, text] of Object.entries(headers)) reply.header(name, text);
    return answer(html, position);
  }
}
