import { Field, ID, ObjectType } from '@nestjs/graphql';
import type { ActorType } from '#event-store';
import { ActorTypeName, AnsweredObject, TimeScalar } from '#graphql';
import type { Portal } from '../../domain/portal.value.js';
import type { ApiAccess } from '../../queries/api-access/api-access.value.js';
import type { KeyStatus } from '../../queries/keys/key.view.js';
import { KeyStatusName, PortalName } from './keys.types.js';

@ObjectType('ApiDocumentation')
export class ApiDocumentationObject {
  @Field(() => String)
  readonly title!: string;

  @Field(() => String)
  readonly url!: string;
}

@ObjectType('ApiAccess', { description: 'What somebody who holds a key needs to use it.' })
export class ApiAccessObject implements ApiAccess {
  @Field(() => String)
  readonly baseUrl!: string;

  @Field(() => String)
  readonly headerName!: string;

  @Field(() => String, { description: 'A shell command; it takes the key from API_KEY.' })
  readonly exampleRequest!: string;

  @Field(() => [ApiDocumentationObject])
  readonly documentation!: ApiDocumentationObject[];
}

@ObjectType('MyApiKey', { description: 'One of the partner’s keys as the partner itself sees it.' })
export class MyApiKeyObject {
  @Field(() => ID)
  readonly keyId!: string;

  @Field(() => PortalName)
  readonly portal!: Portal;

  @Field(() => String)
  readonly label!: string;

  @Field(() => String)
  readonly masked!: string;

  @Field(() => KeyStatusName)
  readonly status!: KeyStatus;

  @Field(() => TimeScalar)
  readonly issuedAt!: string;

  @Field(() => TimeScalar, { nullable: true })
  readonly expiresAt!: string | null;

  @Field(() => Boolean, { description: 'Whether revealMyApiKey answers it now.' })
  readonly revealable!: boolean;
}

@ObjectType('MyApi', { description: 'Nothing but available: false as long as no key can be used.' })
export class MyApiObject extends AnsweredObject {
  @Field(() => Boolean)
  readonly available!: boolean;

  @Field(() => [MyApiKeyObject], { nullable: true })
  readonly keys!: MyApiKeyObject[] | null;

  @Field(() => ApiAccessObject, { nullable: true })
  readonly access!: ApiAccessObject | null;
}

@ObjectType('MyEmployee')
export class MyEmployeeObject {
  @Field(() => ID)
  readonly employeeId!: number;

  @Field(() => Boolean)
  readonly superUser!: boolean;

  @Field(() => [String])
  readonly permissions!: string[];

  @Field(() => String, { description: 'global or limited.' })
  readonly scope!: string;
}

@ObjectType('Me', { description: 'Who the caller is to this ledger.' })
export class MeObject extends AnsweredObject {
  @Field(() => ActorTypeName)
  readonly type!: ActorType;

  @Field(() => String)
  readonly issuer!: string;

  @Field(() => String)
  readonly subject!: string;

  @Field(() => ID, { nullable: true })
  readonly networkId!: number | null;

  @Field(() => MyEmployeeObject, { nullable: true })
  readonly employee!: MyEmployeeObject | null;

  @Field(() => ID, { nullable: true })
  readonly partnerId!: number | null;

  @Field(() => ID, { nullable: true })
  readonly marketplacePartnerId!: number | null;
}
