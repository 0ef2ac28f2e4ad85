export type NetworksErrorCode =
  | 'networks/not-found'
  | 'networks/already-exists'
  | 'networks/invalid-policy'
  | 'networks/invalid-api-profile'
  | 'networks/webhook-credential-not-found'
  | 'networks/webhook-credentials-max'
  | 'networks/webhook-credential-invalid';
