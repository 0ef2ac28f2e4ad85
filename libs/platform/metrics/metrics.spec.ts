import { describe, expect, it } from '@jest/globals';
import { Metrics } from './index.js';

describe('metrics', () => {
  it('count requests by route template, method and status: a thousand ids are one series', async () => {
    const metrics = new Metrics();
    for (let id = 0; id < 1_000; id += 1)
      metrics.observeRequest('/v1/api-keys/:keyId', 'GET', 200, 0.003);
    const text = await metrics.registry.metrics();
    expect(text).toContain(
      'keyledger_http_request_duration_seconds_count{route="/v1/api-keys/:keyId",method="GET",status="200"} 1000',
    );
  });

  it('take all paths that no route has as one', async () => {
    const metrics = new Metrics();
    metrics.observeRequest(undefined, 'GET', 404, 0.001);
    metrics.observeRequest(undefined, 'GET', 404, 0.001);
    expect(await metrics.registry.metrics()).toContain(
      '{route="unknown",method="GET",status="404"} 2',
    );
  });

  it('read gauges at each scrape, and show none that can’t be read', async () => {
    const metrics = new Metrics();
    let lag: number | undefined = 3;
    metrics.gauge('keyledger_lag', 'Lag.', ['projection'], () =>
      lag === undefined
        ? Promise.reject(new Error('no database'))
        : Promise.resolve([{ labels: { projection: 'audit' }, value: lag }]),
    );
    expect(await metrics.registry.metrics()).toContain('keyledger_lag{projection="audit"} 3');
    lag = 1;
    expect(await metrics.registry.metrics()).toContain('keyledger_lag{projection="audit"} 1');
    lag = undefined;
    expect(await metrics.registry.metrics()).not.toContain('keyledger_lag{');
  });

  it('of two instances are apart', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.counter('keyledger_things_total', 'Things.').inc();
    expect(await one.registry.metrics()).toContain('keyledger_things_total 1');
    expect(await other.registry.metrics()).not.toContain('keyledger_things_total');
  });
});
