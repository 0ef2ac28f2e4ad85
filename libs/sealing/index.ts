export type { SealedSecret, WrappedKey } from './sealing.port.js';
export {
  KeyWrapper,
  Peppers,
  PersonalData,
  SealBrokenError,
  Sealer,
  WrappingKeyMissingError,
} from './sealing.port.js';
