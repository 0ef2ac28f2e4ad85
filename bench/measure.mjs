export const SECONDS_MAX = 10;

/** `writers` loops of `work(writer, n)` at once; what ended within the time counts. */
export async function throughput(writers, seconds, work) {
  const start = performance.now();
  const end = start + Math.min(seconds, SECONDS_MAX) * 1000;
  let done = 0;
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; performance.now() < end; n += 1) {
        await work(writer, n);
        done += 1;
      }
    }),
  );
  return (done * 1000) / (performance.now() - start);
}

/** One after the other for so long; each call's milliseconds. */
export async function latencies(seconds, work) {
  const end = performance.now() + Math.min(seconds, SECONDS_MAX) * 1000;
  const taken = [];
  for (let n = 0, before = performance.now(); before < end; n += 1) {
    await work(0, n);
    const after = performance.now();
    taken.push(after - before);
    before = after;
  }
  return taken;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export const rounded = (value, digits = 0) => Number(value.toFixed(digits));
