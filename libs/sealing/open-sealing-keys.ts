import { createLocalKeyFile, readLocalKeyFile } from './adapters/local-key-file.js';
import { derivedPepper, rootKeyFromBase64 } from './adapters/root-key.js';
import type { RootKeys, SealingKeyKind, SealingKeys } from './sealing-keys.port.js';
import { MissingSealingKeys, PresentSealingKeys } from './sealing-keys.port.js';
import type { SealingKeyRegistry } from './sealing-keys.port.js';

export const WRAPPING_KEY_VARIABLE = 'KEYLEDGER_WRAPPING_KEY';

export type SealingKeySource =
  /** `KEYLEDGER_WRAPPING_KEY`: base64 of 32 random bytes; the pepper is derived from it. */
  | { readonly kind: 'environment'; readonly wrappingKey: string }
  /** A file of this process's own user, 0600. */
  | { readonly kind: 'file'; readonly path: string };

/** What was configured cannot be a key: the process does not start. */
export class SealingKeyConfigurationError extends Error {
  override readonly name = 'SealingKeyConfigurationError';
}

/**
 * The ledger's root keys. They are created, and registered by their check values, on an empty ledger only: later a
 * missing or a different key is a state (`missing`), in which everything works but what needs a secret.
 *
 * @throws {LocalKeyFileError | SealingKeyConfigurationError} the process must not start.
 */
export async function openSealingKeys(
  source: SealingKeySource,
  registry: SealingKeyRegistry,
  isLedgerEmpty: () => Promise<boolean>,
): Promise<SealingKeys> {
  const name = source.kind === 'file' ? source.path : WRAPPING_KEY_VARIABLE;
  const registered = await registry.ids();
  let keys =
    source.kind === 'file' ? await readLocalKeyFile(source.path) : fromText(source.wrappingKey);
  if (registered.length === 0) {
    if (!(await isLedgerEmpty()))
      return new MissingSealingKeys(
        name,
        'this log has events, but this database does not know which keys sealed them: it is not the database of this log',
      );
    if (!keys && source.kind === 'file') keys = await createLocalKeyFile(source.path);
    // A ledger that began without a key could never have one: it would not be empty any more.
    if (!keys)
      throw new SealingKeyConfigurationError(
        `${name} is not set: a new ledger needs its wrapping key, the base64 text of 32 random bytes`,
      );
    if (await registry.registerFirst(idsOf(keys))) return new PresentSealingKeys(name, keys);
    return matched(name, keys, registry);
  }
  if (!keys) return new MissingSealingKeys(name, `the key of this ledger is not at ${name}`);
  return matched(name, keys, registry);
}

function fromText(text: string): RootKeys | undefined {
  if (text === '') return undefined;
  const wrappingKey = rootKeyFromBase64(text);
  if (!wrappingKey)
    throw new SealingKeyConfigurationError(
      `${WRAPPING_KEY_VARIABLE} is not the base64 text of 32 bytes`,
    );
  return { wrappingKey, peppers: [derivedPepper(wrappingKey)] };
}

/**
 * A pepper that a rotation put in front of the others is registered: from then on a key file of before the rotation, which
 * would find nothing of what was hashed since, is told from the right one.
 */
async function matched(
  name: string,
  keys: RootKeys,
  registry: SealingKeyRegistry,
): Promise<SealingKeys> {
  const registered = await registry.ids();
  const has = (list: readonly SealingKeyId[], { kind, id }: SealingKeyId) =>
    list.some((one) => one.kind === kind && one.id === id);
  const held = idsOf(keys);
  if (!registered.every((one) => has(held, one)))
    return new MissingSealingKeys(
      name,
      `the key at ${name} is not the one that this ledger was sealed with`,
    );
  const added = held.filter((one) => !has(registered, one));
  if (added.length > 0) await registry.registerMore(added);
  return new PresentSealingKeys(name, keys);
}

interface SealingKeyId {
  readonly kind: SealingKeyKind;
  readonly id: string;
}

function idsOf(keys: RootKeys): readonly SealingKeyId[] {
  return [
    { kind: 'wrapping', id: keys.wrappingKey.id },
    ...keys.peppers.map(({ id }) => ({ kind: 'pepper' as const, id })),
  ];
}
