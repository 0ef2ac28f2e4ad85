// Asks the protocol double all recorded scenarios: it has to answer as a real EventStoreDB did.
import { spawn, spawnSync } from 'node:child_process';

const START_TIMEOUT_MS = 20_000;
const SCENARIOS_TIMEOUT_MS = 180_000;
const recorded = '../shared/eventstoredb';

const double = spawn(process.execPath, ['dist/apps/eventstoredb-double/main.js', '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const connection = await new Promise((resolve, reject) => {
  const late = setTimeout(
    () => reject(new Error('the double did not start in time')),
    START_TIMEOUT_MS,
  );
  double.stdout.once('data', (line) => {
    clearTimeout(late);
    resolve(String(line).trim());
  });
  double.once('exit', (code) => reject(new Error(`the double ended with ${code}`)));
});
const { status } = spawnSync(
  process.execPath,
  [`${recorded}/scenarios.mjs`, connection, '--check', `${recorded}/answers.json`],
  { stdio: 'inherit', timeout: SCENARIOS_TIMEOUT_MS },
);
double.kill('SIGTERM');
process.exit(status ?? 1);
