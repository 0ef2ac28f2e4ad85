import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const DURATION_BUCKETS_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** A reading taken when metrics are scraped: one sample for each combination of labels, all from a closed set. */
export interface GaugeReading {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Prometheus metrics. Labels come from closed sets only (route templates, projection names, outcomes): never an id, an
 * address or a text of a client.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'keyledger_http_request_duration_seconds',
    help: 'Answered HTTP requests by route template, method and status.',
    labelNames: ['route', 'method', 'status'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry, prefix: 'keyledger_' });
  }

  /** `route` is the template as registered, such as `/v1/api-keys/:keyId`; unknown paths are one route. */
  observeRequest(route: string | undefined, method: string, status: number, seconds: number): void {
    this.requests.observe({ route: route ?? 'unknown', method, status: String(status) }, seconds);
  }

  counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  /** Read at each scrape; a reading that fails leaves the gauge empty. */
  gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: () => Promise<readonly GaugeReading[]>,
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      async collect() {
        this.reset();
        const readings = await read().catch((): readonly GaugeReading[] => []);
        for (const { labels, value } of readings) this.set({ ...labels }, value);
      },
    });
  }
}
