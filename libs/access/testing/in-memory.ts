import type { NetworkId } from '#kernel';
import { AccessDenials, IdentityDirectory, type Denial, type LinkedIdentity } from '../index.js';

/** Identities of a test, by hand. */
export class InMemoryIdentityDirectory extends IdentityDirectory {
  private readonly identities = new Map<string, LinkedIdentity>();

  link(networkId: number, issuer: string, subject: string, identity: LinkedIdentity): void {
    this.identities.set(JSON.stringify([networkId, issuer, subject]), identity);
  }

  unlink(networkId: number, issuer: string, subject: string): void {
    this.identities.delete(JSON.stringify([networkId, issuer, subject]));
  }

  override find(
    networkId: NetworkId,
    issuer: string,
    subject: string,
  ): Promise<LinkedIdentity | undefined> {
    return Promise.resolve(this.identities.get(JSON.stringify([networkId, issuer, subject])));
  }
}

/** Keeps what was recorded, for tests that look at it. */
export class RecordingDenials extends AccessDenials {
  readonly denials: Denial[] = [];

  override record(denial: Denial): void {
    this.denials.push(denial);
  }

  override flush(): Promise<void> {
    return Promise.resolve();
  }
}
