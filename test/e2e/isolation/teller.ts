import type { Answered, Call, TestApplication } from '#test/application';
import { documentFor } from './surface.js';

/** What a case needs beside its route. */
export interface Ask {
  readonly params?: Readonly<Record<string, number | string>>;
  readonly query?: Readonly<Record<string, number | string>>;
  readonly body?: unknown;
  /** Absent: the network's super user. `nobody`: no token. */
  readonly as?: 'manager' | 'marketplaceUser' | 'nobody' | 'operator' | 'partnerUser' | 'stranger';
  readonly headers?: Readonly<Record<string, string>>;
}

/** What one network was told, freed of what may differ: positions, times, generated ids and key material. */
export interface Told {
  readonly route: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

type Json = Readonly<Record<string, unknown>>;

const HEADERS = ['content-type', 'cache-control', 'etag', 'location', 'retry-after'];
const CURSOR_TAG_BYTES = 12;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;
const KEY = /\b[a-z]+_(?:aff|adv|net|mkt)[a-z]*_[0-9A-Za-z]{36}_[0-9A-Za-z]{6}\b/g;
const CURSORS = ['after', 'cursor', 'endCursor'];
const POSITIONS = ['asOf', 'head', 'position'];
/** Lists whose cursors hold a place within the network: nothing of it may differ. */
const NUMBERED_WITHIN = /dead-letters|deadLetters/;
/** Streams whose name holds a share of random, or a hash of the issuer. */
const SHARDED_STREAM = /\b(auditQuery|accessDenied)-(\d+)-\d{8}-\w+/g;
const IDENTITY_STREAM = /\bidentity-(\d+)-[0-9a-f]{40}\b/g;
const SECRETS = ['credential', 'hint', 'passphrase', 'token'];
const POLL_TIMEOUT_MS = 60_000;

/** Acts as the people of one network in one product, and writes down what they were told. */
export class Teller {
  readonly told: Told[] = [];
  /** Routes and root fields that answered as wished at least once. */
  readonly succeeded = new Set<string>();
  /** Routes and root fields that were asked for what belongs to somebody else. */
  readonly askedForForeign = new Set<string>();
  private readonly ids = new Map<string, string>();
  private readonly tokens = new Map<string, string>();
  private position = '';
  private route = '';

  private constructor(
    readonly product: TestApplication,
    readonly networkId: number,
  ) {}

  static async of(product: TestApplication, networkId: number): Promise<Teller> {
    const teller = new Teller(product, networkId);
    const subjects = {
      super: 'admin',
      manager: 'manager',
      marketplaceUser: 'mara',
      partnerUser: 'pat',
      stranger: 'nobody',
    };
    for (const [who, subject] of Object.entries(subjects))
      teller.tokens.set(who, await product.token(subject, networkId));
    teller.tokens.set('operator', await product.operator());
    return teller;
  }

  /** Of the last thing that this network was told. */
  get lastPosition(): string {
    return this.position;
  }

  /** One REST request; reads wait for what this network has written. */
  async ask(route: string, ask: Ask = {}): Promise<Json> {
    const answered = await this.send(route, ask);
    this.write(route, answered);
    return answered.body;
  }

  async graphql(field: string, variables: Json = {}, as?: Ask['as']): Promise<Json> {
    const query = documentFor(this.product, field);
    const waiting = query.includes('$atLeast') ? { atLeast: this.position } : {};
    const answered = await this.send('POST /graphql', {
      body: { query, variables: { ...waiting, ...variables } },
      ...(as === undefined ? {} : { as }),
    });
    const { data, errors } = answered.body as { data?: Json | null; errors?: unknown[] };
    const failed = answered.status !== 200 || (errors?.length ?? 0) > 0;
    this.write(field, { ...answered, status: failed ? 400 : 200 });
    const value = data?.[field.split(' ')[1] ?? ''];
    return typeof value === 'object' && value !== null ? (value as Json) : {};
  }

  /** Asks until it holds, and writes only the answer that does. */
  async until(route: string, ask: Ask, holds: (body: Json) => boolean): Promise<Json> {
    const deadline = Date.now() + POLL_TIMEOUT_MS;
    for (;;) {
      const answered = await this.send(route, ask);
      if (holds(answered.body) || Date.now() > deadline) {
        this.write(route, answered);
        return answered.body;
      }
    }
  }

  /** What is written down from here on is asked for by ids that this network does not have. */
  foreign(route: string): void {
    this.askedForForeign.add(route);
  }

  private async send(
    route: string,
    { params = {}, query = {}, body, as, headers }: Ask,
  ): Promise<Answered<Json>> {
    const [method = 'GET', template = ''] = route.split(' ');
    const reads = method === 'GET' && this.position !== '' && !template.includes('dead-letters');
    const search = new URLSearchParams({
      ...(reads && template !== '/v1/me' ? { atLeast: this.position } : {}),
      ...Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)])),
    });
    const path = template.replace(/:(\w+)/g, (_, name: string) => {
      const value = params[name];
      if (value === undefined) throw new Error(`${route}: no ${name}`);
      return String(value);
    });
    const token = as === 'nobody' ? undefined : this.tokens.get(as ?? 'super');
    const call: Call = {
      method: method as 'GET',
      ...(token === undefined ? {} : { as: token }),
      ...(body === undefined ? {} : { body }),
      ...(headers === undefined ? {} : { headers }),
    };
    const answered = await this.product.call<Json>(`${path}?${search.toString()}`, call);
    if (/^\d+$/.test(answered.position) && answered.status < 300) this.position = answered.position;
    return answered;
  }

  private write(route: string, { status, headers, text }: Answered<Json>): void {
    if (status < 300) this.succeeded.add(route);
    this.route = route;
    this.told.push({
      route,
      status,
      headers: Object.fromEntries(
        HEADERS.filter((name) => headers[name] !== undefined).map((name) => [
          name,
          this.freed(String(headers[name])),
        ]),
      ),
      text: this.freedText(text),
    });
  }

  private freedText(text: string): string {
    try {
      return JSON.stringify(this.freedJson(JSON.parse(text)), null, 1);
    } catch {
      return this.freed(text);
    }
  }

  private freedJson(value: unknown, name = ''): unknown {
    if (Array.isArray(value)) return value.map((item) => this.freedJson(item, name));
    if (typeof value === 'object' && value !== null) {
      const freed = Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [this.freed(key), this.freedJson(inner, key)]),
      );
      // By the command or by the process that stands in for it, whichever came first.
      if (freed['action'] === 'IdentityReleased')
        return { ...freed, actor: '<either>', address: '<either>' };
      // How often chance chose this stream before.
      return /<shard>$/.test(String(freed['id'])) ? { ...freed, revision: '<revision>' } : freed;
    }
    if (typeof value !== 'string') return value;
    if (CURSORS.includes(name)) return this.cursor(value);
    if (POSITIONS.includes(name) && /^\d+$/.test(value)) return '<position>';
    if (SECRETS.includes(name) && value !== '') return '<secret>';
    return this.freed(value);
  }

  /** A cursor hides nothing: what it holds is compared like the rest. */
  private cursor(value: string): unknown {
    const payload = Buffer.from(value, 'base64url').subarray(CURSOR_TAG_BYTES).toString();
    if (NUMBERED_WITHIN.test(this.route)) return this.freed(payload);
    return this.freed(payload.replace(/\{"n":"\d+"\}/g, '<position>'));
  }

  /** Ids are numbered as they are first seen, so that the same one is still the same. */
  private freed(text: string): string {
    return text
      .replaceAll(this.product.issuer.issuer, '<issuer>')
      .replace(TIME, '<time>')
      .replace(KEY, '<key>')
      .replace(/…[0-9A-Za-z]{4}/g, '…<hint>')
      .replace(/#[\w-]{20,}/g, '#<token>')
      .replace(SHARDED_STREAM, '$1-$2-<shard>')
      .replace(IDENTITY_STREAM, 'identity-$1-<hash>')
      .replace(UUID, (id) => {
        const known = this.ids.get(id) ?? `<id ${String(this.ids.size + 1)}>`;
        this.ids.set(id, known);
        return known;
      });
  }
}
