import { applyDecorators, Body, Controller, Get, HttpCode, Post, Query, Req } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import {
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import type { Principal } from '#access';
import { Caller, Public } from '#access';
import { DomainError } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { Ctx, answer } from '#messaging';
import type { Page, ReadResult } from '#projections';
import { ApiProblems, pageInput, readOptions } from '#rest';
import type { WebhookAnswer } from '../../commands/take-webhook/take-webhook.command.js';
import { TakePartnerWebhook } from '../../commands/take-webhook/take-webhook.command.js';
import type { WebhookKind } from '../../domain/vendor-record.value.js';
import type { DeadLetterView } from '../../queries/list-dead-letters/list-dead-letters.query.js';
import { ListDeadLetters } from '../../queries/list-dead-letters/list-dead-letters.query.js';
import { credentialIn, WEBHOOK_BODY_BYTES_MAX, webhookBodyOf } from '../partner-webhooks.js';
import { DeadLettersPage, ListDeadLettersParameters, WebhookResponse } from './partners.dto.js';

import { PARTNER_WEBHOOK, SIGN_UP_VERDICT_WEBHOOK } from './webhook-bodies.dto.js';

/** Beside its shape, which the handler looks at: what is wrong with it becomes a dead letter. */
const TakesWebhook = (
  schema: typeof PARTNER_WEBHOOK | typeof SIGN_UP_VERDICT_WEBHOOK,
): MethodDecorator =>
  applyDecorators(
    ApiSecurity('webhookCredential'),
    ApiSecurity('webhookBearer'),
    ApiBody({ schema }),
    ApiOkResponse({ type: WebhookResponse }),
    ApiProblems(401, 409, 413),
  );

/** What of an HTTP request tells the sender. */
interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

@ApiTags('webhooks')
@Controller('webhooks')
export class WebhooksController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Public()
  @Post('partners/created')
  @HttpCode(200)
  @ApiOperation({ operationId: 'takePartnerCreated', summary: "The vendor's Partner Created." })
  @TakesWebhook(PARTNER_WEBHOOK)
  created(
    @Ctx() context: RequestContext,
    @Req() request: WebhookRequest,
    @Body() body: object,
  ): Promise<Answer<Omit<WebhookAnswer, 'position'>>> {
    return this.take('created', context, request, body);
  }

  @Public()
  @Post('partners/updated')
  @HttpCode(200)
  @ApiOperation({ operationId: 'takePartnerUpdated', summary: "The vendor's Partner Updated." })
  @TakesWebhook(PARTNER_WEBHOOK)
  updated(
    @Ctx() context: RequestContext,
    @Req() request: WebhookRequest,
    @Body() body: object,
  ): Promise<Answer<Omit<WebhookAnswer, 'position'>>> {
    return this.take('updated', context, request, body);
  }

  @Public()
  @Post('partners/signed-up')
  @HttpCode(200)
  @ApiOperation({ operationId: 'takePartnerSignedUp', summary: "The vendor's Partner Signed Up." })
  @TakesWebhook(PARTNER_WEBHOOK)
  signedUp(
    @Ctx() context: RequestContext,
    @Req() request: WebhookRequest,
    @Body() body: object,
  ): Promise<Answer<Omit<WebhookAnswer, 'position'>>> {
    return this.take('signed-up', context, request, body);
  }

  @Public()
  @Post('partners/sign-up-verdict')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'takePartnerSignUpVerdict',
    summary: "The vendor's Partner Sign Up Verdict.",
  })
  @TakesWebhook(SIGN_UP_VERDICT_WEBHOOK)
  signUpVerdict(
    @Ctx() context: RequestContext,
    @Req() request: WebhookRequest,
    @Body() body: object,
  ): Promise<Answer<Omit<WebhookAnswer, 'position'>>> {
    return this.take('sign-up-verdict', context, request, body);
  }

  @Get('dead-letters')
  @ApiBearerAuth()
  @ApiOperation({
    operationId: 'listDeadLetters',
    summary: 'Webhooks that were refused, the newest first, without what they said.',
  })
  @ApiOkResponse({ type: DeadLettersPage })
  async deadLetters(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Query() parameters: ListDeadLettersParameters,
  ): Promise<Answer<Page<DeadLetterView>>> {
    const { value, position } = await this.queries.execute<
      ListDeadLetters,
      ReadResult<Page<DeadLetterView>>
    >(new ListDeadLetters(caller, pageInput(parameters), readOptions(parameters, context)));
    return answer(value, position);
  }

  private async take(
    kind: WebhookKind,
    context: RequestContext,
    request: WebhookRequest,
    body: object,
  ): Promise<Answer<Omit<WebhookAnswer, 'position'>>> {
    const received = webhookBodyOf(request);
    const content = received?.content ?? { json: body };
    const bytes = received?.bytes ?? Buffer.byteLength(JSON.stringify(body));
    if (bytes > WEBHOOK_BODY_BYTES_MAX)
      throw new DomainError('partners/webhook-too-large', { bytesMax: WEBHOOK_BODY_BYTES_MAX });
    const { partnerId, outcome, position } = await this.commands.execute<
      TakePartnerWebhook,
      WebhookAnswer
    >(
      new TakePartnerWebhook(context, {
        credential: credentialIn(request.headers),
        kind,
        content,
        bytes,
      }),
    );
    return answer({ partnerId, outcome }, position);
  }
}
