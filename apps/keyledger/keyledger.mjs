#!/usr/bin/env node
// Starts the built CLI, on the pinned Node when the one that runs is older than what the product needs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MAJOR_MIN = 24;
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

async function main() {
  if (Number(process.versions.node.split('.', 1)[0]) < MAJOR_MIN) {
    const pinned = path.join(root, 'node_modules/node/bin/node');
    if (!existsSync(pinned)) {
      console.error(
        `keyledger needs Node ${MAJOR_MIN} or newer (this is ${process.versions.node}); run "npm ci" to get the pinned one`,
      );
      process.exit(1);
    }
    const child = spawn(pinned, process.argv.slice(1), { stdio: 'inherit' });
    // A terminal's Ctrl-C reaches both of us, and the other one takes what comes twice in a moment as one.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => child.kill(signal));
    child.on('error', (error) => {
      console.error(`the pinned Node did not start: ${error.message}`);
      process.exit(1);
    });
    child.on('exit', (code, signal) =>
      process.exit(code ?? 128 + (constants.signals[signal] ?? 0)),
    );
    return;
  }
  const entry = path.join(root, 'dist/apps/keyledger/main.js');
  if (!existsSync(entry)) {
    console.error('keyledger is not built; run "npm run build"');
    process.exit(1);
  }
  await import(entry);
}

await main();
