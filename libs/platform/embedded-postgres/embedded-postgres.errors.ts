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

/** The message of anything that was thrown. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && codes.includes(code);
}
