/** Every way in which this context refuses. */
export type AccessErrorCode =
  | 'access/unauthenticated'
  | 'access/forbidden'
  | 'access/not-linked'
  | 'access/too-many-requests'
  | 'access/issuer-unavailable'
  | 'access/identity-taken'
  | 'access/employee-exists'
  | 'access/super-user-exists'
  | 'access/last-super-user'
  | 'access/unknown-employee'
  | 'access/unknown-network';
