/** How to reach an EventStoreDB, as its connection string says. */
export interface ConnectionSettings {
  readonly hosts: readonly Host[];
  /** `esdb+discover`: the one host stands for a cluster. Several hosts are asked for the leader in any case. */
  readonly discover: boolean;
  readonly tls: boolean;
  /** PEM file of the authority that signed the server's certificate. */
  readonly tlsCaFile?: string;
  readonly userCertFile?: string;
  readonly userKeyFile?: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly connectionName?: string;
  readonly defaultDeadlineMs?: number;
  readonly keepAliveIntervalMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly discoveryIntervalMs?: number;
  readonly discoverAttemptsMax?: number;
  readonly gossipTimeoutSeconds: number;
}

export interface Host {
  readonly address: string;
  readonly port: number;
}

/** Names what is wrong with a connection string, never a credential of it. */
export class ConnectionStringError extends Error {
  override readonly name = 'ConnectionStringError';
}

export const EVENTSTOREDB_PORT_DEFAULT = 2113;
/**
 * While calls wait, the server is pinged so often; it answers without touching its log, so that a busy one answers too.
 * With the time-out below, a frozen or cut-off node is left within 5 s, and a new leader gets most of a request's
 * deadline. The client's own defaults, 10 s each, leave none. A needless reconnect harms nothing: what was under way is
 * sent again, the same ids at the same revision.
 */
export const KEEP_ALIVE_INTERVAL_MS_DEFAULT = 2_000;
/** Proxies in front of a server may close connections that ping more often. */
export const KEEP_ALIVE_INTERVAL_MS_MIN = 1_000;
export const KEEP_ALIVE_TIMEOUT_MS_DEFAULT = 3_000;
/** The nodes are asked for the leader one after another, in any order: also the one that was just left as frozen. */
export const GOSSIP_TIMEOUT_SECONDS_DEFAULT = 2;

const PORT_MAX = 65_535;
const SHAPE = /^(esdb|esdb\+discover):\/\/(?:([^@/]*)@)?([^/?@]+)\/?(?:\?(.*))?$/;

/**
 * The client package has a parser of its own, which prints the whole string, password included, for an option that it
 * does not know, and takes a password only up to its first colon.
 *
 * @throws {ConnectionStringError}
 */
export function parseConnectionString(text: string): ConnectionSettings {
  const [, protocol, login, hostList = '', query = ''] = SHAPE.exec(text.trim()) ?? [];
  if (protocol === undefined)
    throw new ConnectionStringError(
      'not of the shape esdb://user:password@host:port?option=value (or esdb+discover://…)',
    );
  const credentials = login === undefined ? undefined : parseLogin(login);
  const options = parseOptions(query);
  const hosts = hostList.split(',').map(parseHost);
  if (protocol === 'esdb+discover' && hosts.length > 1)
    throw new ConnectionStringError('esdb+discover takes one host; list several with esdb://');
  if ((options.userCertFile === undefined) !== (options.userKeyFile === undefined))
    throw new ConnectionStringError('userCertFile and userKeyFile go together');
  return {
    hosts,
    discover: protocol === 'esdb+discover',
    ...(credentials && { credentials }),
    ...options,
  };
}

/** For logs: where, and whether encrypted. */
export function describeConnection({ hosts, discover, tls }: ConnectionSettings): string {
  const list = hosts.map(({ address, port }) => `${address}:${String(port)}`).join(',');
  return `eventstoredb ${discover ? 'esdb+discover' : 'esdb'}://${list}${tls ? '' : ' without TLS'}`;
}

function parseLogin(login: string): { username: string; password: string } {
  const [name, password] = login.split(/:(.*)/s);
  if (name === undefined || name === '' || password === undefined)
    throw new ConnectionStringError('what stands before @ is not user:password');
  try {
    return { username: decodeURIComponent(name), password: decodeURIComponent(password) };
  } catch {
    throw new ConnectionStringError('user or password are not percent-encoded');
  }
}

function parseHost(text: string): Host {
  const [, address, port] = /^(\[[0-9a-f:.]+\]|[^:[\]\s]+)(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const number = port === undefined ? EVENTSTOREDB_PORT_DEFAULT : Number(port);
  if (address === undefined || number < 1 || number > PORT_MAX)
    // Not the text itself: where the @ was forgotten it holds the password.
    throw new ConnectionStringError('what stands for a host is not name:port');
  return { address, port: number };
}

type Options = Omit<ConnectionSettings, 'hosts' | 'discover' | 'credentials'>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function parseOptions(query: string): Options {
  const options: Mutable<Options> = {
    tls: true,
    keepAliveIntervalMs: KEEP_ALIVE_INTERVAL_MS_DEFAULT,
    keepAliveTimeoutMs: KEEP_ALIVE_TIMEOUT_MS_DEFAULT,
    gossipTimeoutSeconds: GOSSIP_TIMEOUT_SECONDS_DEFAULT,
  };
  for (const [name, value] of new URLSearchParams(query)) {
    const known = OPTIONS[name.toLowerCase().replace(/[_-]/g, '')];
    if (!known) throw new ConnectionStringError(`unknown option ${name}`);
    known(options, value, name);
  }
  return options;
}

type Read = (options: Mutable<Options>, value: string, name: string) => void;

const OPTIONS: Readonly<Record<string, Read | undefined>> = {
  tls: (options, value, name) => {
    options.tls = flag(value, name);
  },
  tlscafile: (options, value) => {
    options.tlsCaFile = value;
  },
  usercertfile: (options, value) => {
    options.userCertFile = value;
  },
  userkeyfile: (options, value) => {
    options.userKeyFile = value;
  },
  connectionname: (options, value) => {
    options.connectionName = value;
  },
  defaultdeadline: (options, value, name) => {
    options.defaultDeadlineMs = atLeast(1, value, name);
  },
  keepaliveinterval: (options, value, name) => {
    options.keepAliveIntervalMs = atLeast(KEEP_ALIVE_INTERVAL_MS_MIN, value, name);
  },
  keepalivetimeout: (options, value, name) => {
    options.keepAliveTimeoutMs = atLeast(1, value, name);
  },
  discoveryinterval: (options, value, name) => {
    options.discoveryIntervalMs = atLeast(1, value, name);
  },
  maxdiscoverattempts: (options, value, name) => {
    options.discoverAttemptsMax = atLeast(1, value, name);
  },
  gossiptimeout: (options, value, name) => {
    options.gossipTimeoutSeconds = atLeast(1, value, name);
  },
  tlsverifycert: (_options, value, name) => {
    if (!flag(value, name))
      throw new ConnectionStringError(
        'tlsVerifyCert=false is not offered: name the authority in tlsCAFile',
      );
  },
  nodepreference: (_options, value) => {
    if (value.toLowerCase() !== 'leader')
      throw new ConnectionStringError(
        'nodePreference must be leader: a follower may lag behind what was acknowledged',
      );
  },
  throwonappendfailure: (_options, value, name) => {
    if (!flag(value, name)) throw new ConnectionStringError('throwOnAppendFailure must be true');
  },
};

function flag(value: string, name: string): boolean {
  if (value !== 'true' && value !== 'false')
    throw new ConnectionStringError(`${name} must be true or false`);
  return value === 'true';
}

function atLeast(least: number, value: string, name: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < least)
    throw new ConnectionStringError(`${name} must be a whole number from ${String(least)}`);
  return number;
}
