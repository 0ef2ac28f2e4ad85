export type { LogSink } from './logging.module.js';
export {
  createLogger,
  LOG_LINE_CHARACTERS_MAX,
  LoggingModule,
  redacting,
} from './logging.module.js';
export { REDACTED, redactSecrets } from './redaction.js';
