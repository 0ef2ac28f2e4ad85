// Runs npm scripts beside one another, as many as there are processors, and says what each said when it is over:
//   node .ci/side-by-side.mjs lint:code lint:style
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';

const waiting = process.argv.slice(2);
let failed = false;

async function run(script) {
  const beganAt = Date.now();
  const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => said.push(piece));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = Math.round((Date.now() - beganAt) / 1_000);
  process.stdout.write(`-- ${script}: ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s\n`);
  process.stdout.write(Buffer.concat(said));
  failed ||= code !== 0;
}

async function runNext() {
  for (let script = waiting.shift(); script !== undefined; script = waiting.shift())
    await run(script);
}

await Promise.all(Array.from({ length: availableParallelism() }, runNext));
process.exitCode = failed ? 1 : 0;
