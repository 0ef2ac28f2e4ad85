import { Body, Controller, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
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
import { networkId } from '#kernel';
import type { Answer, RequestContext, SecretWithheld } from '#messaging';
import { Ctx, answer } from '#messaging';
import type { Page, ReadResult } from '#projections';
import { LOCATION, pageInput, PageParameters, readOptions, ReadParameters } from '#rest';
import { CreateNetwork } from '../../commands/create-network/create-network.command.js';
import { IssueWebhookCredential } from '../../commands/issue-webhook-credential/issue-webhook-credential.command.js';
import type { WebhookCredentialAnswer } from '../../commands/issue-webhook-credential/issue-webhook-credential.handler.js';
import type { NetworkAnswer } from '../../commands/network-answer.js';
import { RevokeWebhookCredential } from '../../commands/revoke-webhook-credential/revoke-webhook-credential.command.js';
import { SetApiProfile } from '../../commands/set-api-profile/set-api-profile.command.js';
import { SetKeyPolicy } from '../../commands/set-key-policy/set-key-policy.command.js';
import { GetNetwork } from '../../queries/get-network/get-network.query.js';
import { ListNetworks } from '../../queries/list-networks/list-networks.query.js';
import type { NetworkView } from '../../queries/network.view.js';
import { settingsViewOf } from '../../queries/network.view.js';
import {
  ApiProfileBody,
  CreateNetworkBody,
  IssueWebhookCredentialBody,
  IssuedWebhookCredentialResponse,
  KeyPolicyBody,
  NetworkPath,
  NetworkResponse,
  NetworksPage,
  WebhookCredentialPath,
} from './networks.dto.js';

/** The shape of `IssuedWebhookCredentialResponse`. */
interface IssuedWebhookCredential {
  readonly credentialId: string;
  readonly label: string;
  readonly active: boolean;
  readonly credential: string | null;
  readonly secretWithheld: SecretWithheld | null;
}

@ApiTags('networks')
@ApiBearerAuth()
@Controller('networks')
export class NetworksController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post()
  @ApiOperation({ operationId: 'createNetwork', summary: 'Creates a network (operators).' })
  @ApiCreatedResponse({ type: NetworkResponse, headers: LOCATION })
  async create(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Body() body: CreateNetworkBody,
  ): Promise<Answer<NetworkView>> {
    const input = { networkId: networkId(body.networkId), name: body.name, region: body.region };
    return this.changed(new CreateNetwork(caller, context, input), {
      status: 201,
      location: `/v1/networks/${String(body.networkId)}`,
    });
  }

  @Get()
  @ApiOperation({ operationId: 'listNetworks', summary: 'The networks that the caller may see.' })
  @ApiOkResponse({ type: NetworksPage })
  async list(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Query() parameters: PageParameters,
  ): Promise<Answer<Page<NetworkView>>> {
    const { value, position } = await this.queries.execute<
      ListNetworks,
      ReadResult<Page<NetworkView>>
    >(new ListNetworks(caller, pageInput(parameters), readOptions(parameters, context)));
    return answer(value, position);
  }

  @Get(':networkId')
  @ApiOperation({ operationId: 'getNetwork', summary: 'A network with its settings.' })
  @ApiOkResponse({ type: NetworkResponse })
  async get(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: NetworkPath,
    @Query() parameters: ReadParameters,
  ): Promise<Answer<NetworkView>> {
    const { value, position } = await this.queries.execute<GetNetwork, ReadResult<NetworkView>>(
      new GetNetwork(
        caller,
        { networkId: networkId(path.networkId) },
        readOptions(parameters, context),
      ),
    );
    return answer(value, position);
  }

  @Put(':networkId/key-policy')
  @ApiOperation({ operationId: 'setKeyPolicy', summary: 'Replaces the rules for keys and shares.' })
  @ApiOkResponse({ type: NetworkResponse })
  async setKeyPolicy(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: NetworkPath,
    @Body() policy: KeyPolicyBody,
  ): Promise<Answer<NetworkView>> {
    const input = { networkId: networkId(path.networkId), policy };
    return this.changed(new SetKeyPolicy(caller, context, input));
  }

  @Put(':networkId/api-profile')
  @ApiOperation({
    operationId: 'setApiProfile',
    summary: 'Replaces what partners are told about the API that their keys open.',
  })
  @ApiOkResponse({ type: NetworkResponse })
  async setApiProfile(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: NetworkPath,
    @Body() profile: ApiProfileBody,
  ): Promise<Answer<NetworkView>> {
    const input = { networkId: networkId(path.networkId), profile };
    return this.changed(new SetApiProfile(caller, context, input));
  }

  @Post(':networkId/webhook-credentials')
  @ApiOperation({
    operationId: 'issueWebhookCredential',
    summary: 'Issues a credential for the vendor’s webhooks; its secret is shown once.',
  })
  @ApiCreatedResponse({ type: IssuedWebhookCredentialResponse })
  async issueWebhookCredential(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: NetworkPath,
    @Body() body: IssueWebhookCredentialBody,
  ): Promise<Answer<IssuedWebhookCredential>> {
    const input = { networkId: networkId(path.networkId), label: body.label };
    const { settings, position, credentialId, credential, secretWithheld } =
      await this.commands.execute<IssueWebhookCredential, WebhookCredentialAnswer>(
        new IssueWebhookCredential(caller, context, input),
      );
    const label = settings.webhookCredentials.find((c) => c.credentialId === credentialId)?.label;
    return answer(
      { credentialId, label: label ?? '', active: true, credential, secretWithheld },
      position,
      {
        status: 201,
      },
    );
  }

  @Post(':networkId/webhook-credentials/:credentialId/revoke')
  @HttpCode(200)
  @ApiOperation({
    operationId: 'revokeWebhookCredential',
    summary: 'Ends a webhook credential at once and for good.',
  })
  @ApiOkResponse({ type: NetworkResponse })
  async revokeWebhookCredential(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Param() path: WebhookCredentialPath,
  ): Promise<Answer<NetworkView>> {
    const input = { networkId: networkId(path.networkId), credentialId: path.credentialId };
    return this.changed(new RevokeWebhookCredential(caller, context, input));
  }

  private async changed(
    command: object,
    options: { readonly status?: number; readonly location?: string } = {},
  ): Promise<Answer<NetworkView>> {
    const { settings, position } = await this.commands.execute<object, NetworkAnswer>(command);
    return answer(settingsViewOf(settings), position, options);
  }
}
