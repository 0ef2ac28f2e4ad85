import { Command, Option, SubCommand } from 'nest-commander';
import type { ImportProgress, ImportResult } from '#partners';
import { importPartners } from '#partners';
import { ApiClient, tokenSource } from '../login/index.js';
import { interruption } from '../terminal.js';
import { apiOf } from './login.command.js';
import { StrictCommand } from './strict-command.js';

const EXIT_INTERRUPTED = 130;
const EXIT_REFUSALS = 2;
/** Between two looks at a terminal, and between two lines elsewhere. */
const PROGRESS_REWRITE_INTERVAL_MS = 500;
const PROGRESS_LINE_INTERVAL_MS = 5_000;

/** What `GET /v1/me` says that an import depends on. */
interface Caller {
  readonly networkId: number | null;
  readonly issuer: string;
  readonly subject: string;
}

@SubCommand({
  name: 'partners',
  arguments: '<file>',
  description:
    "import the vendor's partner list (its API's JSON in any of its shapes, or JSON lines)",
})
export class ImportPartnersCommand extends StrictCommand {
  override async run(
    [file = '']: string[],
    options: { readonly api?: string } = {},
  ): Promise<void> {
    const api = apiOf(options);
    const client = new ApiClient({ baseUrl: api, token: tokenSource(api) });
    const show = progressLine();
    const { body: me } = await client.get<Caller>('/v1/me');
    const report = await importPartners({
      file,
      target: JSON.stringify([api, me.networkId, me.issuer, me.subject]),
      signal: interruption(),
      onProgress: show,
      send: async (records, signal) => {
        const { body } = await client.post<{ results: readonly ImportResult[] }>(
          '/v1/partners/import',
          { records },
          { signal },
        );
        return body.results;
      },
    });
    show(report, true);
    for (const { record, partnerId, pointer, reason } of report.refusals)
      process.stderr.write(
        `refused: record ${String(record)}${partnerId === null ? '' : ` (partner ${String(partnerId)})`} ${pointer}: ${reason}\n`,
      );
    if (!report.completed) {
      process.stderr.write('interrupted; the same command goes on from here\n');
      process.exitCode = EXIT_INTERRUPTED;
    } else if (report.refused > 0) process.exitCode = EXIT_REFUSALS;
  }

  @Option({
    flags: '--api <url>',
    description: 'the API (default: KEYLEDGER_API, else this machine)',
  })
  parseApi(value: string): string {
    return value;
  }
}

@Command({
  name: 'import',
  description: 'import what other systems hold',
  subCommands: [ImportPartnersCommand],
})
export class ImportCommand extends StrictCommand {
  override run(): Promise<void> {
    this.command.help();
  }
}

/** A line that rewrites itself at a terminal, and one now and then elsewhere. */
function progressLine(): (progress: ImportProgress, last?: boolean) => void {
  const { isTTY } = process.stderr;
  const interval = isTTY ? PROGRESS_REWRITE_INTERVAL_MS : PROGRESS_LINE_INTERVAL_MS;
  let shownAt = isTTY ? -Infinity : performance.now();
  return (progress, last = false) => {
    const now = performance.now();
    if (!last && now - shownAt < interval) return;
    shownAt = now;
    const percent = Math.floor((100 * progress.bytesRead) / Math.max(1, progress.bytesTotal));
    const text = `${String(percent)} %: ${String(progress.records)} records, ${String(progress.registered)} registered, ${String(progress.changed)} changed, ${String(progress.unchanged)} unchanged, ${String(progress.refused)} refused`;
    process.stderr.write(isTTY ? `\r${text}${last ? '\n' : ''}` : `${text}\n`);
  };
}
