import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v5 as uuidv5 } from 'uuid';
import type { Position } from '#event-store';
import type { NetworkId } from '#kernel';
import type { RequestContext } from '#messaging';
import { DecideService } from '#messaging';
import type { PartnerState } from '../domain/partner.decider.js';
import { partnerDecider } from '../domain/partner.decider.js';
import type { PartnerObservation } from '../domain/partner.value.js';
import type { WebhookKind } from '../domain/vendor-record.value.js';
import { partnerStreamId } from '../partner.reader.js';

export type IntakeOutcome = 'registered' | 'changed' | 'unchanged';

export interface Intake {
  readonly outcome: IntakeOutcome;
  readonly position: Position;
}

const COMMAND_NAMESPACE = 'b0a6f1b6-5c0c-5d39-9f51-0a6b8d1f4c77';

/** Takes one record of the vendor's into its partner's stream; the same record again is the same command. */
@Injectable()
export class ObservationIntake {
  constructor(private readonly decisions: DecideService) {}

  async take(
    networkId: NetworkId,
    observation: PartnerObservation,
    kind: WebhookKind | 'listed',
    context: RequestContext,
    permit: (state: PartnerState) => Promise<void> = () => Promise.resolve(),
  ): Promise<Intake> {
    const { partnerId, sourceTime } = observation;
    const digest = createHash('sha256').update(JSON.stringify(observation)).digest('hex');
    const name = [networkId, partnerId, kind, sourceTime, digest].join('\n');
    const { events, position, replayed } = await this.decisions.execute({
      streamId: partnerStreamId(networkId, partnerId),
      decider: partnerDecider,
      command: async (state) => {
        await permit(state);
        return { kind: 'observe', observation } as const;
      },
      // The record itself is the request: whoever sends it, and in whatever batch.
      context: {
        ...context,
        networkId,
        commandId: uuidv5(name, COMMAND_NAMESPACE),
        requestHash: digest,
        idempotent: false,
      },
      // The vendor sends records of one partner in bursts, and would take a conflict for a record that is wrong.
      retryUntilDeadline: true,
    });
    // The record was taken before: by another request, or by an attempt of this one, whose answer this is.
    const own = context.idempotent && events[0]?.metadata.$causationId === context.causationId;
    if (replayed && !own) return { outcome: 'unchanged', position };
    const registered = events.some(({ type }) => type === 'PartnerRegistered');
    const changed = events.some(({ type }) => type !== 'PartnerRecordObserved');
    return { outcome: registered ? 'registered' : changed ? 'changed' : 'unchanged', position };
  }
}
