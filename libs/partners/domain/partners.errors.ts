export type PartnersErrorCode =
  | 'partners/not-found'
  | 'partners/already-registered'
  | 'partners/status-transition-not-allowed'
  | 'partners/offboarded'
  | 'partners/flag-not-found'
  | 'partners/open-flags-max'
  | 'partners/user-not-linked'
  | 'partners/users-max'
  | 'partners/malformed-record'
  | 'partners/webhook-too-large'
  | 'partners/import-batch-too-large';
