import { QueryBus } from '@nestjs/cqrs';
import {
  Args,
  ArgsType,
  Context,
  Field,
  Int,
  Parent,
  ResolveField,
  Resolver,
} from '@nestjs/graphql';
import { IsInt, Max, Min } from 'class-validator';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { Connection, ReadAt } from '#graphql';
import {
  connection,
  CONNECTION_FIRST_MAX,
  nestedPlace,
  placeName,
  readAt,
  RequestLoaders,
} from '#graphql';
import { keyId, partnerId } from '#kernel';
import type { RequestContext } from '#messaging';
import { Ctx } from '#messaging';
import type { PartnerView } from '#partners';
import { GetPartners, PartnerType, VerdictType } from '#partners';
import type { ReadResult } from '#projections';
import type { EligibilityVerdict } from '../../domain/verdict.value.js';
import { GetKeys } from '../../queries/keys/get-keys.query.js';
import type { KeyDetail, KeyView } from '../../queries/keys/key.view.js';
import { ListKeysOfPartners } from '../../queries/keys/list-keys-of-partners.query.js';
import type { ShareView } from '../../queries/shares/share.view.js';
import { ApiKeyConnection, ApiKeyObject } from './keys.types.js';
import { ShareObject } from './shares.types.js';

/** Of each element of another list: the default is small. */
const NESTED_FIRST_DEFAULT = 10;

@ArgsType()
class NestedConnectionArgs {
  @Field(() => Int, { defaultValue: NESTED_FIRST_DEFAULT })
  @IsInt()
  @Min(1)
  @Max(CONNECTION_FIRST_MAX)
  first: number = NESTED_FIRST_DEFAULT;
}

/** Keys by id, of the moment of what names them. */
const keysAt = (
  queries: QueryBus,
  loaders: RequestLoaders,
  caller: Principal,
  { signal }: RequestContext,
  at: ReadAt,
) =>
  loaders.of<string, (KeyDetail & ReadAt) | null>(`keys ${placeName(at)}`, async (ids) => {
    const { value, position } = await queries.execute(
      new GetKeys(caller, { keyIds: ids.map(keyId) }, { ...nestedPlace(at), signal }),
    );
    const found = new Map(
      value.map((key) => [
        key.keyId,
        { ...key, ...readAt(position, at.readAsOf ? { asOf: at.readAsOf } : {}) },
      ]),
    );
    return ids.map((id) => found.get(id) ?? null);
  });

@Resolver(() => ApiKeyObject)
export class ApiKeyFieldsResolver {
  constructor(private readonly queries: QueryBus) {}

  @ResolveField(() => PartnerType, {
    nullable: true,
    description: 'null: the holder is no partner, or one that the caller may not see.',
  })
  partner(
    @Parent() key: KeyView & ReadAt,
    @Caller() caller: Principal,
    @Ctx() { signal }: RequestContext,
    @Context('loaders') loaders: RequestLoaders,
  ): Promise<(PartnerView & ReadAt) | null> | null {
    if (key.partnerId === null) return null;
    const asOf = key.readAsOf ? { asOf: key.readAsOf } : {};
    const loader = loaders.of<number, (PartnerView & ReadAt) | null>(
      `partners ${placeName(key)}`,
      async (ids) => {
        const { value, position } = await this.queries.execute<
          GetPartners,
          ReadResult<readonly PartnerView[]>
        >(
          new GetPartners(
            caller,
            { partnerIds: ids.map(partnerId) },
            { ...nestedPlace(key), signal },
          ),
        );
        const found = new Map(
          value.map((partner) => [partner.partnerId, { ...partner, ...readAt(position, asOf) }]),
        );
        return ids.map((id) => found.get(id) ?? null);
      },
    );
    return loader.load(key.partnerId);
  }

  @ResolveField(() => VerdictType, {
    nullable: true,
    description: 'The explained eligibility verdict that the key was issued on.',
  })
  async verdict(
    @Parent() key: (KeyDetail | KeyView) & ReadAt,
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Context('loaders') loaders: RequestLoaders,
  ): Promise<(EligibilityVerdict & { readonly partnerId: number }) | null> {
    const detail =
      'verdict' in key
        ? key
        : await keysAt(this.queries, loaders, caller, context, key).load(key.keyId);
    return detail?.verdict && key.partnerId !== null
      ? { ...detail.verdict, partnerId: key.partnerId }
      : null;
  }
}

@Resolver(() => ShareObject)
export class ShareFieldsResolver {
  constructor(private readonly queries: QueryBus) {}

  @ResolveField(() => ApiKeyObject, { nullable: true })
  apiKey(
    @Parent() share: ShareView & ReadAt,
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Context('loaders') loaders: RequestLoaders,
  ): Promise<(KeyDetail & ReadAt) | null> {
    return keysAt(this.queries, loaders, caller, context, share).load(share.keyId);
  }
}

@Resolver(() => PartnerType)
export class PartnerKeysResolver {
  constructor(private readonly queries: QueryBus) {}

  @ResolveField(() => ApiKeyConnection, {
    description:
      'The newest keys of the partner; the query apiKeys takes endCursor for more of them, with the same partnerId.',
  })
  apiKeys(
    @Parent() partner: PartnerView & ReadAt,
    @Caller() caller: Principal,
    @Ctx() { signal }: RequestContext,
    @Context('loaders') loaders: RequestLoaders,
    @Args() { first }: NestedConnectionArgs,
  ): Promise<Connection<KeyView & ReadAt>> {
    const asOf = partner.readAsOf ? { asOf: partner.readAsOf } : {};
    const loader = loaders.of<number, Connection<KeyView & ReadAt>>(
      `keys of partners ${String(first)} ${placeName(partner)}`,
      async (ids) => {
        const { value, position } = await this.queries.execute(
          new ListKeysOfPartners(
            caller,
            { partnerIds: ids.map(partnerId), first },
            { ...nestedPlace(partner), signal },
          ),
        );
        return ids.map((id) => {
          const page = value.get(id);
          return page
            ? connection({ value: page, position }, asOf)
            : new Error('a partner that was asked for is missing');
        });
      },
    );
    return loader.load(partner.partnerId);
  }
}
