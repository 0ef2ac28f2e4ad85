import { createHmac } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { SealingKeys } from '../sealing-keys.port.js';
import { Peppers, WrappingKeyMissingError } from '../sealing.port.js';

@Injectable()
export class HmacPeppers extends Peppers {
  constructor(private readonly sealingKeys: SealingKeys) {
    super();
  }

  override async current(): Promise<string> {
    return Promise.resolve(this.sealingKeys.keys().peppers[0].id);
  }

  override async ids(): Promise<readonly string[]> {
    return Promise.resolve(this.sealingKeys.keys().peppers.map(({ id }) => id));
  }

  override async hash(pepperId: string, purpose: string, value: string): Promise<string> {
    const pepper = this.sealingKeys.keys().peppers.find(({ id }) => id === pepperId);
    if (!pepper) throw new WrappingKeyMissingError(`pepper ${pepperId} is not here`);
    // The length keeps (purpose, value) pairs apart whatever characters they hold.
    const text = `${String(purpose.length)}:${purpose}:${value}`;
    return Promise.resolve(createHmac('sha256', pepper.bytes).update(text, 'utf8').digest('hex'));
  }
}
