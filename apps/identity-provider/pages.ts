/** No script, nothing from elsewhere; the form may be answered with a redirect to the CLI's loopback address. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' http://127.0.0.1:*; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 26rem; margin: 4rem auto; padding: 0 1rem; }
  label { display: block; margin-top: 1rem; font-weight: 600; }
  input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; margin-top: .25rem; }
  button { font: inherit; margin-top: 1.5rem; padding: .5rem 1.25rem; }
  .problem { border-left: .3rem solid #b3261e; padding-left: .75rem; }
  code { font-size: 1.25rem; }`;

export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Keyledger development</title><style>${STYLE}</style></head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>`;
}

export function loginPage(uid: string, usersFile: string, problem?: string): string {
  return page(
    'Sign in',
    `<p>Development identity provider. The users and their passwords are in <code>${escaped(usersFile)}</code>.</p>
${problem === undefined ? '' : `<p class="problem" role="alert">${escaped(problem)}</p>`}
<form method="post" action="/interaction/${escaped(uid)}">
<label for="username">User</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button>
</form>`,
  );
}

/** The provider's own form has an input without a label and no button: both are added from outside. */
export function userCodePage(form: string, problem?: string): string {
  return page(
    'Enter the code',
    `<p id="what">Enter the code that <code>keyledger login --device</code> shows.</p>
${problem === undefined ? '' : `<p class="problem" role="alert">${escaped(problem)}</p>`}
${form.replace('name="user_code"', 'name="user_code" aria-labelledby="what"')}
<button type="submit" form="op.deviceInputForm">Continue</button>`,
  );
}

export function confirmPage(form: string, userCode: string): string {
  return page(
    'Is this your code?',
    `<p>Your terminal should show <code>${escaped(userCode)}</code>. If it does not, stop here.</p>
${form}
<button type="submit" form="op.deviceConfirmForm" autofocus>Yes, continue</button>
<button type="submit" form="op.deviceConfirmForm" name="abort" value="yes">No, stop</button>`,
  );
}

export const messagePage = (title: string, text: string) =>
  page(escaped(title), `<p>${escaped(text)}</p>`);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escaped = (text: string) =>
  text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
