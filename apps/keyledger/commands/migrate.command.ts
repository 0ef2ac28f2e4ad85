import { Command } from 'nest-commander';
import { ConfigError } from '#platform/config';
import { readCheckedConfig } from '../../composition/checked-config.js';
import { migrateDatabase } from '../../composition/foundations.js';
import { StrictCommand } from './strict-command.js';

@Command({ name: 'migrate', description: 'bring the database at DATABASE_URL to this release' })
export class MigrateCommand extends StrictCommand {
  override async run(): Promise<void> {
    const config = readCheckedConfig(process.env, process.cwd());
    if (config.databaseUrl === undefined)
      throw new ConfigError([
        'DATABASE_URL: is not set; the embedded server is migrated by `keyledger serve`',
      ]);
    const done = await migrateDatabase(config, config.databaseUrl);
    process.stdout.write(done.length === 0 ? 'nothing to do\n' : `${done.join('\n')}\n`);
  }
}
