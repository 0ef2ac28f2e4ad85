import { afterEach, describe, expect, it } from '@jest/globals';
import { FrontDoor, KEEP_ALIVE_TIMEOUT_MS, START_RETRY_AFTER_SECONDS } from './front-door.js';

let door: FrontDoor | undefined;
afterEach(() => door?.close());

describe('the front door', () => {
  it('keeps connections for longer than proxies do, from the first answer on', async () => {
    door = new FrontDoor();
    const port = await door.listen('127.0.0.1', 0);
    const { status, headers } = await fetch(`http://127.0.0.1:${String(port)}/v1/networks`);
    expect({
      status,
      retryAfter: headers.get('retry-after'),
      keepAlive: headers.get('keep-alive'),
    }).toEqual({
      status: 503,
      retryAfter: String(START_RETRY_AFTER_SECONDS),
      keepAlive: `timeout=${String(KEEP_ALIVE_TIMEOUT_MS / 1_000)}`,
    });
  });
});
