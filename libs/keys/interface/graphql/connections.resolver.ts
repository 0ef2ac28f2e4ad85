import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { Connection, ReadAt } from '#graphql';
import { connection, ConnectionArgs, given, readAt, readPlace } from '#graphql';
import { marketplacePartnerId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import type { Page } from '#projections';
import type { RevealedConnectionKey } from '../../commands/reveal-connection-keys/reveal-connection-keys.command.js';
import { RevealConnectionKeys } from '../../commands/reveal-connection-keys/reveal-connection-keys.command.js';
import type { ConnectionKey } from '../../queries/connection-keys/connection-key.view.js';
import { ListConnectionKeys } from '../../queries/connection-keys/list-connection-keys.query.js';
import {
  ConnectionKeyConnection,
  ConnectionKeyObject,
  ConnectionKeysArgs,
  RevealedConnectionKeyPageObject,
  RevealMyConnectionKeysArgs,
} from './connections.types.js';

interface RevealedPage extends ReadAt {
  readonly items: readonly RevealedConnectionKey[];
  readonly pageInfo: Page<unknown>['page'];
}

@Resolver(() => ConnectionKeyObject)
export class ConnectionsResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Query(() => ConnectionKeyConnection, {
    description:
      'Active affiliate keys of a marketplace partner’s connections, masked, newest first.',
  })
  connectionKeys(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: ConnectionKeysArgs,
  ): Promise<Answer<Connection<ConnectionKey & ReadAt>>> {
    const id = marketplacePartnerId(Number(args.marketplacePartnerId));
    return this.page(caller, context, args, { marketplacePartnerId: id });
  }

  @Query(() => ConnectionKeyConnection, {
    description: 'For users of a marketplace partner: the same of their own, masked.',
  })
  myConnectionKeys(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: ConnectionArgs,
  ): Promise<Answer<Connection<ConnectionKey & ReadAt>>> {
    return this.page(caller, context, args, {});
  }

  @Mutation(() => RevealedConnectionKeyPageObject, {
    description:
      'For users of a marketplace partner: the same with the secrets, where the key policy says so (marketplaceSecretsListed). Each is recorded as KeyRevealed before it is shown.',
  })
  async revealMyConnectionKeys(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() { first, after }: RevealMyConnectionKeysArgs,
  ): Promise<Answer<RevealedPage>> {
    const { value, position } = await this.commands.execute(
      new RevealConnectionKeys(caller, context, { first, ...given({ after }) }),
    );
    return answer({ items: value.items, pageInfo: value.page, ...readAt(position) }, position);
  }

  private async page(
    caller: Principal,
    context: RequestContext,
    args: ConnectionArgs,
    of: Pick<ListConnectionKeys['input'], 'marketplacePartnerId'>,
  ): Promise<Answer<Connection<ConnectionKey & ReadAt>>> {
    const { first, after } = args;
    const place = readPlace(args, context);
    const page = await this.queries.execute(
      new ListConnectionKeys(caller, { ...of, first, ...given({ after }) }, place),
    );
    return answer(connection(page, place), page.position);
  }
}
