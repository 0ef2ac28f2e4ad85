import { Field, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { EventStore } from '#event-store';
import type { Position } from '#event-store';
import { PositionScalar } from '#graphql';
import type { Answer } from '#messaging';
import { answer } from '#messaging';

@ObjectType({ description: 'The event log that all answers come from.' })
export class Ledger {
  @Field(() => PositionScalar, {
    nullable: true,
    description: 'The last event as this node sees it.',
  })
  head!: Position | null;
}

@Resolver(() => Ledger)
export class LedgerResolver {
  constructor(private readonly eventStore: EventStore) {}

  @Query(() => Ledger, { description: 'Where the log stands.' })
  async ledger(): Promise<Answer<Ledger> | Ledger> {
    const head = await this.eventStore.head();
    return head === undefined ? { head: null } : answer({ head }, head);
  }
}
