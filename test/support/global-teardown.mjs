export default async function globalTeardown() {
  await globalThis.keyledgerTestPostgres?.stop();
}
