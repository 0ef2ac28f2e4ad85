/** The embedded server can't be started. The message is one line for the person at the terminal: what is wrong, what to do. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** Another process runs on the same folder. */
export class FolderInUseError extends EmbeddedPostgresError {
  constructor(
    readonly folder: string,
    readonly processId: number,
  ) {
    super(
      `${folder} is in use by the running process ${String(processId)}: stop that one first, or choose another folder`,
    );
  }
}

/** The message of anything that was thrown. By shape and not by class: Node's own errors can be of another realm. */
export function reason(error: unknown): string {
  const message = memberOf(error, 'message');
  return typeof message === 'string' ? message : String(error);
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = memberOf(error, 'code');
  return typeof code === 'string' && codes.includes(code);
}

function memberOf(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null
    ? (error as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
