export { LOGGED_PATH_SEGMENTS_MAX, LoggedPaths } from './logged-paths.js';
export type { LogSink } from './logging.module.js';
export {
  createLogger,
  LOG_LINE_CHARACTERS_MAX,
  LoggingModule,
  redacting,
} from './logging.module.js';
export { REDACTED, redactSecrets } from './redaction.js';
export { RequestLines } from './request-lines.js';
