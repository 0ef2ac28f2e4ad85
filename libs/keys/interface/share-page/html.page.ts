import { createHash } from 'node:crypto';

/** A whole HTML document with the headers that it must be sent with. */
export interface HtmlPage {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface PageParts {
  readonly title: string;
  /** HTML of the `<main>` element; everything in it that is not ours went through `escapeHtml`. */
  readonly main: string;
  /** An inline script, allowed by its hash. */
  readonly script?: string;
}

const STYLE = `:root{color-scheme:light dark}
body{font:1.05rem/1.6 system-ui,sans-serif;margin:0 auto;max-width:44rem;padding:1.5rem}
h1{font-size:1.6rem;line-height:1.25}h2{font-size:1.2rem;margin-top:2rem}
label{display:block;font-weight:600;margin-top:1rem}
input{box-sizing:border-box;font:inherit;padding:.5rem;width:100%}
button{font:inherit;font-weight:600;margin-top:1.5rem;padding:.6rem 1.4rem}
pre{border:1px solid;overflow-x:auto;padding:.75rem;white-space:pre-wrap;word-break:break-all}
dt{font-weight:600}dd{margin:0 0 .75rem}
.hint{margin:.25rem 0 0}
:focus-visible{outline:3px solid;outline-offset:2px}`;

/**
 * One page that loads nothing: its style and script are inline and allowed by their hashes alone, and no address of it
 * leaves the browser in a referrer.
 */
export function htmlPage({ title, main, script }: PageParts): HtmlPage {
  return {
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${main}
</main>
${script === undefined ? '' : `<script>${script}</script>\n`}</body>
</html>
`,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': [
        "default-src 'none'",
        `style-src '${integrity(STYLE)}'`,
        ...(script === undefined ? [] : [`script-src '${integrity(script)}'`]),
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
      'Referrer-Policy': 'no-referrer',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'X-Robots-Tag': 'noindex, nofollow',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
    },
  };
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

const integrity = (source: string): string =>
  `sha256-${createHash('sha256').update(source, 'utf8').digest('base64')}`;
