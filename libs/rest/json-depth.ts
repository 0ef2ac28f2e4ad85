/** Levels of arrays and objects in a body: what walks one by recursion has room for them, and no honest body has as many. */
export const JSON_DEPTH_MAX = 64;

/** Whether a parsed JSON value is nested deeper than `JSON_DEPTH_MAX`. Total: it takes no room on the stack itself. */
export function isTooDeep(json: unknown): boolean {
  let level = [json].filter(isNest);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= JSON_DEPTH_MAX) return true;
    level = level.flatMap((nest) => Object.values(nest).filter(isNest));
  }
  return false;
}

const isNest = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
