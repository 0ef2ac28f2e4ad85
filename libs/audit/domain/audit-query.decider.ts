import type { Decider } from '#kernel';
import type { AuditFilter, AuditQueried } from './audit.events.js';

/** Every query is a fact of its own: nothing that was asked before makes it void. */
export const auditQueryDecider: Decider<null, AuditFilter, AuditQueried> = {
  initialState: () => null,
  decide: (filter) => [{ type: 'AuditQueried', data: { filter } }],
  evolve: (state) => state,
};
