export type {
  Config,
  ConfiguredIssuer,
  EventStoreChoice,
  LogLevel,
  VariableName,
} from './config.js';
export {
  CONFIG_FILE,
  ConfigError,
  IDENTITY_PROVIDER_PORT_DEFAULT,
  LOG_LEVELS,
  PORT_DEFAULT,
  readConfig,
} from './config.js';
