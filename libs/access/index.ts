export type { AuthorizationTarget, Permission, Principal } from './domain/principal.value.js';
export { PERMISSIONS } from './domain/principal.value.js';
export { Authorizer, OPERATOR, OWN_MARKETPLACE, OWN_PARTNER } from './authorizer.port.js';
export { LedgerAuthorizer } from './adapters/ledger-authorizer.js';
export type { AccessErrorCode } from './domain/access.errors.js';
export { accessProblems } from './access.problems.js';
export { accessEvents, IDENTITY_TEXT_BYTES_MAX } from './access.events.js';
export type {
  EmployeeAdmitted,
  EmployeeEvent,
  EmployeeRemoved,
  EmployeeRights,
  EmployeeRightsChanged,
} from './domain/employee.events.js';
export type {
  IdentityEvent,
  IdentityOwner,
  IdentityReleased,
  IdentityReserved,
} from './domain/identity.events.js';
export type { AccessDenied } from './domain/access-denied.events.js';
export { IdentityReservations, type Reservation } from './identity-reservations.js';
export { Caller, OptionalCaller } from './interface/caller.decorator.js';
export type { PublicAccess, PublicRoute, RegisteredRoute } from './interface/public-routes.js';
export {
  comparePublicRoutes,
  Public,
  PUBLIC_ROUTES,
  publicRoute,
} from './interface/public-routes.js';
export { AuthorityFence } from './ports/authority-fence.port.js';
export type { Denial } from './ports/access-denials.port.js';
export { AccessDenials } from './ports/access-denials.port.js';
export type { LinkedIdentity } from './ports/identity-directory.port.js';
export { IdentityDirectory } from './ports/identity-directory.port.js';
export type { TokenRefusal, VerifiedToken } from './ports/token-verifier.port.js';
export { TokenRefusedError, TokenVerifier } from './ports/token-verifier.port.js';
export type { IssuerOptions } from './access.options.js';
export { AccessOptions, isSecureUrl } from './access.options.js';
export type { Budget, BudgetCaller, BudgetOf, BudgetOptions } from './adapters/request-budgets.js';
export { BUDGETS_DEFAULT, RequestBudgets } from './adapters/request-budgets.js';
export { ClientAddresses } from './adapters/client-addresses.js';
export type { Guests } from './request-gate.js';
export { RequestGate } from './request-gate.js';
export { accessMigrations } from './adapters/postgres-authority-fence.js';
export { identitiesProjection } from './projections/identities.projection.js';
export type { AccessReply, AccessRequest } from './interface/request.js';
export { requestOf } from './interface/request.js';
export { accessProcesses, AccessModule } from './access.module.js';
export { installAccess } from './interface/install-access.js';
export { issuersSeen } from './issuers-seen.js';
export { AdmitEmployee } from './commands/admit/admit-employee.command.js';
export { ChangeEmployeeRights } from './commands/change-rights/change-employee-rights.command.js';
export { RemoveEmployee } from './commands/remove/remove-employee.command.js';
export type { EmployeeAnswer } from './commands/employee-desk.js';
export type { EmployeeView } from './queries/employees/employees.query.js';
export { GetEmployee, ListEmployees } from './queries/employees/employees.query.js';
export {
  CLOCK_SKEW_SECONDS,
  JoseTokenVerifier,
  TOKEN_ALGORITHMS,
} from './adapters/jose-token-verifier.js';
