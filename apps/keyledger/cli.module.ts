import { Module } from '@nestjs/common';
import { ApiCommand } from './commands/api.command.js';
import { DemoCommand } from './commands/demo.command.js';
import { ImportCommand, ImportPartnersCommand } from './commands/import.command.js';
import { LoginCommand, LogoutCommand, TokenCommand } from './commands/login.command.js';
import { MigrateCommand } from './commands/migrate.command.js';
import {
  DropBuildCommand,
  ProjectionsCommand,
  SwitchBuildCommand,
  VerifyProjectionsCommand,
} from './commands/projections.command.js';
import { ProjectorCommand } from './commands/projector.command.js';
import { ServeCommand } from './commands/serve.command.js';

@Module({
  providers: [
    ServeCommand,
    ApiCommand,
    ProjectorCommand,
    MigrateCommand,
    ProjectionsCommand,
    VerifyProjectionsCommand,
    SwitchBuildCommand,
    DropBuildCommand,
    LoginCommand,
    LogoutCommand,
    TokenCommand,
    ImportCommand,
    ImportPartnersCommand,
    DemoCommand,
  ],
})
export class CliModule {}
