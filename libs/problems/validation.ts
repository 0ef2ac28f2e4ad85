import type { ArgumentMetadata } from '@nestjs/common';
import { ValidationPipe } from '@nestjs/common';
import { getMetadataStorage, IS_OPTIONAL } from 'class-validator';
import { DomainError, withoutKeyMaterial } from '#kernel';
import type { FieldProblem } from './problem-of.js';

/** Field problems told at once; the rest is counted. */
export const FIELD_PROBLEMS_MAX = 50;

/** As class-validator reports it (Nest carries a copy of its own of the class). */
interface FailedField {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly FailedField[];
}

/** Whitelist, unknown fields refused, and each wrong field named by a JSON pointer (RFC 6901). */
export function validationPipe(): ValidationPipe {
  return new NullRefusingPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    transformOptions: { enableImplicitConversion: false, exposeDefaultValues: true },
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => fieldProblems(errors),
  });
}

/**
 * `IsOptional` lets `null` past every other rule of a field, and handlers ask for `undefined`: a null would reach a
 * command, and its event, as the value of a boolean. Refused unless the API document calls the field nullable. GraphQL
 * clients send null for what they leave out; its types say so, and its resolvers look.
 */
class NullRefusingPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const instance: unknown = await super.transform(value, metadata);
    const problems = [...nullFields(instance, '')];
    if (problems.length > 0)
      throw new DomainError('request/invalid', { errors: problems.slice(0, FIELD_PROBLEMS_MAX) });
    return instance;
  }
}

function* nullFields(value: unknown, above: string): Generator<FieldProblem> {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [index, one] of value.entries()) yield* nullFields(one, `${above}/${String(index)}`);
    return;
  }
  const type = Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null;
  if (typeof type?.constructor !== 'function' || type.constructor === Object) return;
  if (Reflect.hasMetadata('graphql:class_type', type.constructor)) return;
  const optional = optionalFields(type.constructor);
  for (const [property, one] of Object.entries(value))
    if (one !== null) yield* nullFields(one, `${above}/${property}`);
    else if (optional.has(property) && !isNullable(type, property))
      yield { pointer: `${above}/${property}`, problem: 'must not be null: leave the field out' };
}

const OPTIONAL_FIELDS = new WeakMap<object, ReadonlySet<string>>();

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- as class-validator names a class
function optionalFields(type: Function): ReadonlySet<string> {
  let fields = OPTIONAL_FIELDS.get(type);
  if (!fields) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
    fields = new Set(
      rules.filter(({ name }) => name === IS_OPTIONAL).map(({ propertyName }) => propertyName),
    );
    OPTIONAL_FIELDS.set(type, fields);
  }
  return fields;
}

function isNullable(type: object, property: string): boolean {
  const documented = Reflect.getMetadata('swagger/apiModelProperties', type, property) as
    { readonly nullable?: boolean } | undefined;
  return documented?.nullable === true;
}

export function fieldProblems(errors: readonly FailedField[]): DomainError {
  const all = [...flatten(errors, '')];
  return new DomainError('request/invalid', {
    errors: all.slice(0, FIELD_PROBLEMS_MAX),
    ...(all.length > FIELD_PROBLEMS_MAX ? { more: all.length - FIELD_PROBLEMS_MAX } : {}),
  });
}

/** Rules about what a value is: what else is wrong with one of another type would mislead. */
const TYPE_RULES: ReadonlySet<string> = new Set([
  'isArray',
  'isBoolean',
  'isInt',
  'isNumber',
  'isObject',
  'isString',
]);

/** One problem a field, the one to mend first. class-validator reports rules from the lowest decorator up. */
function truest(constraints: Readonly<Record<string, string>>): string | undefined {
  if ('whitelistValidation' in constraints) return 'this field is not known here';
  const said = Object.entries(constraints);
  return (said.find(([rule]) => TYPE_RULES.has(rule)) ?? said.at(-1))?.[1];
}

const POINTER_PART_MAX = 100;

function* flatten(errors: readonly FailedField[], above: string): Generator<FieldProblem> {
  for (const { property, constraints, children } of errors) {
    // Before it is cut: what is left of a secret would not be known for one.
    const part = withoutKeyMaterial(property)
      .slice(0, POINTER_PART_MAX)
      .replaceAll('~', '~0')
      .replaceAll('/', '~1');
    const pointer = `${above}/${part}`;
    const first = truest(constraints ?? {});
    if (first !== undefined) yield { pointer, problem: first };
    yield* flatten(children ?? [], pointer);
  }
}
