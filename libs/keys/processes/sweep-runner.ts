import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { Injectable, Logger } from '@nestjs/common';
import { KeysOptions } from '../keys.options.js';
import { ExpirySweep } from './expiry.sweep.js';
import { LostAttemptsSweep } from './lost-attempts.sweep.js';
import type { Sweep } from './sweep.js';

/** Runs the sweeps of this context for as long as its module lives. Every process may: they are safe to run at once. */
@Injectable()
export class SweepRunner implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(SweepRunner.name);
  private readonly stop = new AbortController();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly options: KeysOptions,
    private readonly expiry: ExpirySweep,
    private readonly lostAttempts: LostAttemptsSweep,
  ) {}

  onModuleInit(): void {
    if (!this.options.runSweeps) return;
    for (const sweep of [this.expiry, this.lostAttempts]) this.schedule(sweep);
  }

  /** After what is under way. */
  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    for (const timer of this.timers) clearTimeout(timer);
    await Promise.all(this.running);
  }

  private schedule(sweep: Sweep): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      const run = this.run(sweep).finally(() => {
        this.running.delete(run);
        if (!this.stop.signal.aborted) this.schedule(sweep);
      });
      this.running.add(run);
    }, sweep.intervalMs).unref();
    this.timers.add(timer);
  }

  private async run(sweep: Sweep): Promise<void> {
    try {
      await sweep.run(this.stop.signal);
    } catch (error) {
      const name = error instanceof Error ? error.name : 'unknown error';
      if (!this.stop.signal.aborted)
        this.logger.warn(`sweep ${sweep.name} failed, the next round tries again: ${name}`);
    }
  }
}
