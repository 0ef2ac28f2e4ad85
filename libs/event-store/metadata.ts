import type { IsoTime } from '#kernel';
import { schema } from '#kernel';

export const ACTOR_TYPES = ['employee', 'partnerUser', 'service', 'operator', 'system'] as const;
export type ActorType = (typeof ACTOR_TYPES)[number];

/** Who acted: an identity is (issuer, subject), never an e-mail. */
export interface Actor {
  readonly type: ActorType;
  readonly issuer: string;
  readonly subject: string;
  readonly onBehalfOf?: string;
}

/** A personal datum, sealed with its subject's key (`#sealing`); erasing that key erases the datum, and no proof breaks. */
export type SealedText = string;

/** Set by `#messaging` only. Beside `clientRequestId`, `userAgent` and `traceparent`, bounded, nothing comes from the request. */
export interface EventMetadata {
  readonly $correlationId: string;
  readonly $causationId: string;
  readonly commandId: string;
  /** Keyed hash of the request that caused it: tells a retry from another request under the same `Idempotency-Key`. */
  readonly requestHash: string;
  readonly schemaVersion: number;
  readonly actor: Actor;
  /** `null`: an act above all networks (operators, the log itself). */
  readonly networkId: number | null;
  readonly ip?: SealedText;
  readonly userAgent?: SealedText;
  readonly recordedBy: string;
  readonly recordedAt: IsoTime;
  /** 128 random bits, hex. */
  readonly salt: string;
  readonly traceparent?: string;
  readonly clientRequestId?: string;
}

export const actorSchema = schema.object<Actor>({
  type: schema.oneOf(...ACTOR_TYPES),
  issuer: schema.text(),
  subject: schema.text(),
  onBehalfOf: schema.optional(schema.text()),
});

/** What the catalogue adds, the version, is not part of it. */
export const metadataSchema = schema.object<Omit<EventMetadata, 'schemaVersion'>>({
  $correlationId: schema.text(),
  $causationId: schema.text(),
  commandId: schema.text(),
  requestHash: schema.text(),
  actor: actorSchema,
  networkId: schema.nullable(schema.id()),
  ip: schema.optional(schema.text()),
  userAgent: schema.optional(schema.text()),
  recordedBy: schema.text(),
  recordedAt: schema.time(),
  salt: schema.text(),
  traceparent: schema.optional(schema.text()),
  clientRequestId: schema.optional(schema.text()),
});
