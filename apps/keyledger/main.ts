import 'reflect-metadata';
import { createRequire } from 'node:module';
import { CommandFactory } from 'nest-commander';
import { CliModule } from './cli.module.js';
import { exitCodeOf, explain, makeRoomForTheEnd, outliveReaders } from './terminal.js';

const { version } = createRequire(import.meta.url)('#package.json') as { readonly version: string };

outliveReaders([process.stdout, process.stderr]);
process.on('exit', makeRoomForTheEnd);
await CommandFactory.run(CliModule, {
  logger: false,
  cliName: 'keyledger',
  version,
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
