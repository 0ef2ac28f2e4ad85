import path from 'node:path';
import { Command, Option } from 'nest-commander';
import { readConfig } from '#platform/config';
import { USERS_FILE } from '../../identity-provider/index.js';
import { API_URL_DEFAULT, login, logout, tokenSource } from '../login/index.js';
import { IDENTITY_FOLDER } from '../serve/places.js';
import { StrictCommand } from './strict-command.js';

interface LoginOptions {
  readonly api?: string;
  readonly device?: boolean;
  readonly as?: string;
  readonly issuer?: string;
}

const say = (line: string) => {
  process.stderr.write(`${line}\n`);
};

abstract class WithApi extends StrictCommand {
  @Option({
    flags: '--api <url>',
    description: 'the API (default: KEYLEDGER_API, else this machine)',
  })
  parseApi(value: string): string {
    return value;
  }
}

export const apiOf = (options: { readonly api?: string }): string =>
  (options.api ?? process.env['KEYLEDGER_API'] ?? API_URL_DEFAULT).replace(/\/+$/, '');

@Command({
  name: 'login',
  description: 'sign in: in the browser, by device code, or as a development user',
})
export class LoginCommand extends WithApi {
  override async run(_arguments: string[], options: LoginOptions = {}): Promise<void> {
    const api = apiOf(options);
    const { issuer, file } = await login({
      api,
      tell: say,
      ...(options.device === undefined ? {} : { device: options.device }),
      ...(options.issuer === undefined ? {} : { issuer: options.issuer }),
      ...(options.as === undefined
        ? {}
        : {
            as: {
              user: options.as,
              passwordsFile: path.join(
                readConfig(process.env, process.cwd()).dataDir,
                IDENTITY_FOLDER,
                USERS_FILE,
              ),
            },
          }),
    });
    say(`signed in at ${issuer}; the token is kept in ${file}`);
  }

  @Option({
    flags: '--device',
    description: 'show a code to enter in a browser on another machine',
  })
  parseDevice(): boolean {
    return true;
  }

  @Option({
    flags: '--as <user>',
    description: 'a development user of `npm start` (olivia, sam, max, kim, cora, pat, nora)',
  })
  parseAs(value: string): string {
    return value;
  }

  @Option({
    flags: '--issuer <url>',
    description: 'the identity provider (default: what the API says)',
  })
  parseIssuer(value: string): string {
    return value;
  }
}

@Command({ name: 'logout', description: 'forget the token, here and at the identity provider' })
export class LogoutCommand extends WithApi {
  override async run(_arguments: string[], options: LoginOptions = {}): Promise<void> {
    say((await logout(apiOf(options))) ? 'signed out' : 'nobody was signed in');
  }
}

@Command({ name: 'token', description: 'print a fresh access token, for scripts and curl' })
export class TokenCommand extends WithApi {
  override async run(_arguments: string[], options: LoginOptions = {}): Promise<void> {
    process.stdout.write(`${await tokenSource(apiOf(options))()}\n`);
  }
}
