/** `<context>/<problem>`, the stable name of one way to be refused; `#problems` holds its status, title and page. */
export type DomainErrorCode = `${string}/${string}`;

/** A refusal that the domain means. `details` are shown to the caller: plain JSON, never a secret. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: DomainErrorCode,
    readonly details: Readonly<Record<string, unknown>> = {},
    /** `cause`: for the log, never for the caller. */
    options?: ErrorOptions,
  ) {
    super(code, options);
  }
}
