/** Whether a browser asks: it names HTML, and does not prefer JSON by naming it first. */
export function wantsHtml(accept: string | readonly string[] | undefined): boolean {
  const asked = (Array.isArray(accept) ? accept.join(',') : String(accept ?? '')).toLowerCase();
  const html = asked.indexOf('text/html');
  const json = asked.indexOf('application/json');
  return html >= 0 && (json < 0 || html < json);
}
