import { parseArgs } from 'node:util';
import { EventStoreDbDouble } from '#event-store/testing/double';

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const port = Number(values.port);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write(`--port must be a port number, not ${values.port}\n`);
  process.exit(2);
}

try {
  const double = await EventStoreDbDouble.start({ port });
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      void double.stop();
    });
  process.stdout.write(`${double.connectionString}\n`);
} catch (error) {
  process.stderr.write(`the double did not start: ${String(error)}\n`);
  process.exitCode = 1;
}
