import { Command, CommandRunner } from 'nest-commander';

@Command({ name: 'demo', description: 'the tour, on a throw-away instance' })
export class DemoCommand extends CommandRunner {
  override async run(): Promise<void> {
    await Promise.resolve();
  }
}
