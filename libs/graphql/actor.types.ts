import { Field, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { Actor, ActorType } from '#event-store';
import { ACTOR_TYPES } from '#event-store';
import { enumOf } from './enums.js';

export const ActorTypeName = enumOf(ACTOR_TYPES);
registerEnumType(ActorTypeName, { name: 'ActorType' });

@ObjectType('Actor', { description: 'Who acted: an identity is (issuer, subject).' })
export class ActorObject implements Omit<Actor, 'onBehalfOf'> {
  @Field(() => ActorTypeName)
  readonly type!: ActorType;

  @Field(() => String)
  readonly issuer!: string;

  @Field(() => String)
  readonly subject!: string;

  @Field(() => String, { nullable: true })
  readonly onBehalfOf?: string | null;
}
