import { ArgsType, Field, ID, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import {
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsOptional,
  IsString,
  Matches,
} from 'class-validator';
import {
  AnsweredObject,
  ConnectionArgs,
  connectionOf,
  enumOf,
  IsIntegerId,
  ReadArgs,
  TimeScalar,
} from '#graphql';
import { PERMISSIONS, type Permission } from '../../domain/principal.value.js';
import { IsIssuer, SUBJECT } from '../rest/employees.dto.js';

const SCOPES = ['global', 'limited'] as const;
type Scope = (typeof SCOPES)[number];

const ScopeName = enumOf(SCOPES);
registerEnumType(ScopeName, {
  name: 'EmployeeScope',
  description: 'limited: only partners whose manager the employee is.',
});

@ObjectType('Employee', { description: 'Removed employees stay listed, and have no rights.' })
export class EmployeeType extends AnsweredObject {
  @Field(() => ID)
  readonly employeeId!: number;

  @Field(() => String)
  readonly issuer!: string;

  @Field(() => String)
  readonly subject!: string;

  @Field(() => Boolean)
  readonly superUser!: boolean;

  @Field(() => [String])
  readonly permissions!: Permission[];

  @Field(() => ScopeName)
  readonly scope!: Scope;

  @Field(() => Boolean)
  readonly removed!: boolean;

  @Field(() => TimeScalar, { nullable: true, description: 'null where a change answers.' })
  readonly admittedAt?: string;
}

export const EmployeeConnection = connectionOf(EmployeeType, 'Employee');

@ArgsType()
export class EmployeesArgs extends ConnectionArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly networkId!: string;
}

@ArgsType()
export class EmployeeIdArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly networkId!: string;

  @Field(() => ID)
  @IsIntegerId()
  readonly employeeId!: string;
}

@ArgsType()
export class EmployeeArgs extends ReadArgs {
  @Field(() => ID)
  @IsIntegerId()
  readonly networkId!: string;

  @Field(() => ID)
  @IsIntegerId()
  readonly employeeId!: string;
}

@InputType()
export class AdmitEmployeeInput {
  @Field(() => ID)
  @IsIntegerId()
  readonly networkId!: string;

  @Field(() => ID)
  @IsIntegerId()
  readonly employeeId!: string;

  @Field(() => String)
  @IsIssuer()
  readonly issuer!: string;

  @Field(() => String)
  @IsString()
  @Matches(SUBJECT, { message: '$property must be 1 to 255 printable characters' })
  readonly subject!: string;

  @Field(() => Boolean)
  @IsBoolean()
  readonly superUser!: boolean;

  @Field(() => [String])
  @IsArray()
  @ArrayUnique()
  @IsIn(PERMISSIONS, { each: true })
  readonly permissions!: Permission[];

  @Field(() => ScopeName)
  @IsIn(SCOPES)
  readonly scope!: Scope;
}

@InputType({ description: 'What is absent stays.' })
export class ChangeEmployeeRightsInput {
  @Field(() => ID)
  @IsIntegerId()
  readonly networkId!: string;

  @Field(() => ID)
  @IsIntegerId()
  readonly employeeId!: string;

  @Field(() => Boolean, { nullable: true })
  @IsOptional()
  @IsBoolean()
  readonly superUser?: boolean | null;

  @Field(() => [String], { nullable: true })
  @IsOptional()
  @IsArray()
  @ArrayUnique()
  @IsIn(PERMISSIONS, { each: true })
  readonly permissions?: Permission[] | null;

  @Field(() => ScopeName, { nullable: true })
  @IsOptional()
  @IsIn(SCOPES)
  readonly scope?: Scope | null;
}
