import { Body, Controller, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
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
import { keyId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx, IfMatch } from '#messaging';
import type { Page } from '#projections';
import {
  ApiIfMatch,
  ApiProblems,
  ETAG,
  LOCATION,
  pageInput,
  readOptions,
  ReadParameters,
} from '#rest';
import { IssueKey } from '../../commands/issue-key/issue-key.command.js';
import type {
  ChangedKey,
  CreatedShare,
  IssuedKey,
  Outcome,
  ReissuedKey,
  RevealedKey,
} from '../../commands/key-outcomes.value.js';
import { ReinstateKey } from '../../commands/reinstate-key/reinstate-key.command.js';
import { ReissueKey } from '../../commands/reissue-key/reissue-key.command.js';
import { RelabelKey } from '../../commands/relabel-key/relabel-key.command.js';
import { RevealKey } from '../../commands/reveal-key/reveal-key.command.js';
import { RevokeKey } from '../../commands/revoke-key/revoke-key.command.js';
import { ShareKey } from '../../commands/share-key/share-key.command.js';
import { SuspendKey } from '../../commands/suspend-key/suspend-key.command.js';
import { GetKey } from '../../queries/keys/get-key.query.js';
import type { KeyDetail, KeyView } from '../../queries/keys/key.view.js';
import { ListKeys } from '../../queries/keys/list-keys.query.js';
import {
  IssueKeyBody,
  ListKeysParameters,
  KeyReasonBody,
  ReissueKeyBody,
  RelabelKeyBody,
  RevealKeyBody,
  RevokeKeyBody,
} from './keys.dto.js';
import {
  ChangedKeyResponse,
  CreatedShareResponse,
  IssuedKeyResponse,
  KeyDetailResponse,
  KeyPageResponse,
  ReissuedKeyResponse,
  RevealedKeyResponse,
} from './keys.responses.dto.js';
import { KeyPath } from './paths.dto.js';
import type { HtmlReply } from './share-page.controller.js';
import { ShareKeyBody } from './shares.dto.js';

@ApiTags('api-keys')
@ApiBearerAuth()
@Controller('api-keys')
export class ApiKeysController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @ApiOperation({
    operationId: 'issueKey',
    summary: 'Issues a key, and shows its secret.',
    description:
      'Affiliate keys need an eligible partner; a refusal carries the explained verdict. Secrets of affiliate, advertiser and marketplace keys stay recoverable, those of network keys are shown here only.',
  })
  @ApiCreatedResponse({
    type: IssuedKeyResponse,
    headers: { ...LOCATION, ...ETAG },
  })
  @ApiProblems(404)
  async issue(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Body() body: IssueKeyBody,
    @Res({ passthrough: true }) reply: HtmlReply,
  ): Promise<Answer<IssuedKey>> {
    unstored(reply);
    const { portal, holder, label, expiresAt, permissions, employeeId } = body;
    const outcome = await this.commands.execute(
      new IssueKey(caller, context, {
        portal,
        holder: { type: holder.type, id: holder.id },
        label,
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...(permissions === undefined ? {} : { permissions }),
        ...(employeeId === undefined ? {} : { employeeId }),
      }),
    );
    return created(outcome);
  }

  @Get()
  @ApiOperation({
    operationId: 'listKeys',
    summary: 'Keys, newest first, masked; revoked ones stay listable.',
  })
  @ApiOkResponse({ type: KeyPageResponse })
  async list(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Query() parameters: ListKeysParameters,
  ): Promise<Answer<Page<KeyView>>> {
    const { partnerId, holderType, holderId, portal, status, label } = parameters;
    const input = {
      ...pageInput(parameters),
      ...(partnerId === undefined ? {} : { partnerId }),
      ...(holderType === undefined ? {} : { holderType }),
      ...(holderId === undefined ? {} : { holderId }),
      ...(portal === undefined ? {} : { portal }),
      ...(status === undefined ? {} : { status }),
      ...(label === undefined ? {} : { label }),
    };
    const { value, position } = await this.queries.execute(
      new ListKeys(caller, input, readOptions(parameters, context)),
    );
    return answer(value, position);
  }

  @Get(':keyId')
  @ApiOperation({
    operationId: 'getKey',
    summary: 'One key, masked, with the verdict it was issued on.',
  })
  @ApiOkResponse({ type: KeyDetailResponse, headers: ETAG })
  async get(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: KeyPath,
    @Query() read: ReadParameters,
  ): Promise<Answer<KeyDetail>> {
    const { value, position } = await this.queries.execute(
      new GetKey(caller, { keyId: keyId(path.keyId) }, readOptions(read, context)),
    );
    return answer(value, position, { etag: String(value.version) });
  }

  @Post(':keyId/reveal')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'revealKey',
    summary: 'Shows the secret of an active, recoverable key; recorded as `KeyRevealed`.',
  })
  @ApiOkResponse({ type: RevealedKeyResponse })
  async reveal(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: KeyPath,
    @Body() { purpose, note }: RevealKeyBody,
    @Res({ passthrough: true }) reply: HtmlReply,
  ): Promise<Answer<RevealedKey>> {
    unstored(reply);
    const input = { keyId: keyId(path.keyId), purpose, ...(note === undefined ? {} : { note }) };
    const { value, position } = await this.commands.execute(new RevealKey(caller, context, input));
    return answer(value, position);
  }

  @Post(':keyId/revoke')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'revokeKey',
    summary: 'Revokes a key for ever, and ends its open shares.',
  })
  @ApiIfMatch()
  @ApiOkResponse({ type: ChangedKeyResponse, headers: ETAG })
  async revoke(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: KeyPath,
    @Body() { reason, note }: RevokeKeyBody,
    @IfMatch() tag: string | undefined,
  ): Promise<Answer<ChangedKey>> {
    const input = {
      keyId: keyId(path.keyId),
      reason,
      ...(note === undefined ? {} : { note }),
      ...seen(tag),
    };
    return changed(await this.commands.execute(new RevokeKey(caller, context, input)));
  }

  @Post(':keyId/reissue')
  @ApiOperation({
    operationId: 'reissueKey',
    summary: 'Revokes a key and issues its replacement, in one step.',
  })
  @ApiIfMatch()
  @ApiCreatedResponse({
    type: ReissuedKeyResponse,
    headers: { ...LOCATION, ...ETAG },
  })
  async reissue(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: KeyPath,
    @Body() { reason, note, label, expiresAt }: ReissueKeyBody,
    @IfMatch() tag: string | undefined,
    @Res({ passthrough: true }) reply: HtmlReply,
  ): Promise<Answer<ReissuedKey>> {
    unstored(reply);
    const input = {
      keyId: keyId(path.keyId),
      reason,
      ...(note === undefined ? {} : { note }),
      ...(label === undefined ? {} : { label }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...seen(tag),
    };
    return created(await this.commands.execute(new ReissueKey(caller, context, input)));
  }

  @Post(':keyId/suspend')
  @HttpCode(200)
  @ApiOperation({ operationId: 'suspendKey', summary: 'Suspends a key, and ends its open shares.' })
  @ApiIfMatch()
  @ApiOkResponse({ type: ChangedKeyResponse, headers: ETAG })
  async suspend(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: KeyPath,
    @Body() { reason }: KeyReasonBody,
    @IfMatch() tag: string | undefined,
  ): Promise<Answer<ChangedKey>> {
    const input = { keyId: keyId(path.keyId), reason, ...seen(tag) };
    return changed(await this.commands.execute(new SuspendKey(caller, context, input)));
  }

  @Post(':keyId/reinstate')
  @HttpCode(200)
  @ApiOperation({ operationId: 'reinstateKey', summary: 'Lifts the suspension of a key.' })
  @ApiIfMatch()
  @ApiOkResponse({ type: ChangedKeyResponse, headers: ETAG })
  async reinstate(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: KeyPath,
    @Body() { reason }: KeyReasonBody,
    @IfMatch() tag: string | undefined,
  ): Promise<Answer<ChangedKey>> {
    const input = { keyId: keyId(path.keyId), reason, ...seen(tag) };
    return changed(await this.commands.execute(new ReinstateKey(caller, context, input)));
  }

  @Post(':keyId/relabel')
  @HttpCode(200)
  @ApiOperation({ operationId: 'relabelKey', summary: 'Gives a key another label.' })
  @ApiIfMatch()
  @ApiOkResponse({ type: ChangedKeyResponse, headers: ETAG })
  async relabel(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: KeyPath,
    @Body() { label }: RelabelKeyBody,
    @IfMatch() tag: string | undefined,
  ): Promise<Answer<ChangedKey>> {
    const input = { keyId: keyId(path.keyId), label, ...seen(tag) };
    return changed(await this.commands.execute(new RelabelKey(caller, context, input)));
  }

  @Post(':keyId/shares')
  @ApiOperation({
    operationId: 'shareKey',
    summary: 'Makes a one-time link to an active, recoverable key; ends its earlier open links.',
    description:
      'Link, token and passphrase are shown here only. Send the passphrase on another way than the link.',
  })
  @ApiCreatedResponse({
    type: CreatedShareResponse,
    headers: LOCATION,
  })
  async share(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: KeyPath,
    @Body() body: ShareKeyBody,
    @Res({ passthrough: true }) reply: HtmlReply,
  ): Promise<Answer<CreatedShare>> {
    unstored(reply);
    const { recipient, channel, reason, bound, ttlSeconds } = body;
    const { value, position } = await this.commands.execute(
      new ShareKey(caller, context, {
        keyId: keyId(path.keyId),
        recipient: { type: recipient.type, reference: recipient.reference ?? '' },
        channel,
        reason,
        bound,
        ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      }),
    );
    return answer(value, position, { status: 201, location: `/v1/shares/${value.shareId}` });
  }
}

/** No version has a number below zero: a tag that is none of ours matches nothing. */
const NO_VERSION = -1;

function seen(tag: string | undefined): { readonly ifMatch?: number } {
  if (tag === undefined) return {};
  return { ifMatch: /^\d{1,9}$/.test(tag) ? Number(tag) : NO_VERSION };
}

/** For answers that hold a secret, whether they succeed or not. */
const unstored = (reply: HtmlReply): unknown => reply.header('Cache-Control', 'no-store');

const changed = ({ value, position }: Outcome<ChangedKey>): Answer<ChangedKey> =>
  answer(value, position, { etag: String(value.version) });

const created = <T extends ChangedKey>({ value, position }: Outcome<T>): Answer<T> =>
  answer(value, position, {
    status: 201,
    etag: String(value.version),
    location: `/v1/api-keys/${value.keyId}`,
  });
