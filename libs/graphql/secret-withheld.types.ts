import { registerEnumType } from '@nestjs/graphql';
import { SECRET_WITHHELD, SECRET_WITHHELD_DESCRIPTION } from '#messaging';
import { enumOf } from './enums.js';

export const SecretWithheldName = enumOf(SECRET_WITHHELD);
registerEnumType(SecretWithheldName, {
  name: 'SecretWithheld',
  description: SECRET_WITHHELD_DESCRIPTION,
});
