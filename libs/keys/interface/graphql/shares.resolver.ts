import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { Connection, ReadAt } from '#graphql';
import { connection, given, readAt, readPlace } from '#graphql';
import { keyId, shareId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import { EndShare } from '../../commands/end-share/end-share.command.js';
import type { CreatedShare, EndedShare } from '../../commands/key-outcomes.value.js';
import type { OpenedShare } from '../../commands/open-share/open-share.command.js';
import { OpenShare } from '../../commands/open-share/open-share.command.js';
import { ShareKey } from '../../commands/share-key/share-key.command.js';
import { GetShare } from '../../queries/shares/get-share.query.js';
import { ListShares } from '../../queries/shares/list-shares.query.js';
import type { ShareView } from '../../queries/shares/share.view.js';
import {
  CreatedShareObject,
  EndedShareObject,
  EndShareInput,
  OpenedShareObject,
  OpenShareInput,
  ShareApiKeyInput,
  ShareArgs,
  ShareConnection,
  ShareObject,
  SharesArgs,
} from './shares.types.js';

@Resolver(() => ShareObject)
export class SharesResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Query(() => ShareConnection, { description: 'Shares, newest first.' })
  async shares(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: SharesArgs,
  ): Promise<Answer<Connection<ShareView & ReadAt>>> {
    const { first, after, keyId: key, partnerId, status } = args;
    const { partnerId: partner } = given({ partnerId });
    const input = {
      first,
      ...given({ after, keyId: key, status }),
      ...(partner === undefined ? {} : { partnerId: Number(partner) }),
    };
    const place = readPlace(args, context);
    const page = await this.queries.execute(new ListShares(caller, input, place));
    return answer(connection(page, place), page.position);
  }

  @Query(() => ShareObject, { description: 'One share.' })
  async share(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: ShareArgs,
  ): Promise<Answer<ShareView & ReadAt>> {
    const place = readPlace(args, context);
    const { value, position } = await this.queries.execute(
      new GetShare(caller, { shareId: shareId(args.shareId) }, place),
    );
    return answer({ ...value, ...readAt(position, place) }, position);
  }

  @Mutation(() => CreatedShareObject, {
    description:
      'Makes a one-time link to an active, recoverable key; ends its earlier open links. Sharing again is a new link to the same key.',
  })
  async shareApiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: ShareApiKeyInput,
  ): Promise<Answer<CreatedShare & ReadAt>> {
    const { keyId: id, recipient, channel, reason, bound, ttlSeconds } = input;
    const { value, position } = await this.commands.execute(
      new ShareKey(caller, context, {
        keyId: keyId(id),
        recipient: { type: recipient.type, reference: recipient.reference ?? '' },
        channel,
        reason,
        bound,
        ...given({ ttlSeconds }),
      }),
    );
    return answer({ ...value, ...readAt(position) }, position);
  }

  @Mutation(() => EndedShareObject, { description: 'Withdraws a link that was not opened yet.' })
  async endShare(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: EndShareInput,
  ): Promise<Answer<EndedShare & ReadAt>> {
    const { value, position } = await this.commands.execute(
      new EndShare(caller, context, { shareId: shareId(input.shareId) }),
    );
    return answer({ ...value, ...readAt(position) }, position);
  }

  @Mutation(() => OpenedShareObject, {
    description:
      'Opens a share once, and answers the key with how to use it. GraphQL always needs an access token; who has none opens it at POST /v1/shares/open.',
  })
  async openShare(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') { token, passphrase }: OpenShareInput,
  ): Promise<Answer<OpenedShare & ReadAt>> {
    const { value, position } = await this.commands.execute(
      new OpenShare(caller, context, { token, ...given({ passphrase }) }),
    );
    return answer({ ...value, ...readAt(position) }, position);
  }
}
