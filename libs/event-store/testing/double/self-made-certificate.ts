import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';

export interface SelfMadeCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

const VALID_DAYS = 2;
const DAY_MS = 86_400_000;

/** A certificate for localhost and 127.0.0.1 that is its own authority, for tests of TLS. */
export function selfMadeCertificate(): SelfMadeCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
  const name = sequence(
    set(sequence(oid('2.5.4.3'), tagged(0x0c, Buffer.from('eventstoredb double')))),
  );
  const now = Date.now();
  const validity = sequence(
    time(new Date(now - DAY_MS)),
    time(new Date(now + VALID_DAYS * DAY_MS)),
  );
  const alternativeNames = sequence(
    tagged(0x82, Buffer.from('localhost')),
    tagged(0x87, Buffer.from([127, 0, 0, 1])),
  );
  const extensions = sequence(
    sequence(oid('2.5.29.19'), tagged(0x01, Buffer.from([0xff])), octets(sequence(TRUE))),
    sequence(oid('2.5.29.17'), octets(alternativeNames)),
  );
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, extensions),
  );
  const signature = createSign('SHA256').update(toBeSigned).sign(privateKey);
  const certificate = sequence(
    toBeSigned,
    algorithm,
    tagged(0x03, Buffer.concat([Buffer.from([0]), signature])),
  );
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n');
  return {
    certificatePem: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const TRUE = Buffer.from([0x01, 0x01, 0xff]);

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  let head: number[];
  if (length < 128) head = [tag, length];
  else if (length < 256) head = [tag, 0x81, length];
  else head = [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts));
const set = (...parts: readonly Buffer[]): Buffer => tagged(0x31, Buffer.concat(parts));
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes);
const octets = (content: Buffer): Buffer => tagged(0x04, content);

function time(value: Date): Buffer {
  const text = value.toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return tagged(0x18, Buffer.from(`${text}Z`));
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 127];
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 127) | 128);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}
