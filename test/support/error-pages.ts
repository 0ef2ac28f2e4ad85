import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { STATUS_CODES } from 'node:http';
import type { DomainErrorCode } from '#kernel';
import type { ProblemCatalogue, ProblemDefinition } from '#problems';
import { problemPage } from '#problems';

const SECTION_WORDS_MIN = 5;

/** The part of an error's page that repeats the catalogue. */
export function errorPageHead(code: DomainErrorCode, definition: ProblemDefinition): string {
  const { title, status, detail, retryAfterSeconds } = definition;
  const facts = [
    `\`${code}\``,
    `HTTP ${String(status)} ${STATUS_CODES[status] ?? ''}`,
    ...(retryAfterSeconds === undefined ? [] : [`\`Retry-After: ${String(retryAfterSeconds)}\``]),
  ];
  return `# ${title}\n\n${facts.join(' · ')}\n\n> ${detail}\n`;
}

/** What is wrong with the pages of a catalogue: none for a code, none such a code, an old head, an empty section. */
export function errorPageFaults(catalogue: ProblemCatalogue, folder: string): readonly string[] {
  const files = readdirSync(folder).filter((name) => name !== 'README.md');
  const codes = new Map(catalogue.codes().map((code) => [`${problemPage(code)}.md`, code]));
  return [
    ...files.filter((name) => !codes.has(name)).map((name) => `${name}: no such code`),
    ...[...codes].flatMap(([name, code]) => {
      const definition = catalogue.get(code);
      if (!definition || !files.includes(name)) return [`${name}: missing`];
      const text = readFileSync(path.join(folder, name), 'utf8');
      return pageFaults(text, errorPageHead(code, definition)).map((fault) => `${name}: ${fault}`);
    }),
  ];
}

function pageFaults(text: string, head: string): readonly string[] {
  return [
    ...(text.startsWith(head) ? [] : ['its head is not as the catalogue says']),
    ...['Cause', 'What to do']
      .filter((section) => wordsOf(text, section) < SECTION_WORDS_MIN)
      .map((section) => `"${section}" says too little`),
  ];
}

function wordsOf(text: string, section: string): number {
  const [, after = ''] = text.split(`\n## ${section}\n`);
  const [body = ''] = after.split('\n## ');
  return body.split(/\s+/).filter((word) => word !== '').length;
}
