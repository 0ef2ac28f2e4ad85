import { lchownSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

/**
 * PostgreSQL refuses to run as root, so as root its processes get this uid and gid, which no account has: nothing else on
 * the machine may read the data. It lies below 65,536, so that containers with the usual id map know it.
 */
export const SERVER_USER_ID = 60_666;
/** `initdb` alone wants a uid that /etc/passwd knows. */
const INITDB_ACCOUNTS = ['nobody', 'daemon', 'bin'] as const;

export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
}

/** Whom the server runs as; `undefined`: as ourselves. */
export function serverUser(): ServerUser | undefined {
  return process.getuid?.() === 0 ? { uid: SERVER_USER_ID, gid: SERVER_USER_ID } : undefined;
}

/** An account of /etc/passwd without rights, whom `initdb` runs as. Nothing is created. */
export function initdbUser(): ServerUser {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const account of INITDB_ACCOUNTS) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${account}:`))?.split(':') ?? [];
    if (Number(uid) > 0 && Number(gid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and /etc/passwd has none of the accounts ${INITDB_ACCOUNTS.join(', ')}: ` +
      'start as an ordinary user, or set DATABASE_URL to a server of your own',
  );
}

/** Whether this user may walk into the folder: search permission on it and on all above it. */
export function canReach(user: ServerUser | undefined, folder: string): boolean {
  if (!user) return true;
  let at = realpathSync(folder);
  for (;;) {
    const { mode, uid, gid } = statSync(at);
    const search = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & search) === 0) return false;
    const above = path.dirname(at);
    if (above === at) return true;
    at = above;
  }
}

export function giveTo(user: ServerUser | undefined, file: string): void {
  if (!user) return;
  try {
    lchownSync(file, user.uid, user.gid);
  } catch {
    throw new EmbeddedPostgresError(
      `${file} can't be given to the unprivileged uid ${String(user.uid)} that PostgreSQL runs as: ` +
        'start as an ordinary user, or set DATABASE_URL to a server of your own',
    );
  }
}
