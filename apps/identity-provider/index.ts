export type { DevelopmentUser } from './development-users.js';
export { DEVELOPMENT_NETWORKS, DEVELOPMENT_USERS } from './development-users.js';
export type {
  DevelopmentLogin,
  IdentityProvider,
  IdentityProviderOptions,
} from './identity-provider.js';
export {
  DEVELOPMENT_AUDIENCE,
  DEVELOPMENT_CLIENT,
  IdentityProviderError,
  startIdentityProvider,
} from './identity-provider.js';
export { InstallationFileError, readPasswords, USERS_FILE } from './installation-files.js';
export type { SeedOptions } from './seed-development.js';
export { seedDevelopment } from './seed-development.js';
export { assertOnlyDevelopmentIssuer } from './only-development-issuer.js';
