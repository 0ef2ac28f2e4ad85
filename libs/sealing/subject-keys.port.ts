import type { WrappedKey } from './sealing.port.js';

export interface SubjectKey {
  /** A UUID; it stands in every text that the key sealed. */
  readonly keyId: string;
  readonly wrappedKey: WrappedKey;
}

/** One key a subject. Erasing it erases all that it sealed; the subject's next datum makes another one. */
export abstract class SubjectKeyStore {
  abstract find(subject: string): Promise<SubjectKey | undefined>;
  /** Keeps the key unless the subject has one by now. @returns the one that counts. */
  abstract keep(subject: string, key: SubjectKey): Promise<SubjectKey>;
  abstract erase(subject: string): Promise<void>;
}
