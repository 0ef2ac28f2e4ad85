// A log as years of use leave it: networks, partners, key rings and refusals, interleaved; the same for the same seed.
import { once } from 'node:events';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../package.json', import.meta.url));
const pg = require('pg');
const { from: copyFrom } = require('pg-copy-streams');

const NETWORKS = 5;
/** A ring of keys has about this many events in the end. */
const RING_EVENTS = 50;
const RINGS_ACTIVE_MAX = 20_000;
const SECONDS_BETWEEN = 13;
const START = Date.UTC(2024, 0, 1);
const CHUNK_CHARACTERS = 1 << 20;
const SEED = 0x6b6c6f67;

const WORDS = 'reporting dashboard postback offers nightly sync finance team pull warehouse export client migration ticket campaign audit review weekly spend partner import staging'.split(' ');
const CHANNELS = ['email', 'chat', 'phone', 'ticket', 'other'];
const TRAITS = ['recurringReportRequests', 'ownTooling', 'steadyTraffic', 'subIdGranularity', 'bulkPostbacks', 'goodStanding'];
const ISSUER = 'https://id.example.com';

/** Writes `count` events into an empty log, through `COPY` as its owner. */
export async function fillLog(url, count) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const copy = client.query(copyFrom('COPY log.events (position, stream_id, revision, id, type, data, metadata, stored_at) FROM STDIN'));
    let text = '';
    for (const line of lines(count)) {
      text += line;
      if (text.length < CHUNK_CHARACTERS) continue;
      if (!copy.write(text)) await once(copy, 'drain');
      text = '';
    }
    copy.end(text);
    await once(copy, 'finish');
    await client.query('VACUUM (ANALYZE) log.events');
  } finally {
    await client.end();
  }
}

function* lines(count) {
  const random = generator(SEED);
  const revisions = new Map();
  let position = 0;
  const line = (stream, type, data, network, actor) => {
    position += 1;
    const revision = revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    const at = new Date(START + position * SECONDS_BETWEEN * 1000 + Math.floor(random() * 1000)).toISOString();
    const metadata = JSON.stringify({
      $correlationId: uuid(random), $causationId: uuid(random), commandId: uuid(random), requestHash: hex(random, 64),
      actor: { type: actor?.type ?? 'employee', issuer: ISSUER, subject: actor?.subject ?? `user-${1 + Math.floor(random() * 40)}` },
      networkId: network, ip: `v1.${hex(random, 48)}`, recordedBy: 'api', recordedAt: at, salt: hex(random, 32), schemaVersion: 1,
    });
    return `${position}\t${stream}\t${revision}\t${uuid(random)}\t${type}\t${escaped(JSON.stringify(data))}\t${escaped(metadata)}\t${at}\n`;
  };
  yield line('ledger', 'LedgerOpened', { logId: uuid(random) }, null, { type: 'system', subject: 'ledger' });
  const networks = Array.from({ length: NETWORKS }, (_, n) => 101 + n);
  for (const network of networks) {
    const operator = { type: 'operator', subject: 'cs-1' };
    yield line(`network-${network}-settings`, 'NetworkCreated', { name: `Network ${network}`, region: 'eu' }, network, operator);
    yield line(`network-${network}-settings`, 'NetworkKeyPolicySet', {
      policy: {
        keyPrefix: 'kl', activeKeysMax: 2, eligibility: { threshold: 4, weights: Object.fromEntries(TRAITS.map((trait) => [trait, 1])) },
        marketplaceSecretsListed: false, shareTtlSeconds: { default: 86_400, max: 604_800 }, suspendOnFlag: true,
      },
    }, network, operator);
  }
  const rings = [];
  let partners = 2000;
  const target = Math.min(RINGS_ACTIVE_MAX, Math.ceil(count / RING_EVENTS));
  while (position < count) {
    const roll = random();
    if (rings.length < target && roll < 0.2) {
      // A partner arrives, and gets what it needs to have keys.
      const network = networks[Math.floor(random() * networks.length)];
      const id = (partners += 1);
      const stream = `partner-${network}-${id}`;
      const name = phrase(random, 2);
      const joined = [
        ['PartnerRegistered', { partnerId: id, name, status: 'active', managerId: 12, source: 'import', sourceTime: null, observation: { kind: 'record', name, status: 'active', managerId: 12 } }],
        ['TechnicalCapacityConfirmed', { evidence: phrase(random, 6) }],
        ['PartnerTraitsAssessed', { traits: Object.fromEntries(TRAITS.map((trait) => [trait, random() < 0.8])) }],
        ['PartnerUserLinked', { issuer: ISSUER, subject: `partner-user-${id}` }],
      ];
      for (const [type, data] of joined) if (position < count) yield line(stream, type, data, network);
      rings.push({ network, id, stream: `keyRing-${network}-affiliate-partner-${id}`, keys: [], shares: [] });
    } else if (roll > 0.97) {
      const network = networks[Math.floor(random() * networks.length)];
      const at = new Date(START + position * SECONDS_BETWEEN * 1000);
      const subject = `user-${Math.floor(random() * 500)}`;
      yield line(`accessDenied-${network}-${at.toISOString().slice(0, 10).replaceAll('-', '')}`, 'AccessDenied', {
        code: 'access/forbidden', count: 1 + Math.floor(random() * 40), windowSeconds: 10, firstAt: at.toISOString(),
        lastAt: new Date(at.getTime() + 9_500).toISOString(), actor: { type: 'employee', issuer: ISSUER, subject }, overflow: false,
      }, network, { type: 'system', subject: 'access' });
    } else if (roll > 0.94 && rings.length > 0) {
      const ring = rings[Math.floor(random() * rings.length)];
      yield line(`partner-${ring.network}-${ring.id}`, 'PartnerTraitsAssessed', { traits: Object.fromEntries(TRAITS.map((trait) => [trait, random() < 0.8])) }, ring.network);
    } else if (rings.length > 0) {
      const ring = rings[Math.floor(random() * rings.length)];
      const at = START + position * SECONDS_BETWEEN * 1000;
      for (const [type, data, actor] of ringStep(ring, random, at)) if (position < count) yield line(ring.stream, type, data, ring.network, actor);
    }
  }
}

/** The next decision about a ring: one event, or those that one decision makes together. */
function ringStep(ring, random, at) {
  const live = ring.keys.filter((key) => key.status !== 'revoked');
  if (live.length === 0 || (live.length < 2 && random() < 0.05)) return [issue(ring, random, at, null)];
  const key = live[Math.floor(random() * live.length)];
  const open = ring.shares.filter((share) => share.keyId === key.keyId);
  const roll = random();
  if (key.status === 'suspended') {
    if (roll < 0.9) {
      key.status = 'active';
      return [['KeyReinstated', { keyId: key.keyId, scope: 'key', reason: phrase(random, 3) }]];
    }
    return revoke(ring, key, open, random, null);
  }
  if (open.length > 0 && roll < 0.6) {
    ring.shares = ring.shares.filter((share) => share !== open[0]);
    return [['ShareOpened', { shareId: open[0].shareId, keyId: key.keyId, openedBy: { type: 'partnerUser', reference: `${ISSUER}#partner-user-${ring.id}` } }, { type: 'partnerUser', subject: `partner-user-${ring.id}` }]];
  }
  if (roll < 0.35) {
    const ended = open.map(({ shareId }) => ['ShareEnded', { shareId, keyId: key.keyId, reason: 'reshared' }]);
    const share = { shareId: uuid(random), keyId: key.keyId };
    ring.shares = [...ring.shares.filter((one) => one.keyId !== key.keyId), share];
    return [...ended, ['KeyShared', {
      ...share, recipient: { type: 'holderUsers', reference: String(ring.id) }, channel: CHANNELS[Math.floor(random() * CHANNELS.length)], reason: phrase(random, 3),
      bound: 'users', tokenHash: hex(random, 64), pepperId: '0a1b2c3d4e5f6071', expiresAt: new Date(at + 86_400_000).toISOString(),
    }]];
  }
  if (roll < 0.75)
    return [['KeyRevealed', { keyId: key.keyId, purpose: 'ownAccount', note: null }, { type: 'partnerUser', subject: `partner-user-${ring.id}` }]];
  if (roll < 0.85) {
    const to = phrase(random, 2);
    const from = key.label;
    key.label = to;
    return [['KeyRelabeled', { keyId: key.keyId, from, to }]];
  }
  if (roll < 0.93) {
    key.status = 'suspended';
    const ended = open.map(({ shareId }) => ['ShareEnded', { shareId, keyId: key.keyId, reason: 'keySuspended' }]);
    ring.shares = ring.shares.filter((share) => share.keyId !== key.keyId);
    return [['KeySuspended', { keyId: key.keyId, scope: 'key', cause: { kind: 'manual', reason: phrase(random, 3), event: null } }], ...ended];
  }
  const next = issue(ring, random, at, key.keyId);
  return [...revoke(ring, key, open, random, next[1].keyId), next];
}

function issue(ring, random, at, replaces) {
  const key = { keyId: uuid(random), label: phrase(random, 2), status: 'active' };
  ring.keys.push(key);
  return ['KeyIssued', {
    keyId: key.keyId, portal: 'affiliate', holder: { type: 'partner', id: ring.id }, label: key.label, prefix: 'kl', hint: hex(random, 4),
    secret: { storage: 'sealed', pepperId: '0a1b2c3d4e5f6071', lookupHash: hex(random, 64) },
    verdict: { eligible: true, blockers: [], score: 5, threshold: 4, traits: TRAITS.map((trait) => ({ trait, weight: 1, met: random() < 0.8 })) },
    permissions: [], employeeId: null, expiresAt: random() < 0.3 ? new Date(at + 31_536_000_000).toISOString() : null, replaces,
  }];
}

function revoke(ring, key, open, random, replacedBy) {
  key.status = 'revoked';
  ring.shares = ring.shares.filter((share) => share.keyId !== key.keyId);
  ring.keys = ring.keys.filter((one) => one !== key);
  return [
    ['KeyRevoked', { keyId: key.keyId, reason: replacedBy ? 'rotated' : 'unused', note: random() < 0.3 ? phrase(random, 5) : null, replacedBy }],
    ...open.map(({ shareId }) => ['ShareEnded', { shareId, keyId: key.keyId, reason: 'keyRevoked' }]),
  ];
}

function phrase(random, words) {
  return Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ');
}

function hex(random, digits) {
  let text = '';
  while (text.length < digits) text += Math.floor(random() * 0x100000000).toString(16).padStart(8, '0');
  return text.slice(0, digits);
}

function uuid(random) {
  const digits = hex(random, 32);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-5${digits.slice(13, 16)}-9${digits.slice(17, 20)}-${digits.slice(20)}`;
}

const escaped = (text) => text.replaceAll('\\', '\\\\');

/** mulberry32 */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}
