import type { DomainEvent, Schema } from '#kernel';
import { InvalidEventError } from './event-store.errors.js';
import type { NewEvent, StoredEvent } from './event-store.port.js';
import type { EventMetadata } from './metadata.js';
import { metadataSchema } from './metadata.js';
import type { Position } from './position.js';

/** `governance` is kept; `traffic` (what load or strangers cause) for 12 months, in streams of its own, by day. */
export type RetentionClass = 'governance' | 'traffic';

export interface EventDefinition<Data extends object = object> {
  /** Of what is written now, from 1. */
  readonly version: number;
  readonly retention: RetentionClass;
  /** Of the version that is written now. An event that does not fit is not stored: it could stop a projection for ever. */
  readonly data?: Pick<Schema<Data>, 'problem'>;
  /** Fields that hold a `SealedText`. */
  readonly personal?: readonly (keyof Data & string)[];
  /** From version n to n + 1, pure, one for each n below `version`. */
  readonly upcasters?: Readonly<
    Record<number, (data: Readonly<Record<string, unknown>>) => object>
  >;
}

/** One context's part of the catalogue: total, an event type without an entry does not compile. */
export type EventCatalogueSection<Event extends DomainEvent> = {
  readonly [Type in Event['type']]: EventDefinition<Extract<Event, { type: Type }>['data']> & {
    readonly data: Schema<Extract<Event, { type: Type }>['data']>;
  };
};

/** An event as readers see it: upcast to the current version. */
export interface RecordedEvent<Event extends DomainEvent = DomainEvent> {
  readonly type: Event['type'];
  readonly data: Event['data'];
  readonly metadata: EventMetadata;
  readonly streamId: string;
  readonly revision: bigint;
  readonly position: Position;
  readonly id: string;
}

/** An unknown type or version is an error, never skipped. */
export class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
  constructor(
    readonly eventType: string,
    readonly schemaVersion: number | undefined,
    readonly at: string,
  ) {
    super(
      `no reader for event type ${eventType} version ${String(schemaVersion)} at ${at}: this release is older than the log`,
    );
  }
}

/** Every event type there is, with its versions. Built once, at the composition root. */
export class EventCatalogue {
  private readonly definitions = new Map<string, EventDefinition>();

  constructor(...sections: readonly Readonly<Record<string, EventDefinition<never>>>[]) {
    for (const section of sections)
      for (const [type, definition] of Object.entries(section)) {
        if (this.definitions.has(type)) throw new TypeError(`two definitions of event ${type}`);
        for (let from = 1; from < definition.version; from += 1)
          if (!definition.upcasters?.[from])
            throw new TypeError(`event ${type} has no upcaster from version ${String(from)}`);
        this.definitions.set(type, definition as EventDefinition);
      }
  }

  /** @throws {InvalidEventError} when the catalogue has no such type. */
  definition(type: string): EventDefinition {
    const definition = this.definitions.get(type);
    if (!definition) throw new InvalidEventError(`event type ${type} is not in the catalogue`);
    return definition;
  }

  types(): readonly { readonly type: string; readonly definition: EventDefinition }[] {
    return [...this.definitions].map(([type, definition]) => ({ type, definition }));
  }

  /** @throws {InvalidEventError} no such type, or data or metadata that do not fit: where, never what stood there. */
  encode(id: string, event: DomainEvent, metadata: Omit<EventMetadata, 'schemaVersion'>): NewEvent {
    const { version, data } = this.definition(event.type);
    const problem =
      data?.problem(event.data, 'data') ?? metadataSchema.problem(metadata, 'metadata');
    if (problem !== undefined)
      throw new InvalidEventError(
        `event ${event.type} version ${String(version)} does not fit its schema and is not stored: ${problem}`,
      );
    return {
      id,
      type: event.type,
      data: JSON.stringify(event.data),
      metadata: JSON.stringify({ ...metadata, schemaVersion: version }),
    };
  }

  /** @throws {UnknownEventError} */
  decode<Event extends DomainEvent = DomainEvent>(stored: StoredEvent): RecordedEvent<Event> {
    const metadata = JSON.parse(stored.metadata) as EventMetadata;
    return {
      type: stored.type,
      data: this.upcast(stored, metadata.schemaVersion),
      metadata,
      streamId: stored.streamId,
      revision: stored.revision,
      position: stored.position,
      id: stored.id,
    };
  }

  private upcast(stored: StoredEvent, version: unknown): object {
    const definition = this.definitions.get(stored.type);
    if (!definition || typeof version !== 'number' || version < 1 || version > definition.version)
      throw new UnknownEventError(stored.type, version as number | undefined, placeOf(stored));
    let data = JSON.parse(stored.data) as object;
    for (let from = version; from < definition.version; from += 1) {
      const upcaster = definition.upcasters?.[from];
      if (!upcaster) throw new UnknownEventError(stored.type, from, placeOf(stored));
      data = upcaster(data as Readonly<Record<string, unknown>>);
    }
    return data;
  }
}

const placeOf = ({ streamId, revision }: StoredEvent): string => `${streamId}@${String(revision)}`;
