export { InMemoryIdentityDirectory, RecordingDenials } from './in-memory.js';
export type { SignedIssuer } from './signed-issuer.js';
export { startSignedIssuer } from './signed-issuer.js';
