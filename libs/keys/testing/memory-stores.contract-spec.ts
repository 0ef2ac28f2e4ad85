import { keySecretStoreContract } from './key-secret-store.contract.js';
import { MemoryKeySecrets } from './memory-key-secrets.js';
import { MemoryShares } from './memory-shares.js';
import { shareStoreContract } from './share-store.contract.js';

const secrets = new MemoryKeySecrets();
keySecretStoreContract(() => secrets);

const shares = new MemoryShares();
shareStoreContract(() => shares);
