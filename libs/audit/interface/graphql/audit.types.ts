import { ArgsType, Field, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import type { Actor, Position } from '#event-store';
import {
  ActorObject,
  ConnectionArgs,
  connectionOf,
  enumOf,
  IsIntegerId,
  IsUuidId,
  JsonScalar,
  PositionScalar,
  TimeScalar,
} from '#graphql';
import type { AuditOutcome } from '../../domain/audit-description.value.js';
import {
  AUDIT_ACTOR_CHARACTERS_MAX,
  AUDIT_TEXT_CHARACTERS_MAX,
} from '../../queries/audit-trail/search-audit-trail.query-handler.js';

const OUTCOMES = ['succeeded', 'refused'] as const satisfies readonly AuditOutcome[];
const OutcomeName = enumOf(OUTCOMES);
registerEnumType(OutcomeName, { name: 'AuditOutcome' });

@ObjectType('AuditStream')
export class AuditStreamObject {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => String)
  readonly revision!: string;
}

@ObjectType('AuditTarget')
export class AuditTargetObject {
  @Field(() => String)
  readonly kind!: string;

  @Field(() => ID)
  readonly id!: string;
}

@ObjectType('AuditEntry', { description: 'One event of the log, told to people.' })
export class AuditEntryObject {
  @Field(() => PositionScalar, { description: 'Of the event in the ledger.' })
  readonly position!: Position | string;

  @Field(() => ID)
  readonly eventId!: string;

  @Field(() => AuditStreamObject)
  readonly stream!: AuditStreamObject;

  @Field(() => TimeScalar)
  readonly time!: string;

  @Field(() => String, { description: 'The event type.' })
  readonly action!: string;

  @Field(() => ID, { nullable: true })
  readonly networkId!: number | null;

  @Field(() => ActorObject)
  readonly actor!: Actor;

  @Field(() => AuditTargetObject)
  readonly target!: AuditTargetObject;

  @Field(() => ID, { nullable: true })
  readonly keyId!: string | null;

  @Field(() => ID, { nullable: true })
  readonly partnerId!: number | null;

  @Field(() => String, { nullable: true })
  readonly reason!: string | null;

  @Field(() => OutcomeName)
  readonly outcome!: AuditOutcome;

  @Field(() => String)
  readonly correlationId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The address that it came from; null when there was none or it was erased.',
  })
  readonly address!: string | null;

  @Field(() => JsonScalar, { nullable: true, description: 'What it was.' })
  readonly before!: unknown;

  @Field(() => JsonScalar, { nullable: true, description: 'What it is since.' })
  readonly after!: unknown;
}
export const AuditConnection = connectionOf(AuditEntryObject, 'Audit');

@ArgsType()
export class AuditTrailArgs extends ConnectionArgs {
  @Field(() => ID, { nullable: true, description: 'Only events of this key.' })
  @IsOptional()
  @IsUuidId()
  readonly keyId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only events of this partner.' })
  @IsOptional()
  @IsIntegerId()
  readonly partnerId?: string | null;

  @Field(() => String, { nullable: true, description: 'A subject, or <issuer>#<subject>.' })
  @IsOptional()
  @IsString()
  @MaxLength(AUDIT_ACTOR_CHARACTERS_MAX)
  readonly actor?: string | null;

  @Field(() => String, { nullable: true, description: 'An event type.' })
  @IsOptional()
  @Matches(/^[A-Z][A-Za-z0-9]{0,99}$/, { message: 'must be an event type, such as KeyRevoked' })
  readonly type?: string | null;

  @Field(() => TimeScalar, { nullable: true, description: 'Recorded at or after this time.' })
  @IsOptional()
  @IsString()
  readonly from?: string | null;

  @Field(() => TimeScalar, { nullable: true, description: 'Recorded before this time.' })
  @IsOptional()
  @IsString()
  readonly to?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Words: all must be there, each at least as a beginning.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(AUDIT_TEXT_CHARACTERS_MAX)
  readonly text?: string | null;
}
