import { ApiProperty } from '@nestjs/swagger';
import { IsUuidText } from '#rest';

export class KeyPath {
  @ApiProperty({ format: 'uuid', example: '4f1c2f4e-7f0d-5c43-9a51-0a4c36f4a0d1' })
  @IsUuidText()
  readonly keyId!: string;
}

export class SharePath {
  @ApiProperty({ format: 'uuid', example: '0b8d7c52-21b0-5c1e-8f0c-2f5a9d3d7e10' })
  @IsUuidText()
  readonly shareId!: string;
}
