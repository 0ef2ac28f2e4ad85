import { WrappingKeyMissingError } from './sealing.port.js';

/** 256 bits and the id that is derived from them: another key never has the same id. */
export interface RootKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface RootKeys {
  readonly wrappingKey: RootKey;
  /** The first is the current one. */
  readonly peppers: readonly [RootKey, ...RootKey[]];
}

export type SealingKeyKind = 'wrapping' | 'pepper';

/** Which root keys this ledger was sealed with: ids (key check values) only, in `ledger.sealing_keys`. */
export abstract class SealingKeyRegistry {
  abstract ids(): Promise<readonly { readonly kind: SealingKeyKind; readonly id: string }[]>;
  /** Registers the ledger's first keys. `false`: there were some, and nothing was written. */
  abstract registerFirst(
    keys: readonly { readonly kind: SealingKeyKind; readonly id: string }[],
  ): Promise<boolean>;
  /** Registers keys that a rotation added; those that are known stay as they are. */
  abstract registerMore(
    keys: readonly { readonly kind: SealingKeyKind; readonly id: string }[],
  ): Promise<void>;
}

/** The root keys in use, or why there are none: everything that needs no secret goes on. */
export abstract class SealingKeys {
  /** For logs and readiness: names the file or variable, never a key. */
  abstract readonly state:
    | { readonly status: 'present'; readonly source: string }
    | { readonly status: 'missing'; readonly source: string; readonly reason: string };
  /** @throws {WrappingKeyMissingError} */
  abstract keys(): RootKeys;
}

export class PresentSealingKeys extends SealingKeys {
  override readonly state: SealingKeys['state'];
  constructor(
    source: string,
    private readonly rootKeys: RootKeys,
  ) {
    super();
    this.state = { status: 'present', source };
  }
  override keys(): RootKeys {
    return this.rootKeys;
  }
}

export class MissingSealingKeys extends SealingKeys {
  override readonly state: SealingKeys['state'];
  constructor(
    source: string,
    private readonly reason: string,
  ) {
    super();
    this.state = { status: 'missing', source, reason };
  }
  override keys(): RootKeys {
    throw new WrappingKeyMissingError(this.reason);
  }
}
