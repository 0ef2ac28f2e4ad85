import { Command } from 'nest-commander';
import { runRole } from './serve.command.js';
import { StrictCommand } from './strict-command.js';

@Command({
  name: 'projector',
  description: 'projections and processes alone; one runs each, others stand by',
})
export class ProjectorCommand extends StrictCommand {
  override async run(): Promise<void> {
    await runRole('projector', ({ url }) => {
      process.stdout.write(`projector ready at ${url}\n`);
    });
  }
}
