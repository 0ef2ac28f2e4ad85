import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { Connection, ReadAt } from '#graphql';
import { absent, ConnectionArgs, readAt, readPlace } from '#graphql';
import type { NetworkId } from '#kernel';
import { networkId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { Ctx, answer } from '#messaging';
import type { Page, ReadResult } from '#projections';
import { CreateNetwork } from '../../commands/create-network/create-network.command.js';
import { IssueWebhookCredential } from '../../commands/issue-webhook-credential/issue-webhook-credential.command.js';
import type { WebhookCredentialAnswer } from '../../commands/issue-webhook-credential/issue-webhook-credential.handler.js';
import type { NetworkAnswer } from '../../commands/network-answer.js';
import { RevokeWebhookCredential } from '../../commands/revoke-webhook-credential/revoke-webhook-credential.command.js';
import { SetApiProfile } from '../../commands/set-api-profile/set-api-profile.command.js';
import { SetKeyPolicy } from '../../commands/set-key-policy/set-key-policy.command.js';
import { GetNetwork } from '../../queries/get-network/get-network.query.js';
import { ListNetworks, networkCursor } from '../../queries/list-networks/list-networks.query.js';
import type { NetworkView } from '../../queries/network.view.js';
import { settingsViewOf } from '../../queries/network.view.js';
import {
  CreateNetworkInput,
  IssuedWebhookCredentialType,
  NetworkArgs,
  NetworkConnection,
  IssueWebhookCredentialArgs,
  NetworkType,
  RevokeWebhookCredentialArgs,
  SetApiProfileArgs,
  SetKeyPolicyArgs,
} from './networks.types.js';

@Resolver(() => NetworkType)
export class NetworksResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Query(() => NetworkType, { description: 'A network with its settings.' })
  async network(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: NetworkArgs,
  ): Promise<Answer<NetworkView & ReadAt>> {
    const input = { networkId: idOf(args.networkId) };
    const { value, position } = await this.queries.execute<GetNetwork, ReadResult<NetworkView>>(
      new GetNetwork(caller, input, readPlace(args, context)),
    );
    return answer({ ...value, ...readAt(position) }, position);
  }

  @Query(() => NetworkConnection, { description: 'The networks that the caller may see.' })
  async networks(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: ConnectionArgs,
  ): Promise<Answer<Connection<NetworkView & ReadAt>>> {
    const { first, after } = args;
    const { value, position } = await this.queries.execute<
      ListNetworks,
      ReadResult<Page<NetworkView>>
    >(
      new ListNetworks(
        caller,
        { first, ...(!absent(after) && { after }) },
        readPlace(args, context),
      ),
    );
    const edges = value.items.map((node) => ({
      node: { ...node, ...readAt(position) },
      cursor: networkCursor(caller, node),
    }));
    return answer({ edges, pageInfo: value.page, position }, position);
  }

  @Mutation(() => NetworkType, { description: 'Creates a network (operators).' })
  createNetwork(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: CreateNetworkInput,
  ): Promise<Answer<NetworkView & ReadAt>> {
    const { name, region } = input;
    return this.changed(
      new CreateNetwork(caller, context, { networkId: idOf(input.networkId), name, region }),
    );
  }

  @Mutation(() => NetworkType, { description: 'Replaces the rules for keys and shares.' })
  setKeyPolicy(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: SetKeyPolicyArgs,
  ): Promise<Answer<NetworkView & ReadAt>> {
    const input = { networkId: idOf(args.networkId), policy: args.policy };
    return this.changed(new SetKeyPolicy(caller, context, input));
  }

  @Mutation(() => NetworkType, {
    description: 'Replaces what partners are told about the API that their keys open.',
  })
  setApiProfile(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: SetApiProfileArgs,
  ): Promise<Answer<NetworkView & ReadAt>> {
    const input = { networkId: idOf(args.networkId), profile: args.profile };
    return this.changed(new SetApiProfile(caller, context, input));
  }

  @Mutation(() => IssuedWebhookCredentialType, {
    description: 'Issues a credential for the vendor’s webhooks; its secret is shown once.',
  })
  async issueWebhookCredential(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: IssueWebhookCredentialArgs,
  ): Promise<Answer<object>> {
    const input = { networkId: idOf(args.networkId), label: args.label };
    const { settings, position, credentialId, credential, secretWithheld } =
      await this.commands.execute<IssueWebhookCredential, WebhookCredentialAnswer>(
        new IssueWebhookCredential(caller, context, input),
      );
    const issued = settings.webhookCredentials.find((c) => c.credentialId === credentialId);
    return answer(
      {
        credentialId,
        label: issued?.label ?? '',
        active: true,
        credential,
        secretWithheld,
        position,
      },
      position,
    );
  }

  @Mutation(() => NetworkType, { description: 'Ends a webhook credential at once and for good.' })
  revokeWebhookCredential(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: RevokeWebhookCredentialArgs,
  ): Promise<Answer<NetworkView & ReadAt>> {
    const input = { networkId: idOf(args.networkId), credentialId: args.credentialId };
    return this.changed(new RevokeWebhookCredential(caller, context, input));
  }

  private async changed(command: object): Promise<Answer<NetworkView & ReadAt>> {
    const { settings, position } = await this.commands.execute<object, NetworkAnswer>(command);
    return answer({ ...settingsViewOf(settings), ...readAt(position) }, position);
  }
}

const idOf = (text: string): NetworkId => networkId(Number(text));
