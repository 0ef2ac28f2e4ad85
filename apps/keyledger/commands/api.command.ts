import { Command, CommandRunner } from 'nest-commander';
import { runRole } from './serve.command.js';

@Command({ name: 'api', description: 'the API alone, on DATABASE_URL and KEYLEDGER_EVENTSTORE' })
export class ApiCommand extends CommandRunner {
  override async run(): Promise<void> {
    await runRole('api', ({ url }) => {
      process.stdout.write(`api ready at ${url}\n`);
    });
  }
}
