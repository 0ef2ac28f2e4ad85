import { it } from '@jest/globals';
import { comparePublicRoutes } from '#access';
import { testApplication } from '#test/application';
it('x', async () => {
  const product = await testApplication();
  try {
    const fastify = product.app.getHttpAdapter().getInstance() as { printRoutes(o: object): string };
    const text = fastify.printRoutes({ commonPrefix: false });
    const routes: { method: string; path: string }[] = [];
    const stack: string[] = [];
    for (const line of text.split('\n')) {
      const m = /^([│ ]*)(?:├── |└── )(\S*)(?: \(([A-Z, ]+)\))?/.exec(line);
      if (!m) continue;
      const depth = (m[1] ?? '').length / 4;
      stack.length = depth; stack[depth] = m[2] ?? '';
      if (m[3]) for (const method of m[3].split(', ')) routes.push({ method, path: stack.join('') });
    }
    const out = [];
    for (const { method, path } of routes) {
      if (method === 'HEAD') continue;
      const url = path.replace(/:\w+/g, '1').replace('*', 'x.css');
      const r = await product.call(url, { method: method as 'GET' });
      out.push({ method, path, status: r.status, answersWithoutToken: r.status !== 401 });
    }
    process.stderr.write(out.map((o) => `${o.method} ${o.path} ${o.status}`).join('\n') + '\n');
    process.stderr.write(JSON.stringify(comparePublicRoutes(out, ['/graphiql'])) + '\n');
    process.stderr.write(JSON.stringify((await product.call('/docs')).text.slice(0, 3000)) + '\n');
  } finally { await product.close(); }
}, 120000);
