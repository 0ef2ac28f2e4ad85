import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import type { OpenedShare } from '../../commands/open-share/open-share.command.js';
import type { HtmlPage } from './html.page.js';
import { openedSharePage, sharePage, shareRefusedPage } from './share.page.js';

const KEY = 'kl_aff_secretsecretsecret';
const opened = (more: Partial<OpenedShare> = {}): OpenedShare => ({
  shareId: 's',
  keyId: 'k',
  portal: 'affiliate',
  label: 'Dashboard',
  key: KEY,
  secretWithheld: null,
  access: {
    baseUrl: 'https://api.example/v1',
    headerName: 'X-Api-Key',
    exampleRequest: `curl 'https://api.example/v1/x' \\\n  -H "X-Api-Key: $API_KEY"`,
    documentation: [{ title: 'Guide', url: 'https://docs.example/guide' }],
  },
  ...more,
});
const pages: readonly (readonly [string, HtmlPage])[] = [
  ['the form', sharePage()],
  ['the opened share', openedSharePage(opened())],
  ['the refusal', shareRefusedPage({ title: 'Expired', detail: 'Ask again.', signInNeeded: true })],
];
const contents = (html: string, tag: string) =>
  [...html.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))].map(
    ([, text]) => text ?? '',
  );
const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

describe.each(pages)('%s', (_, { html, headers }) => {
  const policy = new Map(
    (headers['Content-Security-Policy'] ?? '').split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ');
      return [name, values] as const;
    }),
  );

  it('may load nothing but its own inline style and script, each allowed by its hash', () => {
    expect(policy.get('default-src')).toEqual(["'none'"]);
    expect(policy.get('style-src')).toEqual(contents(html, 'style').map(hash));
    expect(policy.get('script-src') ?? []).toEqual(contents(html, 'script').map(hash));
    expect(html).not.toMatch(/\s(src|srcset|style|on\w+)=/i);
    expect(html).not.toMatch(/<(link|img|iframe|object|embed|base|video|audio)\b/i);
    expect([...policy.values()].flat().join(' ')).not.toMatch(/unsafe|https?:|\*/);
  });

  it('posts to nobody else and cannot be framed', () => {
    expect(policy.get('form-action')).toEqual(["'self'"]);
    expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
    expect(policy.get('base-uri')).toEqual(["'none'"]);
  });

  it('sends no referrer and is kept by no cache and no search engine', () => {
    expect(headers).toMatchObject({
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
      'X-Robots-Tag': expect.stringContaining('noindex') as unknown,
      'X-Content-Type-Options': 'nosniff',
    });
  });

  it('can be read aloud: a language, a title, one heading, a main part', () => {
    expect(html).toContain('<html lang="en">');
    expect(html).toMatch(/<title>[^<]+<\/title>/);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html).toContain('<main>');
    for (const [, id] of html.matchAll(/<input id="([^"]+)"(?! name="[^"]+" type="hidden")/g))
      expect(html).toContain(`<label for="${String(id)}">`);
  });
});

describe('the form', () => {
  const { html } = sharePage();

  it('is the same for every link and opens nothing by being loaded', () => {
    expect(sharePage()).toEqual(sharePage());
    expect(html).toContain('<form method="post" ');
    expect(html).toContain('<button type="submit">');
    expect(contents(html, 'script').join('')).not.toMatch(/fetch|XMLHttpRequest|submit|sendBeacon/);
  });

  it('moves the token from the address into the form, and out of the history', () => {
    const elements = new Map<string, { value: string; hidden: boolean; focus(): void }>();
    const element = (id: string) => {
      const one = elements.get(id) ?? { value: '', hidden: id === 'ready', focus: () => undefined };
      elements.set(id, one);
      return one;
    };
    const shown: string[] = [];
    runInNewContext(contents(html, 'script').join(''), {
      location: { hash: '#the-token', pathname: '/v1/share' },
      document: { getElementById: element },
      history: { replaceState: (_: unknown, __: string, to: string) => shown.push(to) },
    });
    expect(element('token').value).toBe('the-token');
    expect(element('token-row').hidden).toBe(true);
    expect(element('ready').hidden).toBe(false);
    expect(shown).toEqual(['/v1/share']);
  });

  it('says what to do without a script, and when the share is bound to users', () => {
    expect(html).toMatch(/<noscript>[\s\S]*<code>#<\/code>[\s\S]*<\/noscript>/);
    expect(html).toContain('Authorization: Bearer');
  });
});

describe.each(['https://keys.example', 'https://www.example/ledger'])('shown at %s', (at) => {
  const [page, open] = [`${at}/v1/share`, `${at}/v1/shares/open`];
  const refusal = { title: 'Wrong passphrase', detail: 'Try again.', signInNeeded: false };
  const target = ({ html }: HtmlPage, from: string, name: string) =>
    new URL(new RegExp(` ${name}="([^"]*)"`).exec(html)?.[1] ?? 'nowhere', from).href;

  it('the form and the pages that answer it find each other', () => {
    expect(target(sharePage(), page, 'action')).toBe(open);
    expect(target(shareRefusedPage({ ...refusal, retryToken: 't' }), open, 'action')).toBe(open);
    expect(target(shareRefusedPage(refusal), open, 'href')).toBe(page);
  });
});

describe('the opened share', () => {
  it('tells the key, the header, the base URL, an example and the documentation', () => {
    const { html } = openedSharePage(opened());
    for (const part of [
      KEY,
      'X-Api-Key',
      'https://api.example/v1',
      'curl',
      'href="https://docs.example/guide" rel="noreferrer noopener"',
    ])
      expect(html).toContain(part);
    expect(html.split(KEY)).toHaveLength(2);
    expect(html).not.toContain(`?${KEY}`);
  });

  it('shows what people wrote as text', () => {
    const { html } = openedSharePage(opened({ label: '<img src=x onerror="alert(1)">' }));
    expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
    expect(html).not.toContain('<img');
  });
});

describe('the refusal of a wrong passphrase', () => {
  it('lets the person try again without the link', () => {
    const { html } = shareRefusedPage({
      title: 'Wrong passphrase',
      detail: 'Try again.',
      signInNeeded: false,
      retryToken: 'tok"en',
    });
    expect(html).toContain('name="token" type="hidden" value="tok&quot;en"');
    expect(html).toContain('<label for="passphrase">');
  });
});
