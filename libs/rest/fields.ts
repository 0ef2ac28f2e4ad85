import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { IsInt, Max, Min, ValidateBy } from 'class-validator';
import { INSTANT_EXPECTED, instantOf, isUuid } from '#kernel';

/** Far above any limit of a text, which is counted in code points after normalisation: only a guard of that work. */
export const TEXT_UNITS_MAX = 10_000;

/** A text for which something holds; `message` says what is expected. */
export const IsText = (
  name: string,
  message: string,
  holds: (text: string) => boolean,
): PropertyDecorator =>
  ValidateBy({
    name,
    validator: {
      validate: (value: unknown) => typeof value === 'string' && holds(value),
      defaultMessage: () => message,
    },
  });

/** Ids are written in lower case, as this API gives them. */
export const IsUuidText = (): PropertyDecorator =>
  IsText('uuid', 'must be a UUID in lower case', isUuid);

/** A moment in a query or a body: never without its zone. */
export const IsInstantText = (): PropertyDecorator =>
  IsText('time', `must be ${INSTANT_EXPECTED}`, (text) => instantOf(text) !== undefined);

/** An integer id in a body. */
export const IsIntegerId = (): PropertyDecorator =>
  applyDecorators(IsInt(), Min(1), Max(Number.MAX_SAFE_INTEGER));

const DECIMAL = /^(0|[1-9]\d{0,15})$/;

/** A number in a path or a query: plain decimal digits. What is none stays a text, which no rule for numbers lets through. */
export const FromDecimal = (): PropertyDecorator =>
  Transform(({ value }: { readonly value: unknown }) =>
    typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value,
  );

/** An integer id in a path or a query. */
export const IsIntegerIdText = (): PropertyDecorator =>
  applyDecorators(FromDecimal(), IsIntegerId());
