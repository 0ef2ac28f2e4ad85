import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import type { Principal } from '#access';
import { Caller } from '#access';
import type { Connection, ReadAt } from '#graphql';
import { connection, given, readAt, readPlace } from '#graphql';
import { keyId } from '#kernel';
import type { Answer, RequestContext } from '#messaging';
import { answer, Ctx } from '#messaging';
import { IssueKey } from '../../commands/issue-key/issue-key.command.js';
import type {
  ChangedKey,
  ChangedKeyRing,
  IssuedKey,
  Outcome,
  ReissuedKey,
  RevealedKey,
} from '../../commands/key-outcomes.value.js';
import { ReinstateKeyRing } from '../../commands/reinstate-key-ring/reinstate-key-ring.command.js';
import { ReinstateKey } from '../../commands/reinstate-key/reinstate-key.command.js';
import { ReissueKey } from '../../commands/reissue-key/reissue-key.command.js';
import { RelabelKey } from '../../commands/relabel-key/relabel-key.command.js';
import { RevealKey } from '../../commands/reveal-key/reveal-key.command.js';
import { RevokeKey } from '../../commands/revoke-key/revoke-key.command.js';
import { SuspendKeyRing } from '../../commands/suspend-key-ring/suspend-key-ring.command.js';
import { SuspendKey } from '../../commands/suspend-key/suspend-key.command.js';
import { GetKey } from '../../queries/keys/get-key.query.js';
import type { KeyDetail, KeyView } from '../../queries/keys/key.view.js';
import { ListKeys } from '../../queries/keys/list-keys.query.js';
import {
  ApiKeyArgs,
  ApiKeyConnection,
  ApiKeyObject,
  ApiKeyReasonInput,
  ApiKeysArgs,
  ChangedApiKeyObject,
  ChangedKeyRingObject,
  IssueApiKeyInput,
  IssuedApiKeyObject,
  KeyRingInput,
  ReissueApiKeyInput,
  ReissuedApiKeyObject,
  RelabelApiKeyInput,
  RevealApiKeyInput,
  RevealedApiKeyObject,
  RevokeApiKeyInput,
} from './keys.types.js';

@Resolver(() => ApiKeyObject)
export class ApiKeysResolver {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Query(() => ApiKeyConnection, {
    description: 'Keys, newest first, masked; revoked ones stay listed.',
  })
  async apiKeys(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: ApiKeysArgs,
  ): Promise<Answer<Connection<KeyView & ReadAt>>> {
    const { first, after, partnerId, holderType, holderId, portal, status, label } = args;
    const input = {
      first,
      ...given({ after, holderType, portal, status, label }),
      ...numbers({ partnerId, holderId }),
    };
    const place = readPlace(args, context);
    const page = await this.queries.execute(new ListKeys(caller, input, place));
    return answer(connection(page, place), page.position);
  }

  @Query(() => ApiKeyObject, { description: 'One key, masked.' })
  async apiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args() args: ApiKeyArgs,
  ): Promise<Answer<KeyDetail & ReadAt>> {
    const place = readPlace(args, context);
    const { value, position } = await this.queries.execute(
      new GetKey(caller, { keyId: keyId(args.keyId) }, place),
    );
    return answer({ ...value, ...readAt(position, place) }, position);
  }

  @Mutation(() => IssuedApiKeyObject, {
    description:
      'Issues a key, and shows its secret. A partner that is not eligible is refused with the explained verdict.',
  })
  async issueApiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: IssueApiKeyInput,
  ): Promise<Answer<IssuedKey & ReadAt>> {
    const { portal, holder, label, expiresAt, permissions, employeeId } = input;
    return told(
      await this.commands.execute(
        new IssueKey(caller, context, {
          portal,
          holder: { type: holder.type, id: Number(holder.id) },
          label,
          ...given({ expiresAt, permissions }),
          ...numbers({ employeeId }),
        }),
      ),
    );
  }

  @Mutation(() => RevealedApiKeyObject, {
    description: 'Shows the secret of an active, recoverable key; recorded as KeyRevealed.',
  })
  async revealApiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') { keyId: id, purpose, note }: RevealApiKeyInput,
  ): Promise<Answer<RevealedKey & ReadAt>> {
    const input = { keyId: keyId(id), purpose, ...given({ note }) };
    return told(await this.commands.execute(new RevealKey(caller, context, input)));
  }

  @Mutation(() => ChangedApiKeyObject, {
    description: 'Revokes a key for ever, and ends its open shares.',
  })
  async revokeApiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') { keyId: id, reason, note, ifMatch }: RevokeApiKeyInput,
  ): Promise<Answer<ChangedKey & ReadAt>> {
    const input = { keyId: keyId(id), reason, ...given({ note, ifMatch }) };
    return told(await this.commands.execute(new RevokeKey(caller, context, input)));
  }

  @Mutation(() => ReissuedApiKeyObject, {
    description: 'Revokes a key and issues its replacement, in one step.',
  })
  async reissueApiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') { keyId: id, reason, note, ifMatch, label, expiresAt }: ReissueApiKeyInput,
  ): Promise<Answer<ReissuedKey & ReadAt>> {
    const input = { keyId: keyId(id), reason, ...given({ note, ifMatch, label, expiresAt }) };
    return told(await this.commands.execute(new ReissueKey(caller, context, input)));
  }

  @Mutation(() => ChangedApiKeyObject, { description: 'Suspends a key, and ends its open shares.' })
  async suspendApiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') { keyId: id, reason, ifMatch }: ApiKeyReasonInput,
  ): Promise<Answer<ChangedKey & ReadAt>> {
    const input = { keyId: keyId(id), reason, ...given({ ifMatch }) };
    return told(await this.commands.execute(new SuspendKey(caller, context, input)));
  }

  @Mutation(() => ChangedApiKeyObject, { description: 'Lifts the suspension of a key.' })
  async reinstateApiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') { keyId: id, reason, ifMatch }: ApiKeyReasonInput,
  ): Promise<Answer<ChangedKey & ReadAt>> {
    const input = { keyId: keyId(id), reason, ...given({ ifMatch }) };
    return told(await this.commands.execute(new ReinstateKey(caller, context, input)));
  }

  @Mutation(() => ChangedApiKeyObject, { description: 'Gives a key another label.' })
  async relabelApiKey(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') { keyId: id, label, ifMatch }: RelabelApiKeyInput,
  ): Promise<Answer<ChangedKey & ReadAt>> {
    const input = { keyId: keyId(id), label, ...given({ ifMatch }) };
    return told(await this.commands.execute(new RelabelKey(caller, context, input)));
  }

  @Mutation(() => ChangedKeyRingObject, {
    description: 'Suspends all keys of a holder at a portal, in one step.',
  })
  async suspendKeyRing(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: KeyRingInput,
  ): Promise<Answer<ChangedKeyRing & ReadAt>> {
    return ringTold(
      await this.commands.execute(new SuspendKeyRing(caller, context, ringOf(input))),
    );
  }

  @Mutation(() => ChangedKeyRingObject, {
    description: 'Lifts the suspension of a holder; keys suspended by themselves stay so.',
  })
  async reinstateKeyRing(
    @Caller() caller: Principal,
    @Ctx() context: RequestContext,
    @Args('input') input: KeyRingInput,
  ): Promise<Answer<ChangedKeyRing & ReadAt>> {
    return ringTold(
      await this.commands.execute(new ReinstateKeyRing(caller, context, ringOf(input))),
    );
  }
}

const told = <T extends object>({ value, position }: Outcome<T>): Answer<T & ReadAt> =>
  answer({ ...value, ...readAt(position) }, position);

const ringTold = ({ value, position }: Outcome<ChangedKeyRing>): Answer<ChangedKeyRing & ReadAt> =>
  answer({ keys: value.keys.map((key) => ({ ...key, position })), position }, position);

const ringOf = ({ portal, holder, reason }: KeyRingInput) => ({
  portal,
  holder: { type: holder.type, id: Number(holder.id) },
  reason,
});

/** Integer ids, which GraphQL carries as text, without those that are left out. */
const numbers = <T extends Record<string, string | null | undefined>>(
  ids: T,
): { readonly [K in keyof T]?: number } =>
  Object.fromEntries(Object.entries(given(ids)).map(([name, id]) => [name, Number(id)])) as {
    readonly [K in keyof T]?: number;
  };
