export type { PepperedHash, SealedSecret, WrappedKey } from './sealing.port.js';
export {
  KeyWrapper,
  Peppers,
  PersonalData,
  SealBrokenError,
  Sealer,
  WrappingKeyMissingError,
} from './sealing.port.js';
export { SealingKeys } from './sealing-keys.port.js';
export type { SealingKeySource } from './open-sealing-keys.js';
export {
  openSealingKeys,
  SealingKeyConfigurationError,
  WRAPPING_KEY_VARIABLE,
} from './open-sealing-keys.js';
export { LocalKeyFileError } from './adapters/local-key-file.js';
export { sealingMigrations } from './sealing.migrations.js';
export { SealingModule } from './sealing.module.js';
