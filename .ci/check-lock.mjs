// Fails on a lock entry without `integrity` and on an install script that package.json's allowScripts does not name.
import { readFileSync } from 'node:fs';

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { allowScripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const problems = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '' || entry.link || entry.inBundle) continue;
  const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  if (!entry.integrity) problems.push(`${path}: no integrity`);
  if (entry.hasInstallScript && !(name in allowScripts))
    problems.push(`${path}: has an install script; decide on it in package.json allowScripts`);
}
for (const problem of problems) console.error(problem);
console.log(
  `lock file: ${Object.keys(lock.packages).length - 1} entries, ${problems.length} problems`,
);
process.exit(problems.length > 0 ? 1 : 0);
