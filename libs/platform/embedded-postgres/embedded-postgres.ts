import { execFile, spawn } from 'node:child_process';
import type { ChildProcess, ExecFileException } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createPool } from '../postgres/index.js';
import { usableBinaries } from './binaries.js';
import type { PostgresBinaries } from './binaries.js';
import { EmbeddedPostgresError, reason } from './embedded-postgres.errors.js';
import { lockFolder } from './folder-lock.js';
import type { FolderLock } from './folder-lock.js';
import { prepareFolder, serverState, STATE_FILE } from './place.js';
import type { ServerState } from './place.js';
import { processesWorkingIn, processStamp, servesDataFolder, signal, until } from './processes.js';
import { giveTo, initdbUser, serverUser } from './server-user.js';
import type { ServerUser } from './server-user.js';

/** After a crash the server replays its log first. */
export const START_TIMEOUT_MS = 60_000;
/** A fast shutdown writes a checkpoint; what is not done by then is ended as a crash would, and recovered at the next start. */
export const STOP_TIMEOUT_MS = 15_000;
/** Until every process of a server that was told to quit is gone. */
export const QUIT_TIMEOUT_MS = 5_000;
/** Somebody else may take the free port between our look and the server's. */
export const PORT_ATTEMPTS_MAX = 5;
/** A server that ended by itself is started again; after this many within `RESTART_WINDOW_MS` it stays down. */
export const RESTARTS_MAX = 5;
export const RESTART_WINDOW_MS = 60_000;
export const RESTART_DELAY_MS = 200;

export const OWNER = 'keyledger';
export const DATABASE = 'keyledger';
const ADMIN = 'postgres';
const HOST = '127.0.0.1';

/** What `initdb` says under a uid of which /etc/passwd knows nothing, as in some containers. */
const NO_ACCOUNT = /could not look up effective user ID/;
const WITHOUT_ACCOUNT =
  ': start as a user with an account, give this uid one in /etc/passwd, or set DATABASE_URL to a server of your own';

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: HOST,
  unix_socket_directories: '',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  max_connections: '200',
  // A rebuild writes faster than checkpoints come around at the default.
  max_wal_size: '2GB',
  // Processes that read for others cost more than they bring where most is in the system's memory, and cores are few.
  io_method: 'sync',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // A statement or a key's values never reach the log: they may be what must not stand there. Clients get their errors.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
};

export interface EmbeddedPostgresOptions {
  /** `.keyledger` of an installation: the lock, the state and, where the server's user can reach it, the data. */
  readonly folder: string;
  /** Lines for the person who started it: where the data lies, a server that was left behind, a restart. */
  readonly say?: (line: string) => void;
  /** Tried first; when somebody else has it, or without one, a free port is taken. */
  readonly port?: number;
  /** Changes to the server's settings, such as `shared_buffers`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** The database of the ledger as its owner (not a superuser). Holds a password: never log it. */
  readonly url: string;
  /** The same database as the server's superuser. */
  readonly adminUrl: string;
  readonly port: number;
  /** Where `data` and `server.log` lie. */
  readonly place: string;
  /** Of the server that runs now; it changes when a server that ended by itself was started again. */
  readonly serverProcessId: number;
  /** Settles when the server ended by itself too often and was given up. */
  readonly failed: Promise<EmbeddedPostgresError>;
  /** Ends open sessions, writes all to disk, returns when the last process is gone. */
  stop(): Promise<void>;
}

/**
 * A real PostgreSQL on this machine, on 127.0.0.1 and a free port, UTF-8 and C collation whatever the locale, durable
 * (`fsync` on). What an earlier process left running on the same folder is stopped first. It has a process group of its
 * own: Ctrl-C in a terminal does not reach it, its parent stops it after its own work.
 *
 * @throws {FolderInUseError} another process runs on this folder.
 * @throws {EmbeddedPostgresError} one line that says what is wrong and what to do.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const folder = path.resolve(options.folder);
  prepareFolder(folder);
  let lock: FolderLock | undefined;
  try {
    lock = lockFolder(folder);
    const user = serverUser();
    const state = serverState(folder, user);
    const binaries = usableBinaries(user, copyRoot(folder, state));
    const say = options.say ?? (() => undefined);
    if (path.dirname(state.place) !== folder)
      say(
        `PostgreSQL keeps its data in ${state.place}: its unprivileged uid can't reach ${folder}`,
      );
    const settings = { ...SETTINGS, ...options.settings };
    const server = new Server(binaries, user, state, settings, say, lock);
    await server.start(options.port);
    return server;
  } catch (error) {
    lock?.release();
    throw error instanceof EmbeddedPostgresError
      ? error
      : new EmbeddedPostgresError(`PostgreSQL did not start: ${reason(error)}`);
  }
}

/**
 * Stops the server that was left behind in the folder and removes folder and data: for throw-away instances only.
 *
 * @throws {FolderInUseError} another process runs on it.
 */
export async function discardEmbeddedPostgres(folder: string): Promise<void> {
  if (!existsSync(folder)) return;
  const lock = lockFolder(folder);
  try {
    if (existsSync(path.join(folder, STATE_FILE))) {
      const { place } = serverState(folder, serverUser());
      if (existsSync(path.join(place, 'data')))
        await stopLeftBehind(path.join(place, 'data'), () => undefined);
      rmSync(place, { recursive: true, force: true });
    }
    rmSync(folder, { recursive: true, force: true });
  } finally {
    lock.release();
  }
}

function copyRoot(folder: string, state: ServerState): string {
  return path.dirname(state.place) === folder ? state.place : path.dirname(state.place);
}

class Server implements EmbeddedPostgres {
  port = 0;
  readonly failed: Promise<EmbeddedPostgresError>;
  private giveUp: (error: EmbeddedPostgresError) => void = () => undefined;
  private child: ChildProcess | undefined;
  private stopping: Promise<void> | undefined;
  private restarting: Promise<void> | undefined;
  private restartsAtMs: number[] = [];

  constructor(
    private readonly binaries: PostgresBinaries,
    private readonly user: ServerUser | undefined,
    private readonly state: ServerState,
    private readonly settings: Readonly<Record<string, string>>,
    private readonly say: (line: string) => void,
    private readonly lock: FolderLock,
  ) {
    this.failed = new Promise((resolve) => {
      this.giveUp = resolve;
    });
  }

  get place(): string {
    return this.state.place;
  }

  get serverProcessId(): number {
    return this.child?.pid ?? 0;
  }

  get url(): string {
    return this.urlOf(OWNER, this.state.ownerPassword, DATABASE);
  }

  get adminUrl(): string {
    return this.urlOf(ADMIN, this.state.adminPassword, DATABASE);
  }

  async start(port?: number): Promise<void> {
    if (existsSync(this.dataFolder)) {
      this.checkMajorVersion();
      await stopLeftBehind(this.dataFolder, this.say);
    } else await this.initialize();
    for (let attempt = 1; ; attempt += 1) {
      this.port = attempt === 1 && port !== undefined ? port : await freePort();
      try {
        await this.launch();
        break;
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt >= PORT_ATTEMPTS_MAX) throw error;
      }
    }
    try {
      await this.createDatabase();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    this.stopping ??= this.stopServer().finally(() => {
      this.lock.release();
    });
    return this.stopping;
  }

  private get dataFolder(): string {
    return path.join(this.state.place, 'data');
  }

  private urlOf(user: string, password: string, database: string): string {
    return `postgres://${user}:${password}@${HOST}:${String(this.port)}/${database}`;
  }

  /** Beside the data's last place first: what a start leaves half done is no database. */
  private async initialize(): Promise<void> {
    const draft = path.join(this.state.place, 'data.new');
    const passwordFile = path.join(this.state.place, 'initdb-password');
    rmSync(draft, { recursive: true, force: true });
    const runAs = this.user ? initdbUser() : undefined;
    mkdirSync(draft, { mode: 0o700 });
    giveTo(runAs, draft);
    rmSync(passwordFile, { force: true });
    writeFileSync(passwordFile, `${this.state.adminPassword}\n`, { mode: 0o600, flag: 'wx' });
    try {
      giveTo(runAs, passwordFile);
      const { error, stderr } = await this.initdb(runAs, [
        `--pgdata=${draft}`,
        `--username=${ADMIN}`,
        `--pwfile=${passwordFile}`,
        '--auth-host=scram-sha-256',
        '--auth-local=reject',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--text-search-config=simple',
      ]);
      if (error)
        throw new EmbeddedPostgresError(
          `PostgreSQL could not make its data folder in ${this.state.place}: ${
            typeof error.code === 'string' ? reason(error) : tellingLine(stderr)
          }${NO_ACCOUNT.test(stderr) ? WITHOUT_ACCOUNT : ''}`,
        );
    } finally {
      rmSync(passwordFile, { force: true });
    }
    giveTo(this.user, draft);
    for (const name of readdirSync(draft, { recursive: true, encoding: 'utf8' }))
      giveTo(this.user, path.join(draft, name));
    renameSync(draft, this.dataFolder);
  }

  /** It takes seconds, in which the port answers and Ctrl-C is heard. */
  private initdb(
    runAs: ServerUser | undefined,
    args: readonly string[],
  ): Promise<{ readonly error: ExecFileException | null; readonly stderr: string }> {
    const options = { ...runAs, cwd: '/', env: SERVER_ENVIRONMENT, timeout: START_TIMEOUT_MS };
    return new Promise((resolve) => {
      execFile(this.binaries.initdb, args, options, (error, _, stderr) => {
        resolve({ error, stderr });
      });
    });
  }

  private checkMajorVersion(): void {
    const file = path.join(this.dataFolder, 'PG_VERSION');
    const found = existsSync(file) ? readFileSync(file, 'utf8').trim() : 'unknown';
    if (found !== this.binaries.majorVersion)
      throw new EmbeddedPostgresError(
        `${this.dataFolder} is of PostgreSQL ${found}, this installation brings ${this.binaries.majorVersion}`,
      );
  }

  private async launch(): Promise<void> {
    const logFile = path.join(this.state.place, 'server.log');
    // The last run's log is kept, so both together stay small.
    if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`);
    const log = openSync(logFile, 'w', 0o600);
    const child = spawn(
      this.binaries.postgres,
      [
        '-D',
        this.dataFolder,
        '-p',
        String(this.port),
        ...Object.entries(this.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      {
        ...this.user,
        cwd: '/',
        env: SERVER_ENVIRONMENT,
        stdio: ['ignore', log, log],
        detached: true,
      },
    );
    closeSync(log);
    let ended: string | undefined;
    child.once('error', (error) => {
      ended = reason(error);
    });
    child.once('exit', (code, by) => {
      ended = `it ended with ${by ?? `status ${String(code)}`}`;
    });
    const ready = () => pidFileLines(this.dataFolder)[7]?.trim() === 'ready';
    const started = await until(() => ended !== undefined || ready(), START_TIMEOUT_MS);
    if (ended !== undefined) {
      const said = readFileSync(logFile, 'utf8');
      if (said.includes('Address already in use')) throw new PortTakenError(this.port);
      throw new EmbeddedPostgresError(`PostgreSQL did not start: ${tellingLine(said) || ended}`);
    }
    if (!started) {
      child.kill('SIGQUIT');
      throw new EmbeddedPostgresError(
        `PostgreSQL was not ready after ${String(START_TIMEOUT_MS / 1000)} s; its log is ${logFile}`,
      );
    }
    this.child = child;
    child.unref();
    child.once('exit', () => {
      if (!this.stopping) this.restarting = this.restart();
    });
  }

  /** On the same port: whoever holds the URL goes on with it. */
  private async restart(): Promise<void> {
    this.say('PostgreSQL ended by itself; starting it again');
    while (!this.stopping) {
      const now = performance.now();
      this.restartsAtMs = this.restartsAtMs.filter((at) => now - at < RESTART_WINDOW_MS);
      if (this.restartsAtMs.length >= RESTARTS_MAX) {
        this.giveUp(
          new EmbeddedPostgresError(
            `PostgreSQL ended ${String(RESTARTS_MAX)} times within a minute; its log is in ${this.state.place}`,
          ),
        );
        return;
      }
      this.restartsAtMs.push(now);
      try {
        await delay(RESTART_DELAY_MS);
        await stopLeftBehind(this.dataFolder, this.say);
        await this.launch();
        return;
      } catch (error) {
        this.say(reason(error));
      }
    }
  }

  private async stopServer(): Promise<void> {
    // What it launches meanwhile is to be stopped too.
    await this.restarting;
    const processId = this.child?.pid;
    if (processId !== undefined) await endServer(processId);
  }

  private async createDatabase(): Promise<void> {
    const admin = createPool({
      url: this.urlOf(ADMIN, this.state.adminPassword, 'postgres'),
      applicationName: 'keyledger-serve',
      statementTimeoutMs: START_TIMEOUT_MS,
      connectionsMax: 1,
    });
    try {
      const role = await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [OWNER]);
      if (role.rowCount === 0)
        await admin.query(
          `CREATE ROLE ${OWNER} LOGIN CREATEROLE CREATEDB PASSWORD '${this.state.ownerPassword}'`,
        );
      const database = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [
        DATABASE,
      ]);
      if (database.rowCount === 0) await admin.query(`CREATE DATABASE ${DATABASE} OWNER ${OWNER}`);
    } finally {
      await admin.end();
    }
  }
}

/** Its parent died without a word (`kill -9`): nobody else can be using it, for we hold the folder's lock. */
async function stopLeftBehind(dataFolder: string, say: (line: string) => void): Promise<void> {
  const data = realpathSync(dataFolder);
  const postmaster = Number(pidFileLines(data)[0]);
  if (Number.isSafeInteger(postmaster) && postmaster > 1 && servesDataFolder(postmaster, data)) {
    say(`stopping the PostgreSQL server that was left behind (process ${String(postmaster)})`);
    await endServer(postmaster);
  }
  // Backends whose postmaster was killed end by themselves, mostly.
  const gone = () => processesWorkingIn(data).length === 0;
  for (const name of ['SIGQUIT', 'SIGKILL'] as const) {
    if (await until(gone, QUIT_TIMEOUT_MS)) break;
    for (const processId of processesWorkingIn(data)) signal(processId, name);
  }
  if (!(await until(gone, QUIT_TIMEOUT_MS)))
    throw new EmbeddedPostgresError(`processes of an earlier server still use ${data}`);
  // PostgreSQL itself asks only whether some process of that id lives, and it may be anybody's by now.
  rmSync(path.join(data, PID_FILE), { force: true });
}

const PID_FILE = 'postmaster.pid';

function pidFileLines(dataFolder: string): readonly string[] {
  try {
    return readFileSync(path.join(dataFolder, PID_FILE), 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Nothing of ours: this process's environment may hold secrets. */
const SERVER_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

async function endServer(processId: number): Promise<void> {
  const stamp = processStamp(processId);
  const gone = () => processStamp(processId) !== stamp || stamp === undefined;
  for (const [name, waitMs] of [
    ['SIGINT', STOP_TIMEOUT_MS],
    ['SIGQUIT', QUIT_TIMEOUT_MS],
    ['SIGKILL', QUIT_TIMEOUT_MS],
  ] as const) {
    if (gone()) return;
    signal(processId, name);
    if (await until(gone, waitMs)) return;
  }
}

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, HOST, () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new EmbeddedPostgresError(`no free port on ${HOST}`));
      });
    });
  });
}

/** What an ending program said about why: it goes on talking after that. */
function tellingLine(text: string): string {
  const lines = text.trim().split('\n');
  const line = lines.findLast((each) => /\b(FATAL|PANIC|error):/.test(each)) ?? lines.at(-1) ?? '';
  return line.replace(/^[-0-9:. ]+ [A-Z]+ \[\d+\] /, '');
}

class PortTakenError extends EmbeddedPostgresError {
  constructor(port: number) {
    super(`PostgreSQL did not start: port ${String(port)} of ${HOST} is taken`);
  }
}
