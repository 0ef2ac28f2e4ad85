import { Command, Option, SubCommand } from 'nest-commander';
import { ConfigError } from '#platform/config';
import { redactSecrets } from '#platform/logging';
import type { BuildProgress, ConsumerStatus, Projection, Verification } from '#projections';
import { createRunnerPool, LOG_TIMES, ProjectionBuilds, SwitchRefusedError } from '#projections';
import { eventCatalogue, projections } from '../../composition/catalogue.js';
import { readCheckedConfig } from '../../composition/checked-config.js';
import { openFoundationsAsTheyAre } from '../../composition/foundations.js';
import { ArgumentsError, explain, interruption, terminalLogger } from '../terminal.js';
import { StrictCommand } from './strict-command.js';

/** Between lines of progress, where they are not rewritten. */
const PROGRESS_LINE_INTERVAL_MS = 5_000;
const PROGRESS_REWRITE_INTERVAL_MS = 500;
const COLUMN_GAP = '  ';

const say = (line: string) => {
  process.stdout.write(`${line}\n`);
};
const tell = (line: string) => {
  process.stderr.write(`${line}\n`);
};

/** As `keyledger projector`, in the runtime role and with its time-outs; the log is read only. */
async function withBuilds<T>(work: (builds: ProjectionBuilds) => Promise<T>): Promise<T> {
  const config = readCheckedConfig(process.env, process.cwd(), 'warn');
  const { databaseUrl } = config;
  if (databaseUrl === undefined)
    throw new ConfigError([
      'DATABASE_URL: is not set; the embedded server is a part of `keyledger serve` only, and its projections run there',
    ]);
  const log = terminalLogger(config.logLevel);
  const onError = (error: Error) => {
    log.warn({ error: error.message }, 'a connection broke and is replaced');
  };
  const foundations = await openFoundationsAsTheyAre({
    config,
    databaseUrl,
    processName: 'keyledger projections',
    warn: onError,
  });
  try {
    const pool = createRunnerPool({ connectionString: databaseUrl, onError });
    try {
      const { eventStore: store, clock } = foundations;
      return await work(
        new ProjectionBuilds({ store, catalogue: eventCatalogue, clock, pool, log }),
      );
    } finally {
      await pool.end();
    }
  } finally {
    await foundations.close();
  }
}

@SubCommand({
  name: 'verify',
  arguments: '[names...]',
  description:
    'fill a second set of tables from the log beside each projection (all, or those named), compare row by row, drop it; exit code 1: not equal',
})
export class VerifyProjectionsCommand extends StrictCommand {
  override async run(names: string[]): Promise<void> {
    const chosen = names.length === 0 ? projections : [...new Set(names)].map(projectionNamed);
    const signal = interruption();
    signal.addEventListener('abort', () => {
      tell('stopping, and dropping the second set of tables (again: leave it)');
    });
    await withBuilds(async (builds) => {
      for (const projection of chosen) {
        signal.throwIfAborted();
        const progress = progressOf(projection.name);
        try {
          const verification = await builds
            .verify(projection, signal, (at) => {
              progress.show(at);
            })
            .finally(() => {
              progress.clear();
            });
          say(verificationText(verification));
          if (!verification.equal) process.exitCode = 1;
        } catch (error) {
          if (!(error instanceof SwitchRefusedError)) throw error;
          // The others can be verified all the same.
          tell(explain(error));
          process.exitCode = 1;
        }
      }
    });
  }
}

function projectionNamed(name: string): Projection {
  const found = projections.find((one) => one.name === name);
  if (!found)
    throw new ArgumentsError(
      `no projection ${name} to verify; there are ${projections.map((one) => one.name).join(', ')}`,
    );
  return found;
}

@SubCommand({
  name: 'switch',
  arguments: '<name> <build>',
  description: 'let queries read another build of a projection: roll back, or forward again',
})
export class SwitchBuildCommand extends StrictCommand {
  override async run([name = '', build = '']: string[]): Promise<void> {
    await withBuilds(async (builds) => {
      const before = servingBuild(await builds.statuses(), name);
      await builds.switchTo(name, build);
      const after = await builds.statuses();
      if (before?.build === build) say(`${name} ${build} serves already`);
      else say(`${name} ${build} serves now, and ${before?.build ?? 'nothing'} did before`);
      const now = servingBuild(after, name);
      if (before && now && before.version > now.version)
        say(
          `${before.build} is held back until you switch to it again, or a newer version is filled`,
        );
      if (now?.state === 'unattended')
        tell(
          `nobody keeps ${name} ${build} up to date: start a projector of the release that has it`,
        );
    });
  }
}

const servingBuild = (
  statuses: readonly ConsumerStatus[],
  of: string,
): ConsumerStatus | undefined => statuses.find(({ name, serving }) => serving && name === of);

@SubCommand({
  name: 'drop',
  arguments: '<name> <build>',
  description: 'drop the tables of a build that neither serves nor is run by a projector',
})
export class DropBuildCommand extends StrictCommand {
  override async run([name = '', build = '']: string[]): Promise<void> {
    await withBuilds((builds) => builds.drop(name, build));
    say(`${name} ${build} is dropped`);
  }
}

@Command({
  name: 'projections',
  description:
    'the builds of the read models in the database at DATABASE_URL: which serve, how far they are; verify, roll back, drop',
  subCommands: [VerifyProjectionsCommand, SwitchBuildCommand, DropBuildCommand],
})
export class ProjectionsCommand extends StrictCommand {
  override async run(
    _arguments: string[],
    { json = false }: { readonly json?: boolean } = {},
  ): Promise<void> {
    const statuses = await withBuilds((builds) => builds.statuses());
    const listed = statuses.map(listedBuild);
    if (json) say(JSON.stringify(listed, undefined, 2));
    else if (listed.length === 0) say('no builds yet: start a projector, which fills them');
    else for (const line of aligned([HEADINGS, ...listed.map(cellsOf)])) say(line);
  }

  @Option({ flags: '--json', description: 'the list for machines' })
  parseJson(): boolean {
    return true;
  }
}

interface ListedBuild {
  readonly name: string;
  readonly kind: string;
  readonly build: string;
  readonly serving: boolean;
  readonly state: string;
  /** As in `X-Ledger-Position`; `null`: before its first event. */
  readonly position: string | null;
  readonly lag: { readonly events: number; readonly seconds: number };
  readonly failure: string | null;
}

function listedBuild(status: ConsumerStatus): ListedBuild {
  const { name, kind, build, serving, state, position, lag, failure } = status;
  const event =
    failure?.event &&
    `event ${failure.event.type} ${failure.event.id} at ${String(failure.event.position)}: `;
  return {
    name,
    kind,
    build,
    // The times of the log are read where they are filled: there is nothing to switch.
    serving: serving || name === LOG_TIMES,
    // Whoever runs it, it is not this process.
    state: state === 'standby' ? 'running' : state,
    position: position === undefined ? null : String(position),
    lag: { events: lag.events, seconds: Math.round(lag.seconds) },
    failure: failure ? redactSecrets(`${event ?? ''}${failure.message}`) : null,
  };
}

const HEADINGS = ['NAME', 'BUILD', 'SERVING', 'STATE', 'POSITION', 'LAG', 'FAILURE'] as const;

function cellsOf(listed: ListedBuild): readonly string[] {
  const { name, build, serving, state, position, lag, failure } = listed;
  return [
    name,
    build,
    serving ? 'yes' : 'no',
    state,
    position ?? '-',
    lag.events === 0 ? '0' : `${String(lag.events)} (${String(lag.seconds)} s)`,
    failure?.replaceAll(/\s+/g, ' ') ?? '-',
  ];
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(COLUMN_GAP)
      .trimEnd(),
  );
}

function verificationText({ projection, build, position, equal, tables }: Verification): string {
  const shown = tables.map(({ table, rows, different }) =>
    different === 0
      ? `${table} ${String(rows)} rows`
      : `${table} DIFFERS: ${String(different)} rows are in one set only, ${String(rows)} serve`,
  );
  return `${projection} ${build} at ${String(position)}: ${equal ? 'equal' : 'NOT EQUAL'} (${shown.join(', ')})`;
}

interface ProgressLine {
  show(progress: BuildProgress): void;
  clear(): void;
}

/** A line that rewrites itself at a terminal, and now and then one elsewhere. */
function progressOf(name: string): ProgressLine {
  const { isTTY } = process.stderr;
  const everyMs = isTTY ? PROGRESS_REWRITE_INTERVAL_MS : PROGRESS_LINE_INTERVAL_MS;
  let shownAt = -Infinity;
  const clear = () => {
    if (isTTY) process.stderr.write('\r\u001b[K');
  };
  return {
    clear,
    show: ({ lagEvents }) => {
      const now = performance.now();
      if (now - shownAt < everyMs) return;
      shownAt = now;
      clear();
      const doing =
        lagEvents === 0 ? 'making indexes, then comparing' : `${String(lagEvents)} events to read`;
      process.stderr.write(`${name}: a second set of tables, ${doing}${isTTY ? '' : '\n'}`);
    },
  };
}
