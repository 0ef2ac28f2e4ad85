import { CreateProjectionTables1763800000300 } from './create-projection-tables.migration.js';

export const projectionsMigrations = [CreateProjectionTables1763800000300] as const;
