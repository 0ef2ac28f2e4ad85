// Lets plain Node load this repository's TypeScript as Jest does: `.js` that is a `.ts`, `#lib`, decorators.
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

registerHooks({
  resolve(specifier, context, nextResolve) {
    const file = sourceOf(specifier, context.parentURL);
    return file
      ? { url: pathToFileURL(file).href, shortCircuit: true }
      : nextResolve(specifier, context);
  },
  load(url, context, nextLoad) {
    if (!url.endsWith('.ts') || url.includes('/node_modules/')) return nextLoad(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), {
      filename,
      sourceMaps: 'inline',
      module: { type: 'es6' },
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', decorators: true },
        transform: {
          legacyDecorator: true,
          decoratorMetadata: true,
          useDefineForClassFields: false,
        },
      },
    });
    return { format: 'module', source: code, shortCircuit: true };
  },
});

function sourceOf(specifier, parentUrl) {
  let file;
  if (specifier.startsWith('#test/'))
    file = path.join(root, 'test/support', `${specifier.slice(6)}.ts`);
  else if (specifier.startsWith('#'))
    file = path.join(root, 'libs', specifier.slice(1), 'index.ts');
  else if (/^\.\.?\/.*\.js$/.test(specifier) && parentUrl?.startsWith('file:'))
    file = path.resolve(path.dirname(fileURLToPath(parentUrl)), specifier.replace(/\.js$/, '.ts'));
  return file !== undefined && existsSync(file) ? file : undefined;
}
