export type { ProblemStatus } from './documentation.decorator.js';
export {
  ApiIfMatch,
  ApiProblems,
  ETAG,
  LOCATION,
  PROBLEM_MEANINGS,
} from './documentation.decorator.js';
export {
  FromDecimal,
  IsInstantText,
  IsIntegerId,
  IsIntegerIdText,
  IsText,
  IsUuidText,
  TEXT_UNITS_MAX,
} from './fields.js';
export { isTooDeep, JSON_DEPTH_MAX } from './json-depth.js';
export { PageInfoResponse, PageOf } from './page.dto.js';
export { pageInput, PageParameters, readOptions, ReadParameters } from './read.dto.js';
