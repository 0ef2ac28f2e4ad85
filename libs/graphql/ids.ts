import { ValidateBy } from 'class-validator';
import { isUuid } from '#kernel';

const INTEGER_ID = /^[1-9]\d{0,15}$/;

/** An integer id in a GraphQL `ID`: up to 2^53, which no GraphQL `Int` holds. */
export const IsIntegerId = (): PropertyDecorator =>
  ValidateBy({
    name: 'integerId',
    validator: {
      validate: (value: unknown) =>
        typeof value === 'string' && INTEGER_ID.test(value) && Number.isSafeInteger(Number(value)),
      defaultMessage: () => 'must be a positive integer',
    },
  });

/** Ids are written in lower case, as this API gives them. */
export const IsUuidId = (): PropertyDecorator =>
  ValidateBy({
    name: 'uuid',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && isUuid(value),
      defaultMessage: () => 'must be a UUID in lower case',
    },
  });
