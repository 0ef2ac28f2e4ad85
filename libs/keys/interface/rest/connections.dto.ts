import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import type { SecretWithheld } from '#messaging';
import { SECRET_WITHHELD, SECRET_WITHHELD_DESCRIPTION } from '#messaging';
import { CURSOR_CHARACTERS_MAX } from '#projections';
import { IsIntegerIdText, PageOf } from '#rest';
import {
  CONNECTIONS_REVEALED_DEFAULT,
  CONNECTIONS_REVEALED_MAX,
} from '../../commands/reveal-connection-keys/reveal-connection-keys.command.js';

export class MarketplaceHolderPath {
  @ApiProperty({ type: 'integer', minimum: 1, example: 31 })
  @IsIntegerIdText()
  readonly marketplacePartnerId!: number;
}

export class RevealConnectionKeysBody {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: CONNECTIONS_REVEALED_MAX,
    default: CONNECTIONS_REVEALED_DEFAULT,
    description: 'Connections, not keys.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(CONNECTIONS_REVEALED_MAX)
  readonly first?: number;

  @ApiPropertyOptional({ type: String, description: 'The `endCursor` of the page before.' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(CURSOR_CHARACTERS_MAX)
  readonly after?: string;
}

class ConnectionKeyResponse {
  @ApiProperty({ type: 'integer', description: 'The connection: a partner of this network.' })
  readonly partnerId!: number;
  @ApiProperty({ format: 'uuid' })
  readonly keyId!: string;
  @ApiProperty()
  readonly label!: string;
  @ApiProperty({ example: 'kl_aff_…9xYz' })
  readonly masked!: string;
  @ApiProperty({ format: 'date-time' })
  readonly issuedAt!: string;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  readonly expiresAt!: string | null;
}

export class ConnectionKeyPageResponse extends PageOf(ConnectionKeyResponse) {}

class RevealedConnectionKeyResponse {
  @ApiProperty({ type: 'integer' })
  readonly partnerId!: number;
  @ApiProperty({ format: 'uuid' })
  readonly keyId!: string;
  @ApiProperty()
  readonly label!: string;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The key; `null` when a retry can not be shown it again.',
  })
  readonly key!: string | null;
  @ApiProperty({
    enum: SECRET_WITHHELD,
    nullable: true,
    description: SECRET_WITHHELD_DESCRIPTION,
  })
  readonly secretWithheld!: SecretWithheld | null;
}

export class RevealedConnectionKeyPageResponse extends PageOf(RevealedConnectionKeyResponse) {}
