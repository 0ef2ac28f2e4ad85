import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The command as it was built: `npm test` builds it first. */
export const BUILT_PRODUCT = path.join(ROOT, 'apps/keyledger/keyledger.mjs');

/** Nothing of this process's environment, and code that is compiled once for all that run it. */
export const BUILT_PRODUCT_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  NODE_COMPILE_CACHE: path.join(ROOT, 'dist/.compiled'),
};
