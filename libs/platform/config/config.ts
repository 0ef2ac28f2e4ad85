import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { plainToInstance, Transform } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  validateSync,
} from 'class-validator';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const PORT_DEFAULT = 7300;
/** As the event store's adapter takes it (`LEDGER_NAME` of #event-store/eventstoredb). */
const LEDGER_NAME = /^[a-z0-9]{1,32}$/;
const CONFIG_BYTES_MAX = 1_048_576;
const WRAPPING_KEY_CHARACTERS = 44;

/** Wrong or missing configuration: each problem names its variable and says what is wrong, and never repeats a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

const integer = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value,
  );
const json = () =>
  Transform(({ value }: { value: unknown }) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return value;
    }
  });
const list = () =>
  Transform(({ value }: { value: unknown }) =>
    typeof value === 'string'
      ? value
          .split(',')
          .map((part) => part.trim())
          .filter((part) => part !== '')
      : value,
  );
const flag = () =>
  Transform(({ value }: { value: unknown }) =>
    value === 'true' || value === '1' ? true : value === 'false' || value === '0' ? false : value,
  );

/** The variables, as the environment or the configuration file names them. */
class Variables {
  @IsOptional()
  @IsString()
  @MinLength(1)
  KEYLEDGER_DATA_DIR?: string;

  @IsOptional()
  @IsString()
  @MinLength(1)
  KEYLEDGER_HOST?: string;

  @integer()
  @IsOptional()
  @IsInt({ message: 'must be a port, 0 to 65535 (0: any free one)' })
  @Min(0, { message: 'must be a port, 0 to 65535 (0: any free one)' })
  @Max(65_535, { message: 'must be a port, 0 to 65535 (0: any free one)' })
  KEYLEDGER_PORT?: number;

  @IsOptional()
  @IsString()
  KEYLEDGER_PUBLIC_URL?: string;

  @IsOptional()
  @IsString()
  DATABASE_URL?: string;

  @IsOptional()
  @IsString()
  KEYLEDGER_EVENTSTORE?: string;

  @IsOptional()
  @Matches(LEDGER_NAME, { message: 'must be 1 to 32 small letters and digits' })
  KEYLEDGER_EVENTSTORE_LEDGER?: string;

  @json()
  @IsOptional()
  @IsArray({
    message:
      'must be a JSON list of issuers: [{"issuer", "audience", "networkClaim", "networks", "operators"}]',
  })
  KEYLEDGER_ISSUERS?: unknown[];

  @IsOptional()
  @IsString()
  @MaxLength(WRAPPING_KEY_CHARACTERS, { message: 'must be 32 bytes in base64 (44 characters)' })
  KEYLEDGER_WRAPPING_KEY?: string;

  @IsOptional()
  @IsString()
  @MinLength(1)
  KEYLEDGER_WRAPPING_KEY_FILE?: string;

  @IsOptional()
  @IsIn(LOG_LEVELS, { message: `must be one of ${LOG_LEVELS.join(', ')}` })
  KEYLEDGER_LOG_LEVEL?: LogLevel;

  @list()
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  KEYLEDGER_TRUSTED_PROXIES?: string[];

  @integer()
  @IsOptional()
  @IsInt({ message: 'must be a port, 0 to 65535 (0: any free one)' })
  @Min(0, { message: 'must be a port, 0 to 65535 (0: any free one)' })
  @Max(65_535, { message: 'must be a port, 0 to 65535 (0: any free one)' })
  KEYLEDGER_IDENTITY_PROVIDER_PORT?: number;

  @flag()
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  KEYLEDGER_GRAPHIQL?: boolean;
}

export type VariableName = keyof Variables;

/** Which server holds the log. */
export type EventStoreChoice =
  | { readonly kind: 'postgres' }
  | {
      readonly kind: 'eventstoredb';
      readonly connectionString: string;
      /** One of several ledgers on that server, by its name. */
      readonly ledger?: string;
    };

/** One issuer as configured; `#access` checks it further. */
export interface ConfiguredIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri?: string;
  readonly networkClaim: string;
  readonly networks: readonly number[] | 'any';
  readonly operators: boolean;
}

/** Read once at start. Holds secrets: never log it whole. */
export interface Config {
  /** Absolute: lock, embedded server, wrapping key, development identities. */
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end; `undefined`: what the server binds. */
  readonly publicUrl: string | undefined;
  /** `undefined`: the embedded server. */
  readonly databaseUrl: string | undefined;
  readonly eventStore: EventStoreChoice;
  /** `undefined`: the development identity provider. */
  readonly issuers: readonly ConfiguredIssuer[] | undefined;
  readonly wrappingKey: string | undefined;
  readonly wrappingKeyFile: string;
  readonly logLevel: LogLevel;
  readonly trustedProxies: readonly string[];
  /** `undefined`: the port of the last start, else a free one. */
  readonly identityProviderPort: number | undefined;
  readonly graphiql: boolean;
}

export const CONFIG_FILE = 'config.json';

/**
 * The environment, over the optional `config.json` of the data folder (the same names as a JSON object).
 *
 * @throws {ConfigError} one line for each wrong variable.
 */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  workingDir: string,
  logLevelDefault: LogLevel = 'info',
): Config {
  const { KEYLEDGER_DATA_DIR: named = '' } = environment;
  const dataDir = path.resolve(workingDir, named === '' ? '.keyledger' : named);
  const known = variableNames();
  const problems: string[] = [];
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(
    fileVariables(path.join(dataDir, CONFIG_FILE), problems),
  ))
    if (name === 'KEYLEDGER_DATA_DIR')
      problems.push(`${name}: not in ${CONFIG_FILE}, which lies in that folder: set it outside`);
    else if (known.has(name)) plain[name] = value;
    else problems.push(`${CONFIG_FILE}: ${name.slice(0, 60)} is no variable of Keyledger`);
  for (const name of known) {
    const value = environment[name];
    if (value !== undefined && value !== '') plain[name] = value;
  }
  const variables = plainToInstance(Variables, plain);
  for (const { property, constraints } of validateSync(variables, { stopAtFirstError: true }))
    for (const message of Object.values(constraints ?? {}))
      problems.push(`${property}: ${message.replace(`${property} `, '')}`);
  if (problems.length > 0) throw new ConfigError(problems);

  const config: Config = {
    dataDir,
    host: variables.KEYLEDGER_HOST ?? '127.0.0.1',
    port: variables.KEYLEDGER_PORT ?? PORT_DEFAULT,
    publicUrl: publicUrl(problems, variables.KEYLEDGER_PUBLIC_URL),
    databaseUrl: url(problems, 'DATABASE_URL', variables.DATABASE_URL, [
      'postgres:',
      'postgresql:',
    ]),
    eventStore: eventStore(
      problems,
      variables.KEYLEDGER_EVENTSTORE,
      variables.KEYLEDGER_EVENTSTORE_LEDGER,
    ),
    issuers: issuers(problems, variables.KEYLEDGER_ISSUERS),
    wrappingKey: variables.KEYLEDGER_WRAPPING_KEY,
    wrappingKeyFile: path.resolve(dataDir, variables.KEYLEDGER_WRAPPING_KEY_FILE ?? 'wrapping.key'),
    logLevel: variables.KEYLEDGER_LOG_LEVEL ?? logLevelDefault,
    trustedProxies: variables.KEYLEDGER_TRUSTED_PROXIES ?? [],
    identityProviderPort: variables.KEYLEDGER_IDENTITY_PROVIDER_PORT,
    graphiql: variables.KEYLEDGER_GRAPHIQL ?? variables.KEYLEDGER_ISSUERS === undefined,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function variableNames(): ReadonlySet<string> {
  return new Set([
    'KEYLEDGER_DATA_DIR',
    'KEYLEDGER_HOST',
    'KEYLEDGER_PORT',
    'KEYLEDGER_PUBLIC_URL',
    'DATABASE_URL',
    'KEYLEDGER_EVENTSTORE',
    'KEYLEDGER_EVENTSTORE_LEDGER',
    'KEYLEDGER_ISSUERS',
    'KEYLEDGER_WRAPPING_KEY',
    'KEYLEDGER_WRAPPING_KEY_FILE',
    'KEYLEDGER_LOG_LEVEL',
    'KEYLEDGER_TRUSTED_PROXIES',
    'KEYLEDGER_IDENTITY_PROVIDER_PORT',
    'KEYLEDGER_GRAPHIQL',
  ] satisfies VariableName[]);
}

function fileVariables(file: string, problems: string[]): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      problems.push(
        `${file}: can't be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      );
    return {};
  }
  try {
    if (text.length > CONFIG_BYTES_MAX) throw new Error('too large');
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw new Error('no object');
    return parsed as Readonly<Record<string, unknown>>;
  } catch {
    problems.push(`${file}: is not a JSON object; mend or remove it`);
    return {};
  }
}

function url(
  problems: string[],
  name: VariableName,
  text: string | undefined,
  protocols: readonly string[],
): string | undefined {
  if (text === undefined) return undefined;
  if (!protocols.includes(URL.parse(text)?.protocol ?? ''))
    problems.push(
      `${name}: must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
    );
  return text;
}

/** Paths are put behind it, and it stands in links that people send. */
function publicUrl(problems: string[], text: string | undefined): string | undefined {
  const name = 'KEYLEDGER_PUBLIC_URL';
  url(problems, name, text, ['http:', 'https:']);
  if (text !== undefined && /[?#]|\/\/[^/]*@/.test(text))
    problems.push(`${name}: must have no user, no query and no fragment`);
  return text?.replace(/\/+$/, '');
}

function eventStore(
  problems: string[],
  text: string | undefined,
  ledger: string | undefined,
): EventStoreChoice {
  if (text !== undefined && /^esdb(\+discover)?:\/\//.test(text))
    return { kind: 'eventstoredb', connectionString: text, ...(ledger ? { ledger } : {}) };
  if (ledger !== undefined)
    problems.push(
      'KEYLEDGER_EVENTSTORE_LEDGER: only with an EventStoreDB; in PostgreSQL each ledger has a database of its own',
    );
  if (text === undefined || text === 'postgres') return { kind: 'postgres' };
  problems.push(
    'KEYLEDGER_EVENTSTORE: must be "postgres" or a connection string that starts with esdb:// or esdb+discover://',
  );
  return { kind: 'postgres' };
}

function issuers(
  problems: string[],
  value: readonly unknown[] | undefined,
): readonly ConfiguredIssuer[] | undefined {
  if (value === undefined) return undefined;
  if (value.length === 0) problems.push('KEYLEDGER_ISSUERS: names no issuer, so nobody could call');
  return value.map((entry, index) => {
    const at = `KEYLEDGER_ISSUERS[${String(index)}]`;
    const { issuer, audience, jwksUri, networkClaim, networks, operators, ...unknown } = (
      typeof entry === 'object' && entry !== null ? entry : {}
    ) as Readonly<Record<string, unknown>>;
    const text = (name: string, field: unknown): string => {
      if (typeof field === 'string' && field !== '') return field;
      problems.push(`${at}.${name}: must be a text`);
      return '';
    };
    for (const name of Object.keys(unknown))
      problems.push(`${at}.${name.slice(0, 60)}: is not known`);
    const ids =
      Array.isArray(networks) && networks.every((id) => Number.isSafeInteger(id) && Number(id) > 0);
    if (!ids && networks !== 'any')
      problems.push(`${at}.networks: must be a list of network ids, or "any"`);
    if (operators !== undefined && typeof operators !== 'boolean')
      problems.push(`${at}.operators: must be true or false`);
    return {
      issuer: text('issuer', issuer),
      audience: text('audience', audience),
      ...(jwksUri === undefined ? {} : { jwksUri: text('jwksUri', jwksUri) }),
      networkClaim: networkClaim === undefined ? 'network_id' : text('networkClaim', networkClaim),
      networks: ids ? (networks as readonly number[]) : 'any',
      operators: operators === true,
    };
  });
}
