import { ValidationPipe } from '@nestjs/common';
import { DomainError } from '#kernel';
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
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    transformOptions: { enableImplicitConversion: false, exposeDefaultValues: true },
    validationError: { target: false, value: false },
    stopAtFirstError: true,
    exceptionFactory: (errors) => fieldProblems(errors),
  });
}

export function fieldProblems(errors: readonly FailedField[]): DomainError {
  const all = [...flatten(errors, '')];
  return new DomainError('request/invalid', {
    errors: all.slice(0, FIELD_PROBLEMS_MAX),
    ...(all.length > FIELD_PROBLEMS_MAX ? { more: all.length - FIELD_PROBLEMS_MAX } : {}),
  });
}

const POINTER_PART_MAX = 100;

function* flatten(errors: readonly FailedField[], above: string): Generator<FieldProblem> {
  for (const { property, constraints, children } of errors) {
    const part = property.slice(0, POINTER_PART_MAX).replaceAll('~', '~0').replaceAll('/', '~1');
    const pointer = `${above}/${part}`;
    for (const [rule, message] of Object.entries(constraints ?? {}))
      yield {
        pointer,
        problem: rule === 'whitelistValidation' ? 'this field is not known here' : message,
      };
    yield* flatten(children ?? [], pointer);
  }
}
