import { ApiError } from '../login/index.js';

/** One step of the tour: what is done, and what has to come of it. */
export class Story {
  private done = 0;
  private held = 0;

  constructor(private readonly tell: (line: string) => void) {}

  chapter(title: string): void {
    this.tell(`\n${title}`);
  }

  /** Runs the step; what it answers is told. A failed check or an unexpected refusal is told too, and counted. */
  async step(title: string, work: () => Promise<string>): Promise<void> {
    this.done += 1;
    const number = String(this.done).padStart(2);
    try {
      const outcome = await work();
      this.held += 1;
      this.tell(`  ${number}. ${title}\n      ✓ ${outcome}`);
    } catch (error) {
      this.tell(
        `  ${number}. ${title}\n      ✗ ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** The tour's last line, and whether every step held. */
  finish(stepsExpected: number): boolean {
    this.tell(`\ndemo: ${String(this.held)}/${String(stepsExpected)} steps`);
    return this.held === stepsExpected && this.done === stepsExpected;
  }
}

/** @throws {Error} naming what was expected. */
export function check(holds: boolean, expected: string): void {
  if (!holds) throw new Error(`expected ${expected}`);
}

/** The refusal that has to come. @throws {Error} when there is none, or another. */
export async function refusal(code: string, work: () => Promise<unknown>): Promise<ApiError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ApiError && error.code === code) return error;
    throw error;
  }
  throw new Error(`expected the refusal ${code}, but it was allowed`);
}
