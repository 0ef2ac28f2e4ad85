import { Field, ObjectType } from '@nestjs/graphql';
import type { Position } from '#event-store';
import type { SecretWithheld } from '#messaging';
import { PositionScalar } from './scalars.js';
import { SecretWithheldName } from './secret-withheld.types.js';

/** What a query answers, and each thing in it. */
@ObjectType({ isAbstract: true })
export abstract class AnsweredObject {
  @Field(() => PositionScalar, { description: 'What the answer is true at.' })
  readonly position!: Position;
}

/** What a command answers. */
@ObjectType({ isAbstract: true })
export abstract class ReceiptObject {
  @Field(() => PositionScalar, { description: 'For atLeast.' })
  readonly position!: Position;
}

/** What a command answers that shows a secret, or says why it does not. */
@ObjectType({ isAbstract: true })
export abstract class SecretReceiptObject extends ReceiptObject {
  @Field(() => SecretWithheldName, { nullable: true })
  readonly secretWithheld!: SecretWithheld | null;
}
