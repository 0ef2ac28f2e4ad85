import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel';
import { RequestContexts } from '#messaging';
import { KeyRingDecisions } from '../commands/key-ring-decisions.js';
import type { RingId } from '../domain/portal.value.js';
import { keyRingStream } from '../domain/portal.value.js';
import { KeySecretStore } from '../ports/key-secret-store.port.js';
import { ShareStore } from '../ports/share-store.port.js';
import type { Sweep } from './sweep.js';
import { eachOf, SWEEP_BATCH_MAX } from './sweep.js';

/**
 * Records what has expired. Nothing waits for it: deciders and queries look at the time themselves, so that a key past
 * its expiry is over at once.
 */
@Injectable()
export class ExpirySweep implements Sweep {
  readonly name = 'expiry';
  readonly intervalMs = 10_000;

  constructor(
    private readonly secrets: KeySecretStore,
    private readonly shares: ShareStore,
    private readonly rings: KeyRingDecisions,
    private readonly contexts: RequestContexts,
    private readonly clock: Clock,
  ) {}

  async run(signal: AbortSignal): Promise<number> {
    const at = this.clock.now();
    const due = [
      ...(await this.secrets.ringsDue(at, SWEEP_BATCH_MAX)),
      ...(await this.shares.ringsDue(at, SWEEP_BATCH_MAX)),
    ];
    const rings = new Map<string, RingId>(due.map((ring) => [keyRingStream(ring), ring]));
    await eachOf([...rings.values()], signal, async (ring) => {
      await this.rings.decide(
        ring,
        this.contexts.ofSystem(this.name, ring.networkId, signal),
        { type: 'expire', at: at.toISOString() },
        { retryUntilDeadline: true },
      );
    });
    return rings.size;
  }
}
