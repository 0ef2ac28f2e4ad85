export type { ProblemDefinition, ProblemSection } from './problem.js';
