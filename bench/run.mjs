// npm run bench -- <suite> [--json] [--seconds N] [--rounds N] [--url esdb://…] [events, of rebuild]: one JSON line last.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
const NO_SUITES = new Set(['run.mjs', 'measure.mjs', 'rebuild-child.mjs', 'rebuild-log.mjs']);
const suites = readdirSync(here)
  .filter((file) => file.endsWith('.mjs') && !NO_SUITES.has(file))
  .map((file) => file.slice(0, -'.mjs'.length));

const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    rounds: { type: 'string' },
    url: { type: 'string' },
  },
});
const [suite] = positionals;
if (!suites.includes(suite)) {
  console.error(`usage: npm run bench -- ${suites.join('|')} [--json] [--seconds N] [--rounds N] [--url esdb://…] [how many events, of rebuild]`);
  process.exit(2);
}
if (!existsSync(new URL('../dist/libs', import.meta.url))) {
  console.error('bench: the product is not built: npm run build');
  process.exit(2);
}

for (const option of ['seconds', 'rounds'])
  if (values[option] !== undefined && !(Number(values[option]) > 0)) {
    console.error(`bench: --${option} takes a number above 0, not ${values[option]}`);
    process.exit(2);
  }

const { needsPeers, run } = await import(`./${suite}.mjs`);
if (needsPeers && !existsSync(new URL('./node_modules/.package-lock.json', import.meta.url))) {
  console.error('bench: installing the peers into bench/node_modules');
  execFileSync('npm', ['ci', '--no-fund', '--no-audit'], { cwd: here, stdio: ['ignore', 'inherit', 'inherit'] });
}
const say = (line) => {
  if (!values.json) console.log(line);
};
const result = await run({
  seconds: values.seconds === undefined ? undefined : Number(values.seconds),
  rounds: values.rounds === undefined ? undefined : Number(values.rounds),
  url: values.url,
  positionals: positionals.slice(1),
  say,
});
console.log(JSON.stringify(result));
process.exit(0);
