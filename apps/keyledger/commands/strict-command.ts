import { CommandRunner } from 'nest-commander';

/** Takes the arguments that it declares, and no others: `login sam` is no sign-in in the browser. */
export abstract class StrictCommand extends CommandRunner {
  override setCommand(command: Parameters<CommandRunner['setCommand']>[0]): this {
    command.allowExcessArguments(false).showHelpAfterError('(--help shows what it takes)');
    return super.setCommand(command);
  }
}
