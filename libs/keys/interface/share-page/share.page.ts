import type { OpenedShare } from '../../commands/open-share/open-share.command.js';
import type { HtmlPage } from './html.page.js';
import { escapeHtml, htmlPage } from './html.page.js';

/** Where the form posts to, and where programs open a share. */
export const SHARE_OPEN_PATH = '/v1/shares/open';

// As the pages themselves name each other: a proxy may show us below a path of its own (`KEYLEDGER_PUBLIC_URL`).
const OPEN_FROM_PAGE = 'shares/open';
const OPEN_FROM_ANSWER = 'open';
const PAGE_FROM_ANSWER = '../share';

// The token leaves the address bar as soon as it was read: it must not stay in the browser's history.
const SCRIPT = `(() => {
  const token = location.hash.slice(1);
  const field = document.getElementById('token');
  if (!token || !field) return;
  field.value = token;
  history.replaceState(null, '', location.pathname);
  document.getElementById('token-row').hidden = true;
  document.getElementById('ready').hidden = false;
  document.getElementById('passphrase').focus();
})();`;

/** No field takes an access token: a page that did would teach people to paste theirs into pages. */
const HOW_TO_OPEN_SIGNED_IN = `<h2 id="signed-in">If the share is bound to your account</h2>
<p>Your manager may have bound the share to your company’s users instead of a passphrase. This page does not sign you in:
open such a share with an access token of yours, or read the key at <code>GET /v1/me/api</code>.</p>
<pre><code>curl -X POST https://&lt;this host&gt;${SHARE_OPEN_PATH} \\
  -H "Authorization: Bearer $ACCESS_TOKEN" \\
  -H "Content-Type: application/json" \\
  -d '{"token": "&lt;what follows # in the link&gt;"}'</code></pre>`;

const PASSPHRASE_ROW = `<label for="passphrase">Passphrase</label>
<input id="passphrase" name="passphrase" type="password" maxlength="200" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="passphrase-hint">
<p id="passphrase-hint" class="hint">You received it apart from the link. After five wrong ones the share ends.</p>
<button type="submit">Show the key</button>`;

const NO_SCRIPT = `<noscript><p>Your browser runs no script, so this page cannot read the link’s code by itself:
copy what follows <code>#</code> in the address and paste it here.</p></noscript>`;

/**
 * The page behind a share link: static, the same for every link, as the token stands in the fragment, which no browser
 * sends. Loading it opens nothing; opening is the form's POST, which a person presses.
 */
export function sharePage(): HtmlPage {
  return page;
}

const page = htmlPage({
  title: 'You were given an API key',
  script: SCRIPT,
  main: `<p>The key is shown <strong>once</strong>. Have a place ready to keep it, such as a secrets manager, before you press the button.</p>
<form method="post" action="${OPEN_FROM_PAGE}" autocomplete="off">
<p id="ready" role="status" hidden>The link’s code was read from the address.</p>
<div id="token-row">
${NO_SCRIPT}
<label for="token">Code of the link</label>
<input id="token" name="token" type="text" required maxlength="200" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="token-hint">
<p id="token-hint" class="hint">Everything after <code>#</code> in the link.</p>
</div>
${PASSPHRASE_ROW}
</form>
${HOW_TO_OPEN_SIGNED_IN}`,
});

/** The answer to a person who opened a share. */
export function openedSharePage(opened: OpenedShare): HtmlPage {
  const { access } = opened;
  return htmlPage({
    title: 'Your API key',
    main: `<p role="status">This key is shown once; the link no longer works. Keep it like a password.</p>
${keyOf(opened)}
<h2>How to authenticate</h2>
<dl>
<dt>Base URL</dt><dd><code>${escapeHtml(access.baseUrl)}</code></dd>
<dt>Header</dt><dd><code>${escapeHtml(access.headerName)}</code>, with the key as its value, on every request</dd>
<dt>Portal</dt><dd>${escapeHtml(opened.portal)}</dd>
${opened.label === '' ? '' : `<dt>Label</dt><dd>${escapeHtml(opened.label)}</dd>\n`}</dl>
<p>A missing or misspelled header is answered with 401. Never put the key into an address.</p>
<h2>An example</h2>
<p>With the key in the environment variable <code>API_KEY</code>:</p>
<pre><code>${escapeHtml(access.exampleRequest)}</code></pre>
${documentation(access.documentation)}`,
  });
}

/** The answer to a person whose share could not be opened. Title and text are those of the error catalogue. */
export function shareRefusedPage(problem: {
  readonly title: string;
  readonly detail: string;
  readonly signInNeeded: boolean;
  /** The token that the form carried, when another passphrase may still open the share. */
  readonly retryToken?: string;
}): HtmlPage {
  const { retryToken } = problem;
  return htmlPage({
    title: problem.title,
    main: `<p role="alert">${escapeHtml(problem.detail)}</p>
${
  retryToken === undefined
    ? `<p><a href="${PAGE_FROM_ANSWER}">Back to the form</a></p>`
    : `<form method="post" action="${OPEN_FROM_ANSWER}" autocomplete="off">
<input id="token" name="token" type="hidden" value="${escapeHtml(retryToken)}">
${PASSPHRASE_ROW}
</form>`
}
${problem.signInNeeded ? HOW_TO_OPEN_SIGNED_IN : ''}`,
  });
}

/** Only the answer to a retry can be without it. */
const keyOf = ({ key }: OpenedShare): string =>
  key === null
    ? '<p>It was shown before, and cannot be shown again. Ask for a new link.</p>'
    : `<pre><code>${escapeHtml(key)}</code></pre>`;

function documentation(links: OpenedShare['access']['documentation']): string {
  if (links.length === 0) return '';
  const items = links.map(
    ({ title, url }) =>
      `<li><a href="${escapeHtml(url)}" rel="noreferrer noopener">${escapeHtml(title)}</a></li>`,
  );
  return `<h2>Documentation</h2>\n<ul>\n${items.join('\n')}\n</ul>`;
}
