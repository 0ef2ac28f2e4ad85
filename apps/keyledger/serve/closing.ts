/** What was opened, closed in the opposite order; one that fails does not keep the others open. */
export class Closing {
  private readonly steps: (() => Promise<void> | void)[] = [];
  private done: Promise<void> | undefined;

  constructor(private readonly failed: (error: unknown) => void) {}

  add(step: () => Promise<void> | void): void {
    this.steps.push(step);
  }

  close(): Promise<void> {
    this.done ??= this.run();
    return this.done;
  }

  private async run(): Promise<void> {
    for (const step of this.steps.toReversed())
      try {
        await step();
      } catch (error) {
        this.failed(error);
      }
  }
}
