export type {
  Config,
  ConfiguredIssuer,
  EventStoreChoice,
  LogLevel,
  VariableName,
} from './config.js';
export { CONFIG_FILE, ConfigError, LOG_LEVELS, PORT_DEFAULT, readConfig } from './config.js';
