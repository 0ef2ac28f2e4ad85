import { Command, CommandRunner } from 'nest-commander';
import { readConfig } from '#platform/config';
import type { Role } from '../serve/start-server.js';
import { startServer } from '../serve/start-server.js';
import { aborted, explain, interruption } from '../terminal.js';

const say = (line: string) => {
  process.stdout.write(`${line}\n`);
};

/** Runs a role until it is told to stop, and then stops cleanly. */
export async function runRole(role: Role, announce: (url: string) => void): Promise<void> {
  const signal = interruption();
  const server = await startServer({
    role,
    config: readConfig(process.env, process.cwd()),
    signal,
    tell: say,
    failed: (error) => {
      process.stderr.write(`${explain(error)}\n`);
      process.exitCode = 1;
      process.kill(process.pid, 'SIGTERM');
    },
  });
  announce(server.url);
  await aborted(signal);
  say('stopping…');
  await server.close();
  say('stopped');
}

@Command({
  name: 'serve',
  description: 'everything in one process: database, API, projections, development identities',
})
export class ServeCommand extends CommandRunner {
  override async run(): Promise<void> {
    await runRole('serve', (url) => {
      say(`
Keyledger is ready
  API         ${url}/v1        (REST, described at ${url}/docs)
  GraphQL     ${url}/graphql
  health      ${url}/health/ready   metrics ${url}/metrics

  sign in     npx keyledger login --as sam          (or: npx keyledger login, in the browser)
  a token     export KEYLEDGER_TOKEN=$(npx keyledger token)

Ctrl-C stops it; nothing that was acknowledged is lost.`);
    });
  }
}
