export type { Connection, Edge } from './connection.js';
export {
  CONNECTION_FIRST_DEFAULT,
  CONNECTION_FIRST_MAX,
  connection,
  ConnectionArgs,
  connectionOf,
  PageInfo,
  ReadArgs,
} from './connection.js';
export {
  assessCost,
  assessNesting,
  assessShape,
  GRAPHQL_COST_MAX,
  GRAPHQL_DEPTH_MAX,
  GRAPHQL_DOCUMENT_CHARACTERS_MAX,
  GRAPHQL_FIELDS_MAX,
  GRAPHQL_NESTING_MAX,
  GRAPHQL_ROOT_FIELDS_MAX,
} from './cost.js';
export { ActorObject, ActorTypeName } from './actor.types.js';
export { AnsweredObject, ReceiptObject, SecretReceiptObject } from './answers.types.js';
export { enumOf } from './enums.js';
export { IsIntegerId, IsUuidId } from './ids.js';
export type { ReadAt } from './read-place.js';
export { absent, given, nestedPlace, placeName, readAt, readPlace } from './read-place.js';
export { LOADER_BATCH_MAX, RequestLoaders } from './request-loaders.js';
export { SecretWithheldName } from './secret-withheld.types.js';
export { JsonScalar, PositionScalar, TimeScalar } from './scalars.js';
