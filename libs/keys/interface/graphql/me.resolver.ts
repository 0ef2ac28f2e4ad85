import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { ReadAt } from '#graphql';
import { readAt, ReadArgs, readPlace } from '#graphql';
import { keyId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import type { RevealedKey } from '../../commands/key-outcomes.value.js';
import { RevealOwnKey } from '../../commands/reveal-own-key/reveal-own-key.command.js';
import type { ApiAccess } from '../../queries/api-access/api-access.value.js';
import { GetMe } from '../../queries/me/get-me.query.js';
import type { MeView } from '../../queries/me/me.view.js';
import { GetOwnApi } from '../../queries/own-api/get-own-api.query.js';
import type { OwnApi, OwnKey } from '../../queries/own-api/own-api.view.js';
import { ApiKeyIdInput, RevealedApiKeyObject } from './keys.types.js';
import { MeObject, MyApiObject } from './me.types.js';

interface MyApi {
  readonly available: boolean;
  readonly keys: readonly OwnKey[] | null;
  readonly access: ApiAccess | null;
}

@Resolver(() => MeObject)
export class MeResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Query(() => MeObject, { description: 'Who the caller is to this ledger.' })
  async me(
    @Caller() caller: Principal,
    @Ctx() { signal }: RequestContext,
  ): Promise<Answer<MeView & ReadAt>> {
    const { value, position } = await this.queries.execute(new GetMe(caller, { signal }));
    return answer({ ...value, ...readAt(position) }, position);
  }

  @Query(() => MyApiObject, {
    description:
      'The partner’s own API access, for users of a partner. Never behind what was acknowledged before the request arrived.',
  })
  async myApi(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: ReadArgs,
  ): Promise<Answer<MyApi & ReadAt>> {
    const place = readPlace(args, context);
    const { value, position } = await this.queries.execute(new GetOwnApi(caller, place));
    return answer({ ...myApiOf(value), ...readAt(position, place) }, position);
  }

  @Mutation(() => RevealedApiKeyObject, {
    description: 'Shows one of the partner’s own keys; recorded as KeyRevealed.',
  })
  async revealMyApiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: ApiKeyIdInput,
  ): Promise<Answer<RevealedKey & ReadAt>> {
    const { value, position } = await this.commands.execute(
      new RevealOwnKey(caller, context, { keyId: keyId(input.keyId) }),
    );
    return answer({ ...value, ...readAt(position) }, position);
  }
}

function myApiOf(api: OwnApi): MyApi {
  if (!api.available) return { available: false, keys: null, access: null };
  const { keys, baseUrl, headerName, exampleRequest, documentation } = api;
  return {
    available: true,
    keys,
    access: { baseUrl, headerName, exampleRequest, documentation },
  };
}
