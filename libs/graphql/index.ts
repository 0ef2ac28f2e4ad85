export type { Connection, Edge } from './connection.js';
export {
  CONNECTION_FIRST_DEFAULT,
  CONNECTION_FIRST_MAX,
  ConnectionArgs,
  connectionOf,
  PageInfo,
  ReadArgs,
} from './connection.js';
export {
  assessCost,
  assessShape,
  GRAPHQL_COST_MAX,
  GRAPHQL_DEPTH_MAX,
  GRAPHQL_DOCUMENT_CHARACTERS_MAX,
  GRAPHQL_FIELDS_MAX,
  GRAPHQL_ROOT_FIELDS_MAX,
} from './cost.js';
export { PositionScalar, TimeScalar } from './scalars.js';
