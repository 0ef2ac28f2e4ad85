import { describe, expect, it } from '@jest/globals';
import type { Position, RecordedEvent } from '#event-store';
import { EventBuffer } from './event-buffer.js';

const WAIT_MS = 10_000;
const event = (at: bigint): RecordedEvent => ({ position: at as Position }) as RecordedEvent;

describe('an event buffer', () => {
  it('gives what came one by one in one turn as one batch', async () => {
    const buffer = new EventBuffer();
    const taken = buffer.take(WAIT_MS, false, new AbortController().signal);
    // As a subscription hands them on: each after the promises before it.
    for (let at = 1n; at <= 3n; at += 1n) {
      buffer.push(at as Position, event(at), 1);
      for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
    }
    const batch = await taken;
    expect(batch?.events.map(({ position }) => position)).toEqual([1n, 2n, 3n]);
    expect(batch?.end).toBe(3n);
  });
});
