import { Injectable } from '@nestjs/common';

export const HEALTH_CHECK_TIMEOUT_MS = 2_000;

/** `detail` is for operators: names and positions, never a credential or an address with one. */
export interface HealthReading {
  readonly up: boolean;
  readonly detail?: string;
}

/** What must work for this process to be given requests. Parts register themselves under a name. */
@Injectable()
export class HealthChecks {
  private readonly checks = new Map<string, () => Promise<HealthReading>>();
  private draining = false;

  register(name: string, check: () => Promise<HealthReading>): void {
    this.checks.set(name, check);
  }

  /** From now on not ready: a shutdown began, requests in flight are finished. */
  drain(): void {
    this.draining = true;
  }

  async readiness(): Promise<{
    readonly up: boolean;
    readonly checks: Readonly<Record<string, HealthReading>>;
  }> {
    const readings = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, await bounded(check)] as const),
    );
    const checks: Record<string, HealthReading> = Object.fromEntries(readings);
    if (this.draining) checks['shutdown'] = { up: false, detail: 'shutting down' };
    return { up: Object.values(checks).every(({ up }) => up), checks };
  }
}

async function bounded(check: () => Promise<HealthReading>): Promise<HealthReading> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<HealthReading>((resolve) => {
    timer = setTimeout(() => {
      resolve({ up: false, detail: `no answer within ${String(HEALTH_CHECK_TIMEOUT_MS)} ms` });
    }, HEALTH_CHECK_TIMEOUT_MS);
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return { up: false, detail: error instanceof Error ? error.name : 'failed' };
  } finally {
    clearTimeout(timer);
  }
}
