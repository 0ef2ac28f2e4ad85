export type AuditErrorCode = 'audit/query-not-recorded' | 'audit/invalid-filter';
