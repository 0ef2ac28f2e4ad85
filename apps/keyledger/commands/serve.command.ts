import { dirname } from 'node:path';
import { Command } from 'nest-commander';
import { GRAPHIQL_PATH } from '../../api/graphiql.js';
import { readCheckedConfig } from '../../composition/checked-config.js';
import { DEVELOPMENT_USERS, readPasswords } from '../../identity-provider/index.js';
import { API_URL_DEFAULT } from '../login/index.js';
import type { Role, Server } from '../serve/start-server.js';
import { startServer } from '../serve/start-server.js';
import { aborted, explain, interruption } from '../terminal.js';
import { StrictCommand } from './strict-command.js';

const PASSWORD_COLUMN = 34;

/** After all was stopped: what still holds the process then is cut off. */
export const EXIT_TIMEOUT_MS = 3_000;

const say = (line: string) => {
  process.stdout.write(`${line}\n`);
};

/** Runs a role until it is told to stop, and then stops cleanly. */
export async function runRole(role: Role, announce: (server: Server) => void): Promise<void> {
  const signal = interruption();
  const server = await startServer({
    role,
    // A line a request is for machines that collect them, not for a person at a terminal.
    config: readCheckedConfig(
      process.env,
      process.cwd(),
      role === 'serve' && process.stderr.isTTY ? 'warn' : 'info',
    ),
    signal,
    tell: say,
    failed: (error) => {
      process.stderr.write(`${explain(error)}\n`);
      process.exitCode = 1;
      process.kill(process.pid, 'SIGTERM');
    },
  });
  announce(server);
  await aborted(signal);
  say('stopping…');
  await server.close();
  say('stopped');
  setTimeout(() => process.exit(), EXIT_TIMEOUT_MS).unref();
}

@Command({
  name: 'serve',
  description: 'everything in one process: database, API, projections, development identities',
})
export class ServeCommand extends StrictCommand {
  override async run(): Promise<void> {
    await runRole('serve', ({ url, log, usersFile, graphiql }) => {
      say(`
Keyledger is ready
  API         ${url}/v1        (REST, described at ${url}/docs)
  GraphQL     ${url}/graphql${graphiql ? `   (in the browser: ${url}${GRAPHIQL_PATH})` : ''}
  health      ${url}/health/ready   metrics ${url}/metrics
  the log     ${log}`);
      if (usersFile !== undefined) say(development(url, usersFile));
      say('\nCtrl-C stops it; nothing that was acknowledged is lost.');
    });
  }
}

function development(url: string, usersFile: string): string {
  const at = url === API_URL_DEFAULT ? '' : ` --api ${url}`;
  // Of this installation only, for its identity provider, which listens on 127.0.0.1 and nowhere else.
  const passwords = readPasswords(dirname(usersFile));
  const users = DEVELOPMENT_USERS.map(
    ({ name, about }) =>
      `    ${name.padEnd(8)}${(passwords.get(name) ?? '').padEnd(PASSWORD_COLUMN)}${about}`,
  );
  return `
  sign in     npx keyledger login --as sam${at}      (or in the browser: npx keyledger login${at})
  a token     export KEYLEDGER_TOKEN=$(npx keyledger token${at})

  development users and their passwords (kept in ${usersFile})
${users.join('\n')}`;
}
