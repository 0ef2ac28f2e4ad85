import { ApiProperty } from '@nestjs/swagger';
import { PERMISSIONS } from '#access';
import { ACTOR_TYPES } from '#event-store';
import type { SecretWithheld } from '#messaging';
import { SECRET_WITHHELD, SECRET_WITHHELD_DESCRIPTION } from '#messaging';
import { EligibilityResponse } from '#partners';
import { PageOf } from '#rest';
import {
  REVOCATION_REASONS,
  SHARE_CHANNELS,
  SHARE_END_REASONS,
  SHARE_RECIPIENT_TYPES,
  SUSPENSION_CAUSES,
} from '../../domain/key-ring.events.js';
import { HOLDER_TYPES, PORTALS } from '../../domain/portal.value.js';
import { KEY_STATUSES } from '../../queries/keys/key.view.js';
import { SHARE_STATUSES } from '../../queries/shares/share.view.js';

/** The shapes of the answers, for OpenAPI. What they hold is typed by the views of `queries/`. */
const time = { format: 'date-time', example: '2026-01-31T12:00:00.000Z' } as const;
const uuid = { format: 'uuid', example: '4f1c2f4e-7f0d-5c43-9a51-0a4c36f4a0d1' } as const;

class ActorResponse {
  @ApiProperty({ enum: ACTOR_TYPES })
  readonly type!: string;
  @ApiProperty({ example: 'https://id.example.com' })
  readonly issuer!: string;
  @ApiProperty({ example: '00u1a2b3' })
  readonly subject!: string;
}

class HolderResponse {
  @ApiProperty({ enum: HOLDER_TYPES })
  readonly type!: string;
  @ApiProperty({ type: 'integer', example: 7 })
  readonly id!: number;
}

class IssuedResponse {
  @ApiProperty(time)
  readonly at!: string;
  @ApiProperty({ type: ActorResponse })
  readonly by!: ActorResponse;
  @ApiProperty({ example: '4711' })
  readonly position!: string;
}

class EventReferenceResponse {
  @ApiProperty({ example: 'partner-1-7' })
  readonly streamId!: string;
  @ApiProperty({ pattern: '^\\d+$', example: '12' })
  readonly revision!: string;
  @ApiProperty(uuid)
  readonly eventId!: string;
}

class SuspensionCauseResponse {
  @ApiProperty({ enum: SUSPENSION_CAUSES })
  readonly kind!: string;
  @ApiProperty()
  readonly reason!: string;
  @ApiProperty({
    type: EventReferenceResponse,
    nullable: true,
    description: 'The event that the ledger suspended it for; `null`: somebody did.',
  })
  readonly event!: EventReferenceResponse | null;
}

class SuspensionResponse {
  @ApiProperty({ enum: ['key', 'holder'] })
  readonly scope!: string;
  @ApiProperty({ type: SuspensionCauseResponse })
  readonly cause!: SuspensionCauseResponse;
  @ApiProperty(time)
  readonly at!: string;
  @ApiProperty({ type: ActorResponse })
  readonly by!: ActorResponse;
}

class RevocationResponse {
  @ApiProperty({ enum: REVOCATION_REASONS })
  readonly reason!: string;
  @ApiProperty({ type: String, nullable: true })
  readonly note!: string | null;
  @ApiProperty(time)
  readonly at!: string;
  @ApiProperty({ type: ActorResponse })
  readonly by!: ActorResponse;
}

export class KeyResponse {
  @ApiProperty(uuid)
  readonly keyId!: string;
  @ApiProperty({ enum: PORTALS })
  readonly portal!: string;
  @ApiProperty({ type: HolderResponse })
  readonly holder!: HolderResponse;
  @ApiProperty({ type: 'integer', nullable: true })
  readonly partnerId!: number | null;
  @ApiProperty({ example: 'Reporting dashboard' })
  readonly label!: string;
  @ApiProperty({ example: 'kl_aff_…9xYz' })
  readonly masked!: string;
  @ApiProperty({
    enum: ['sealed', 'hashed'],
    description: '`sealed`: it can be revealed and shared. `hashed`: it was shown once.',
  })
  readonly storage!: string;
  @ApiProperty({ enum: KEY_STATUSES })
  readonly status!: string;
  @ApiProperty({ type: 'integer', description: 'The number in the ETag, for `If-Match`.' })
  readonly version!: number;
  @ApiProperty({ type: [String] })
  readonly permissions!: string[];
  @ApiProperty({ type: 'integer', nullable: true })
  readonly employeeId!: number | null;
  @ApiProperty({ ...time, type: String, nullable: true })
  readonly expiresAt!: string | null;
  @ApiProperty({ type: IssuedResponse })
  readonly issued!: IssuedResponse;
  @ApiProperty({ type: SuspensionResponse, nullable: true })
  readonly suspension!: SuspensionResponse | null;
  @ApiProperty({ type: RevocationResponse, nullable: true })
  readonly revocation!: RevocationResponse | null;
  @ApiProperty({ ...uuid, type: String, nullable: true })
  readonly replaces!: string | null;
  @ApiProperty({ ...uuid, type: String, nullable: true })
  readonly replacedBy!: string | null;
  @ApiProperty({ type: 'integer', description: 'Links that can still be opened.' })
  readonly openShares!: number;
  @ApiProperty({ ...time, type: String, nullable: true })
  readonly lastSharedAt!: string | null;
  @ApiProperty({ ...time, type: String, nullable: true })
  readonly lastRevealedAt!: string | null;
}

export class KeyDetailResponse extends KeyResponse {
  @ApiProperty({
    type: EligibilityResponse,
    nullable: true,
    description: 'The explained verdict that an affiliate key was issued on.',
  })
  readonly verdict!: EligibilityResponse | null;
}

export class KeyPageResponse extends PageOf(KeyResponse) {}

class SharedResponse extends IssuedResponse {}

class ShareOpenerResponse {
  @ApiProperty({ enum: ['partnerUser', 'passphrase'] })
  readonly type!: string;
  @ApiProperty({ required: false })
  readonly reference?: string;
}

class ShareOpenedResponse {
  @ApiProperty(time)
  readonly at!: string;
  @ApiProperty({ type: ShareOpenerResponse })
  readonly by!: ShareOpenerResponse;
}

class ShareEndedResponse {
  @ApiProperty(time)
  readonly at!: string;
  @ApiProperty({ enum: SHARE_END_REASONS })
  readonly reason!: string;
}

class RecipientResponse {
  @ApiProperty({ enum: SHARE_RECIPIENT_TYPES })
  readonly type!: string;
  @ApiProperty({ example: 'https://id.example.com#00u1a2b3' })
  readonly reference!: string;
}

export class ShareResponse {
  @ApiProperty(uuid)
  readonly shareId!: string;
  @ApiProperty(uuid)
  readonly keyId!: string;
  @ApiProperty({ enum: PORTALS })
  readonly portal!: string;
  @ApiProperty({ type: HolderResponse })
  readonly holder!: HolderResponse;
  @ApiProperty({ type: RecipientResponse })
  readonly recipient!: RecipientResponse;
  @ApiProperty({ enum: SHARE_CHANNELS })
  readonly channel!: string;
  @ApiProperty({ example: 'First hand-over' })
  readonly reason!: string;
  @ApiProperty({ enum: ['users', 'passphrase'] })
  readonly bound!: string;
  @ApiProperty({ enum: SHARE_STATUSES })
  readonly status!: string;
  @ApiProperty(time)
  readonly expiresAt!: string;
  @ApiProperty({ type: SharedResponse })
  readonly shared!: SharedResponse;
  @ApiProperty({ type: ShareOpenedResponse, nullable: true })
  readonly opened!: ShareOpenedResponse | null;
  @ApiProperty({ type: ShareEndedResponse, nullable: true })
  readonly ended!: ShareEndedResponse | null;
}

export class SharePageResponse extends PageOf(ShareResponse) {}

class DocumentationLinkResponse {
  @ApiProperty({ example: 'Using your partner platform API key' })
  readonly title!: string;
  @ApiProperty({ format: 'uri' })
  readonly url!: string;
}

export class ApiAccessResponse {
  @ApiProperty({ example: 'https://api.eflow.team/v1' })
  readonly baseUrl!: string;
  @ApiProperty({ example: 'X-Eflow-API-Key' })
  readonly headerName!: string;
  @ApiProperty({
    description: 'A shell command; it takes the key from the environment variable `API_KEY`.',
  })
  readonly exampleRequest!: string;
  @ApiProperty({ type: [DocumentationLinkResponse] })
  readonly documentation!: DocumentationLinkResponse[];
}

const SECRET = 'kl_aff_…36 characters…_…checksum…';

/** A field beside each secret. */
const withheld = {
  enum: SECRET_WITHHELD,
  nullable: true,
  description: SECRET_WITHHELD_DESCRIPTION,
} as const;
const NOT_IN_A_RETRY =
  'The secret; `null` when the answer to a retry has none, see `secretWithheld`.';

export class ChangedKeyResponse {
  @ApiProperty(uuid)
  readonly keyId!: string;
  @ApiProperty({ enum: PORTALS })
  readonly portal!: string;
  @ApiProperty({ type: HolderResponse })
  readonly holder!: HolderResponse;
  @ApiProperty()
  readonly label!: string;
  @ApiProperty({ example: 'kl_aff_…9xYz' })
  readonly masked!: string;
  @ApiProperty({ enum: KEY_STATUSES })
  readonly status!: string;
  @ApiProperty({ type: 'integer', description: 'The number in the ETag, for `If-Match`.' })
  readonly version!: number;
  @ApiProperty({ ...time, type: String, nullable: true })
  readonly expiresAt!: string | null;
}

export class IssuedKeyResponse extends ChangedKeyResponse {
  @ApiProperty({ type: String, nullable: true, example: SECRET, description: NOT_IN_A_RETRY })
  readonly key!: string | null;
  @ApiProperty(withheld)
  readonly secretWithheld!: SecretWithheld | null;
}

export class ReissuedKeyResponse extends IssuedKeyResponse {
  @ApiProperty(uuid)
  readonly replaces!: string;
}

export class RevealedKeyResponse {
  @ApiProperty(uuid)
  readonly keyId!: string;
  @ApiProperty({ type: String, nullable: true, example: SECRET, description: NOT_IN_A_RETRY })
  readonly key!: string | null;
  @ApiProperty(withheld)
  readonly secretWithheld!: SecretWithheld | null;
}

export class ChangedKeyRingResponse {
  @ApiProperty({ type: [ChangedKeyResponse] })
  readonly keys!: ChangedKeyResponse[];
}

export class CreatedShareResponse {
  @ApiProperty(uuid)
  readonly shareId!: string;
  @ApiProperty(uuid)
  readonly keyId!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'The one-time link. The token stands in its fragment, which no browser sends anywhere; it is shown only now, and `null` in the answer to a retry.',
    example: '/v1/share#<token>',
  })
  readonly link!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'For `POST /v1/shares/open`.' })
  readonly token!: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Send it on another way than the link. Shown only now.',
  })
  readonly passphrase!: string | null;
  @ApiProperty(withheld)
  readonly secretWithheld!: SecretWithheld | null;
  @ApiProperty(time)
  readonly expiresAt!: string;
}

export class EndedShareResponse {
  @ApiProperty(uuid)
  readonly shareId!: string;
  @ApiProperty(uuid)
  readonly keyId!: string;
  @ApiProperty({
    enum: ['opened', 'ended'],
    description: '`opened`: too late, the link was opened before. Revoke the key.',
  })
  readonly status!: string;
}

export class OpenedShareResponse {
  @ApiProperty(uuid)
  readonly shareId!: string;
  @ApiProperty(uuid)
  readonly keyId!: string;
  @ApiProperty({ enum: PORTALS })
  readonly portal!: string;
  @ApiProperty()
  readonly label!: string;
  @ApiProperty({ type: String, nullable: true, example: SECRET, description: NOT_IN_A_RETRY })
  readonly key!: string | null;
  @ApiProperty(withheld)
  readonly secretWithheld!: SecretWithheld | null;
  @ApiProperty({ type: ApiAccessResponse })
  readonly access!: ApiAccessResponse;
}

class OwnKeyResponse {
  @ApiProperty(uuid)
  readonly keyId!: string;
  @ApiProperty({ enum: PORTALS })
  readonly portal!: string;
  @ApiProperty()
  readonly label!: string;
  @ApiProperty({ example: 'kl_aff_…9xYz' })
  readonly masked!: string;
  @ApiProperty({ enum: KEY_STATUSES })
  readonly status!: string;
  @ApiProperty(time)
  readonly issuedAt!: string;
  @ApiProperty({ ...time, type: String, nullable: true })
  readonly expiresAt!: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'POST here for the key itself; `null` when it cannot be revealed now.',
    example: '/v1/me/api/keys/4f1c2f4e-7f0d-5c43-9a51-0a4c36f4a0d1/reveal',
  })
  readonly reveal!: string | null;
}

export class OwnApiResponse {
  @ApiProperty({ description: '`false`, and nothing else, as long as no key is there to use.' })
  readonly available!: boolean;
  @ApiProperty({ type: [OwnKeyResponse], required: false })
  readonly keys?: OwnKeyResponse[];
  @ApiProperty({ required: false, example: 'https://api.eflow.team/v1' })
  readonly baseUrl?: string;
  @ApiProperty({ required: false, example: 'X-Eflow-API-Key' })
  readonly headerName?: string;
  @ApiProperty({ required: false })
  readonly exampleRequest?: string;
  @ApiProperty({ type: [DocumentationLinkResponse], required: false })
  readonly documentation?: DocumentationLinkResponse[];
}

class EmployeeResponse {
  @ApiProperty({ type: 'integer' })
  readonly employeeId!: number;
  @ApiProperty()
  readonly superUser!: boolean;
  @ApiProperty({ enum: PERMISSIONS, isArray: true })
  readonly permissions!: readonly string[];
  @ApiProperty({ enum: ['global', 'limited'] })
  readonly scope!: string;
}

export class MeResponse {
  @ApiProperty({ enum: ACTOR_TYPES })
  readonly type!: string;
  @ApiProperty()
  readonly issuer!: string;
  @ApiProperty()
  readonly subject!: string;
  @ApiProperty({ type: 'integer', nullable: true })
  readonly networkId!: number | null;
  @ApiProperty({ type: EmployeeResponse, nullable: true })
  readonly employee!: EmployeeResponse | null;
  @ApiProperty({ type: 'integer', nullable: true })
  readonly partnerId!: number | null;
  @ApiProperty({ type: 'integer', nullable: true })
  readonly marketplacePartnerId!: number | null;
}
