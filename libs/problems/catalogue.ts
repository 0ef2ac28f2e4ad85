import type { DomainErrorCode } from '#kernel';
import type { ProblemDefinition } from './problem.js';

/** Where each code is explained: `<base><context>-<problem>`. */
export const PROBLEM_TYPE_BASE = 'https://keyledger.dev/errors/';

/** The page's file name in `docs/errors`, less `.md`. */
export const problemPage = (code: DomainErrorCode): string => code.replace('/', '-');

/** The one error catalogue, put together at the composition root from each context's section. */
export class ProblemCatalogue {
  private readonly definitions = new Map<DomainErrorCode, ProblemDefinition>();

  /** @throws {TypeError} two sections define one code. */
  constructor(...sections: readonly Readonly<Record<DomainErrorCode, ProblemDefinition>>[]) {
    for (const section of sections)
      for (const [code, definition] of Object.entries(section) as [
        DomainErrorCode,
        ProblemDefinition,
      ][]) {
        if (this.definitions.has(code)) throw new TypeError(`two definitions of problem ${code}`);
        this.definitions.set(code, definition);
      }
  }

  get(code: DomainErrorCode): ProblemDefinition | undefined {
    return this.definitions.get(code);
  }

  codes(): readonly DomainErrorCode[] {
    return [...this.definitions.keys()].sort();
  }
}
