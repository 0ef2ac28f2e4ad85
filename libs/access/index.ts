export type { AuthorizationTarget, Permission, Principal } from './domain/principal.value.js';
export { PERMISSIONS } from './domain/principal.value.js';
export { Authorizer, OPERATOR, OWN_PARTNER } from './authorizer.port.js';
