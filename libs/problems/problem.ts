import type { DomainErrorCode } from '#kernel';

/** How one refusal is shown: REST as `application/problem+json` (RFC 9457), GraphQL as `extensions.code`. */
export interface ProblemDefinition {
  readonly status: number;
  readonly title: string;
  /** Says what to do. No secret, nothing about what the caller may not see. */
  readonly detail: string;
  /** Seconds, for the header `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** One context's part of the error catalogue: total over its codes. `docs/errors/<context>-<problem>.md` explains each. */
export type ProblemSection<Code extends DomainErrorCode> = Readonly<
  Record<Code, ProblemDefinition>
>;
