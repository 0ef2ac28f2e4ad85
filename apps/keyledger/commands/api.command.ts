import { Command } from 'nest-commander';
import { runRole } from './serve.command.js';
import { StrictCommand } from './strict-command.js';

@Command({ name: 'api', description: 'the API alone, on DATABASE_URL and KEYLEDGER_EVENTSTORE' })
export class ApiCommand extends StrictCommand {
  override async run(): Promise<void> {
    await runRole('api', ({ url }) => {
      process.stdout.write(`api ready at ${url}\n`);
    });
  }
}
