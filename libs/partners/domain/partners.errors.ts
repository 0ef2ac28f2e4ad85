export type PartnersErrorCode =
  | 'partners/not-found'
  | 'partners/already-registered'
  | 'partners/status-transition-not-allowed'
  | 'partners/offboarded'
  | 'partners/flag-not-found'
  | 'partners/open-flags-max'
  | 'partners/user-not-linked'
  | 'partners/users-max'
  | 'partners/user-linked-elsewhere'
  | 'partners/malformed-record'
  | 'partners/import-batch-too-large';
