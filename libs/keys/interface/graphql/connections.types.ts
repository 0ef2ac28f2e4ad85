import { ArgsType, Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import {
  AnsweredObject,
  ConnectionArgs,
  connectionOf,
  IsIntegerId,
  PageInfo,
  SecretWithheldName,
  TimeScalar,
} from '#graphql';
import type { SecretWithheld } from '#messaging';
import { CURSOR_CHARACTERS_MAX } from '#projections';
import {
  CONNECTIONS_REVEALED_DEFAULT,
  CONNECTIONS_REVEALED_MAX,
} from '../../commands/reveal-connection-keys/reveal-connection-keys.command.js';

@ObjectType('ConnectionKey', {
  description: 'An affiliate key of a partner that a marketplace partner acts for, masked.',
})
export class ConnectionKeyObject extends AnsweredObject {
  @Field(() => ID, { description: 'The connection: a partner of this network.' })
  readonly partnerId!: number;

  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => String)
  readonly label!: string;

  @Field(() => String)
  readonly masked!: string;

  @Field(() => TimeScalar)
  readonly issuedAt!: string;

  @Field(() => TimeScalar, { nullable: true })
  readonly expiresAt!: string | null;
}
export const ConnectionKeyConnection = connectionOf(ConnectionKeyObject, 'ConnectionKey');

@ObjectType('RevealedConnectionKey')
export class RevealedConnectionKeyObject {
  @Field(() => ID)
  readonly partnerId!: number;

  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => String)
  readonly label!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The key; null when a retry can not be shown it again.',
  })
  readonly key!: string | null;

  @Field(() => SecretWithheldName, { nullable: true })
  readonly secretWithheld!: SecretWithheld | null;
}

@ObjectType('RevealedConnectionKeyPage', {
  description:
    'All keys of some connections: it pages by connection, so that only it has a cursor.',
})
export class RevealedConnectionKeyPageObject extends AnsweredObject {
  @Field(() => [RevealedConnectionKeyObject])
  readonly items!: RevealedConnectionKeyObject[];

  @Field(() => PageInfo)
  readonly pageInfo!: PageInfo;
}

@ArgsType()
export class ConnectionKeysArgs extends ConnectionArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly marketplacePartnerId!: string;
}

@ArgsType()
export class RevealMyConnectionKeysArgs {
  @Field(() => Int, {
    defaultValue: CONNECTIONS_REVEALED_DEFAULT,
    description: 'Connections, not keys.',
  })
  @IsInt()
  @Min(1)
  @Max(CONNECTIONS_REVEALED_MAX)
  readonly first: number = CONNECTIONS_REVEALED_DEFAULT;

  @Field(() => String, { nullable: true, description: 'The endCursor of the page before.' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(CURSOR_CHARACTERS_MAX)
  readonly after?: string | null;
}
