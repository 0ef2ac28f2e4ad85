import { Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '#access';
import { Caller } from '#access';
import { keyId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import { readOptions, ReadParameters } from '#rest';
import type { RevealedKey } from '../../commands/key-outcomes.value.js';
import { RevealOwnKey } from '../../commands/reveal-own-key/reveal-own-key.command.js';
import { GetMe } from '../../queries/me/get-me.query.js';
import type { MeView } from '../../queries/me/me.view.js';
import { GetOwnApi } from '../../queries/own-api/get-own-api.query.js';
import type { OwnApi, OwnKey } from '../../queries/own-api/own-api.view.js';
import { MeResponse, OwnApiResponse, RevealedKeyResponse } from './keys.responses.dto.js';
import { KeyPath } from './paths.dto.js';
import type { HtmlReply } from './share-page.controller.js';

type OwnApiAnswer =
  | Extract<OwnApi, { available: false }>
  | (Omit<Extract<OwnApi, { available: true }>, 'keys'> & {
      readonly keys: readonly (Omit<OwnKey, 'revealable'> & { readonly reveal: string | null })[];
    });

@ApiTags('me')
@ApiBearerAuth()
@Controller('me')
export class MeController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'me', summary: 'Who the caller is to this ledger.' })
  @ApiOkResponse({ type: MeResponse })
  async me(
    @Caller() caller: Principal,
    @Ctx() { signal }: RequestContext,
  ): Promise<Answer<MeView>> {
    const { value, position } = await this.queries.execute(new GetMe(caller, { signal }));
    return answer(value, position);
  }

  @Get('api')
  @ApiOperation({
    operationId: 'myApi',
    summary: 'The partner’s own API access: keys (masked), base URL, header, documentation.',
    description:
      'For users of a partner. `{ "available": false }` before the first key is issued and when no key is left to use. Never behind what was acknowledged before the request arrived.',
  })
  @ApiOkResponse({ type: OwnApiResponse })
  async api(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Query() read: ReadParameters,
  ): Promise<Answer<OwnApiAnswer>> {
    const { value, position } = await this.queries.execute(
      new GetOwnApi(caller, readOptions(read, context)),
    );
    return answer(withLinks(value), position);
  }

  @Post('api/keys/:keyId/reveal')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'revealMyKey',
    summary: 'Shows one of the partner’s own keys; recorded as `KeyRevealed`.',
  })
  @ApiOkResponse({ type: RevealedKeyResponse })
  async reveal(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: KeyPath,
    @Res({ passthrough: true }) reply: HtmlReply,
  ): Promise<Answer<RevealedKey>> {
    reply.header('Cache-Control', 'no-store');
    const { value, position } = await this.commands.execute(
      new RevealOwnKey(caller, context, { keyId: keyId(path.keyId) }),
    );
    return answer(value, position);
  }
}

function withLinks(api: OwnApi): OwnApiAnswer {
  if (!api.available) return api;
  return {
    ...api,
    keys: api.keys.map(({ revealable, ...key }) => ({
      ...key,
      reveal: revealable ? `/v1/me/api/keys/${key.keyId}/reveal` : null,
    })),
  };
}
