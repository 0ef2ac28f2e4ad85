import 'reflect-metadata';
import { CommandFactory } from 'nest-commander';
import { CliModule } from './cli.module.js';
import { exitCodeOf, explain } from './terminal.js';

await CommandFactory.run(CliModule, {
  logger: false,
  cliName: 'keyledger',
  usePlugins: false,
  serviceErrorHandler: (error) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(exitCodeOf(error));
  },
  errorHandler: (error) => {
    // Commander has printed its own words (a help text, an unknown option).
    process.exit('exitCode' in error && typeof error.exitCode === 'number' ? error.exitCode : 1);
  },
});
