import { ArgsType, Field, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import {
  AnsweredObject,
  ConnectionArgs,
  connectionOf,
  enumOf,
  IsIntegerId,
  IsUuidId,
  ReadArgs,
  ReceiptObject,
  SecretReceiptObject,
  TimeScalar,
} from '#graphql';
import { TEXT_UNITS_MAX } from '#rest';
import type {
  ShareBound,
  ShareChannel,
  ShareEndReason,
  ShareOpener,
  ShareRecipientType,
} from '../../domain/key-ring.events.js';
import {
  SHARE_CHANNELS,
  SHARE_END_REASONS,
  SHARE_RECIPIENT_TYPES,
} from '../../domain/key-ring.events.js';
import type { Portal } from '../../domain/portal.value.js';
import type { ShareStatus } from '../../queries/shares/share.view.js';
import { SHARE_STATUSES } from '../../queries/shares/share.view.js';
import { SHARE_SECONDS_MAX, SHARE_TOKEN_CHARACTERS_MAX } from '../rest/shares.dto.js';
import { HolderObject, PortalName, RecordedObject, SECRET } from './keys.types.js';
import { ApiAccessObject } from './me.types.js';

const RecipientTypeName = enumOf(SHARE_RECIPIENT_TYPES);
registerEnumType(RecipientTypeName, {
  name: 'ShareRecipientType',
  description:
    'holderUsers: all users of the holder; the share ends with the last of them. partnerUser: one of them; it ends with them. contact: somebody known elsewhere (passphrase only).',
});
const ChannelName = enumOf(SHARE_CHANNELS);
registerEnumType(ChannelName, {
  name: 'ShareChannel',
  description: 'The way on which the link travels.',
});
const BOUNDS = ['users', 'passphrase'] as const satisfies readonly ShareBound[];
const BoundName = enumOf(BOUNDS);
registerEnumType(BoundName, { name: 'ShareBound' });
const StatusName = enumOf(SHARE_STATUSES);
registerEnumType(StatusName, { name: 'ShareStatus' });
const EndReasonName = enumOf(SHARE_END_REASONS);
registerEnumType(EndReasonName, { name: 'ShareEndReason' });
const OPENERS = ['partnerUser', 'passphrase'] as const satisfies readonly ShareOpener['type'][];
const OpenerName = enumOf(OPENERS);
registerEnumType(OpenerName, { name: 'ShareOpenerType' });

@ObjectType('ShareRecipient')
export class ShareRecipientObject {
  @Field(() => RecipientTypeName)
  readonly type!: ShareRecipientType;

  @Field(() => String)
  readonly reference!: string;
}

@ObjectType('ShareOpener')
export class ShareOpenerObject {
  @Field(() => OpenerName)
  readonly type!: ShareOpener['type'];

  @Field(() => String, { nullable: true })
  readonly reference?: string;
}

@ObjectType('ShareOpening')
export class ShareOpeningObject {
  @Field(() => TimeScalar)
  readonly at!: string;

  @Field(() => ShareOpenerObject)
  readonly by!: ShareOpenerObject;
}

@ObjectType('ShareEnd')
export class ShareEndObject {
  @Field(() => TimeScalar)
  readonly at!: string;

  @Field(() => EndReasonName)
  readonly reason!: ShareEndReason;
}

@ObjectType('Share', { description: 'A one-time link to a key, without its token.' })
export class ShareObject extends AnsweredObject {
  @Field(() => ID)
  readonly shareId!: string;

  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => PortalName)
  readonly portal!: Portal;

  @Field(() => HolderObject)
  readonly holder!: HolderObject;

  @Field(() => ShareRecipientObject)
  readonly recipient!: ShareRecipientObject;

  @Field(() => ChannelName)
  readonly channel!: ShareChannel;

  @Field(() => String)
  readonly reason!: string;

  @Field(() => BoundName)
  readonly bound!: ShareBound;

  @Field(() => StatusName)
  readonly status!: ShareStatus;

  @Field(() => TimeScalar)
  readonly expiresAt!: string;

  @Field(() => RecordedObject)
  readonly shared!: RecordedObject;

  @Field(() => ShareOpeningObject, { nullable: true })
  readonly opened!: ShareOpeningObject | null;

  @Field(() => ShareEndObject, { nullable: true })
  readonly ended!: ShareEndObject | null;
}
export const ShareConnection = connectionOf(ShareObject, 'Share');

@ObjectType('CreatedShare', { description: 'Link, token and passphrase are shown here only.' })
export class CreatedShareObject extends SecretReceiptObject {
  @Field(() => ID)
  readonly shareId!: string;

  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The token stands in its fragment. Null in the answer to a retry.',
  })
  readonly link!: string | null;

  @Field(() => String, { nullable: true, description: 'For openShare.' })
  readonly token!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Send it on another way than the link.',
  })
  readonly passphrase!: string | null;

  @Field(() => TimeScalar)
  readonly expiresAt!: string;
}

@ObjectType('EndedShare')
export class EndedShareObject extends ReceiptObject {
  @Field(() => ID)
  readonly shareId!: string;

  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => StatusName, { description: 'opened: too late, the link was opened before.' })
  readonly status!: 'ended' | 'opened';
}

@ObjectType('OpenedShare')
export class OpenedShareObject extends SecretReceiptObject {
  @Field(() => ID)
  readonly shareId!: string;

  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => PortalName)
  readonly portal!: Portal;

  @Field(() => String)
  readonly label!: string;

  @Field(() => String, { nullable: true, description: SECRET })
  readonly key!: string | null;

  @Field(() => ApiAccessObject)
  readonly access!: ApiAccessObject;
}

@ArgsType()
export class ShareArgs extends ReadArgs {
  @Field(() => ID)
  @IsUuidId()
  readonly shareId!: string;
}

@ArgsType()
export class SharesArgs extends ConnectionArgs {
  @Field(() => ID, { nullable: true })
  @IsOptional()
  @IsUuidId()
  readonly keyId?: string | null;

  @Field(() => ID, { nullable: true })
  @IsOptional()
  @IsIntegerId()
  readonly partnerId?: string | null;

  @Field(() => StatusName, { nullable: true })
  @IsOptional()
  @IsIn(SHARE_STATUSES)
  readonly status?: ShareStatus | null;
}

@InputType()
export class ShareRecipientInput {
  @Field(() => RecipientTypeName)
  @IsIn(SHARE_RECIPIENT_TYPES)
  readonly type!: ShareRecipientType;

  @Field(() => String, {
    nullable: true,
    description:
      'Needed for partnerUser (<issuer>#<subject> of a linked user) and contact (an id in another system; never personal data).',
  })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(TEXT_UNITS_MAX)
  readonly reference?: string | null;
}

@InputType()
export class ShareApiKeyInput {
  @Field(() => ID)
  @IsUuidId()
  readonly keyId!: string;

  @Field(() => ShareRecipientInput)
  @ValidateNested()
  @Type(() => ShareRecipientInput)
  readonly recipient!: ShareRecipientInput;

  @Field(() => ChannelName)
  @IsIn(SHARE_CHANNELS)
  readonly channel!: ShareChannel;

  @Field(() => String)
  @IsString()
  @MinLength(1)
  @MaxLength(TEXT_UNITS_MAX)
  readonly reason!: string;

  @Field(() => BoundName)
  @IsIn(BOUNDS)
  readonly bound!: ShareBound;

  @Field(() => Int, {
    nullable: true,
    description: 'How long the link works; default and bound are in the network’s key policy.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(SHARE_SECONDS_MAX)
  readonly ttlSeconds?: number | null;
}

@InputType()
export class EndShareInput {
  @Field(() => ID)
  @IsUuidId()
  readonly shareId!: string;
}

@InputType()
export class OpenShareInput {
  @Field(() => String, { description: 'What follows # in the link.' })
  @IsString()
  @MinLength(1)
  @MaxLength(SHARE_TOKEN_CHARACTERS_MAX)
  readonly token!: string;

  @Field(() => String, { nullable: true, description: 'Five wrong ones end the share.' })
  @IsOptional()
  @IsString()
  @MaxLength(SHARE_TOKEN_CHARACTERS_MAX)
  readonly passphrase?: string | null;
}
