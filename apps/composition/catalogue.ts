import { accessEvents, accessMigrations, accessProblems, identitiesProjection } from '#access';
import { auditEvents, auditMigrations, auditProblems, auditProjections } from '#audit';
import { EventCatalogue, ledgerEvents } from '#event-store';
import { eventStoreMigrations } from '#event-store/postgres';
import { keysEvents, keysMigrations, keysProblems, keysProjections } from '#keys';
import { messagingMigrations } from '#messaging';
import { networksEvents, networksProblems, networksProjections } from '#networks';
import {
  partnersEvents,
  partnersMigrations,
  partnersProblems,
  partnersProjections,
} from '#partners';
import type { MigrationClass } from '#platform/postgres';
import { ProblemCatalogue, requestProblems } from '#problems';
import type { Projection } from '#projections';
import { projectionsMigrations, projectionsProblems } from '#projections';
import { sealingMigrations } from '#sealing';

/** Everything that can stand in the log. */
export const eventCatalogue = new EventCatalogue(
  ledgerEvents,
  networksEvents,
  partnersEvents,
  keysEvents,
  accessEvents,
  auditEvents,
);

/** Every way to be refused. */
export const problemCatalogue = new ProblemCatalogue(
  requestProblems,
  projectionsProblems,
  networksProblems,
  partnersProblems,
  keysProblems,
  accessProblems,
  auditProblems,
);

/** Every read model. */
export const projections: readonly Projection[] = [
  ...networksProjections,
  ...partnersProjections,
  ...keysProjections,
  identitiesProjection,
  ...auditProjections,
];

/** What lies in the database beside the log, whichever store holds the log. */
const ledgerMigrations: readonly MigrationClass[] = [
  ...projectionsMigrations,
  ...messagingMigrations,
  ...sealingMigrations,
  ...accessMigrations,
  ...partnersMigrations,
  ...keysMigrations,
  ...auditMigrations,
];

export function migrationsFor(eventStore: 'postgres' | 'eventstoredb'): readonly MigrationClass[] {
  return eventStore === 'postgres'
    ? [...eventStoreMigrations, ...ledgerMigrations]
    : ledgerMigrations;
}
