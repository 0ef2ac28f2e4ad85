/** scrypt, with its parameters and salt in the encoded text. Slow by design: bounded in how many run at once. */
export abstract class PassphraseHasher {
  abstract hash(passphrase: string): Promise<string>;
  /** In constant time; spaces, dashes and case of a typed passphrase do not matter. */
  abstract verify(passphrase: string, encoded: string): Promise<boolean>;
}
