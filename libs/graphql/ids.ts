import { Matches, ValidateBy } from 'class-validator';
import { isUuid } from '#kernel';

/** Up to 10^15, which JavaScript's numbers hold and a GraphQL Int does not. */
const INTEGER_ID = /^[1-9]\d{0,14}$/;

/** An integer id in a GraphQL `ID`. */
export const IsIntegerId = (): PropertyDecorator =>
  Matches(INTEGER_ID, { message: 'must be a positive integer' });

/** Ids are written in lower case, as this API gives them. */
export const IsUuidId = (): PropertyDecorator =>
  ValidateBy({
    name: 'uuid',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && isUuid(value),
      defaultMessage: () => 'must be a UUID in lower case',
    },
  });
