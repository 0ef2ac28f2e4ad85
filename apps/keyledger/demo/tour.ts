import { fileURLToPath } from 'node:url';
import type { ImportResult } from '#partners';
import { importPartners } from '#partners';
import type { ApiClient } from '../login/index.js';
import { check, refusal, Story } from './story.js';

export type DemoUser = 'cora' | 'kim' | 'max' | 'nora' | 'olivia' | 'pat' | 'sam';

export interface Tour {
  readonly api: string;
  /** The development issuer, whose subjects are the users' names. */
  readonly issuer: string;
  readonly as: (user: DemoUser) => ApiClient;
  readonly tell: (line: string) => void;
}

interface Key {
  readonly keyId: string;
  readonly status: string;
  readonly masked: string;
  readonly key?: string;
}
interface Issued extends Key {
  readonly key: string;
}
interface Reissued extends Issued {
  readonly replaces: string;
}
interface Share {
  readonly shareId: string;
  readonly link: string;
  readonly passphrase: string | null;
}
interface Opened {
  readonly key: string;
}
interface List<T> {
  readonly items: readonly T[];
}
interface OwnApi {
  readonly available: boolean;
  readonly headerName?: string;
  readonly baseUrl?: string;
  readonly keys?: readonly { readonly keyId: string; readonly masked: string }[];
}
interface AuditEntry {
  readonly time: string;
  readonly action: string;
  readonly actor: { readonly type: string; readonly subject: string };
  readonly reason: string | null;
}

const PARTNER = 2001;
const STEPS = 20;
const PARTNERS_FILE = fileURLToPath(
  new URL('../../../../examples/partners.jsonl', import.meta.url),
);
const ANONYMOUS_TIMEOUT_MS = 10_000;

/** The domain's own story, step by step, each answer checked. `true`: every step held. */
export async function tellTour({ api, issuer, as, tell }: Tour): Promise<boolean> {
  const story = new Story(tell);
  const holder = { type: 'partner', id: PARTNER };
  let first: Issued = { keyId: '', status: '', masked: '', key: '' };
  let second: Issued = first;
  let share: Share = { shareId: '', link: '', passphrase: null };

  const before = await as('sam').get<List<Key>>('/v1/api-keys', { query: { partnerId: PARTNER } });
  if (before.body.items.length > 0) {
    tell(
      `partner ${String(PARTNER)} has keys already: this instance has the tour behind it; npm run demo, without --api, starts a fresh one`,
    );
    return false;
  }

  story.chapter('Partners arrive');
  await story.step("sam imports the vendor's partner list", async () => {
    const { registered, refused, unchanged } = await imported(as('sam'), api);
    check(registered + unchanged === 8 && refused === 0, '8 partners and no refusal');
    return `${String(registered)} registered, ${String(unchanged)} known before`;
  });
  await story.step('sam imports the same list again', async () => {
    const { unchanged, registered, changed } = await imported(as('sam'), api);
    check(unchanged === 8 && registered === 0 && changed === 0, 'that nothing changes');
    return 'nothing changed: the same records are the same facts';
  });

  story.chapter('A key is not for everybody');
  await story.step(
    'kim asks for a key for a partner who is still in onboarding (2003)',
    async () => {
      const { details } = await refusal('keys/partner-not-eligible', () =>
        as('kim').post('/v1/api-keys', issue({ type: 'partner', id: 2003 })),
      );
      return `refused: ${blockersOf(details)}`;
    },
  );
  await story.step(
    'kim asks for a key for Alder Publishing (2001), of whom nobody knows more',
    async () => {
      const { details } = await refusal('keys/partner-not-eligible', () =>
        as('kim').post('/v1/api-keys', issue(holder)),
      );
      return `refused: ${blockersOf(details)}`;
    },
  );
  await story.step(
    'max, its manager, confirms the technical capacity and says what speaks for it',
    async () => {
      await as('max').post(`/v1/partners/${String(PARTNER)}/technical-capacity/confirm`, {
        evidence: 'their engineer pulled a report from the sandbox',
      });
      const traits = {
        recurringReportRequests: true,
        ownTooling: true,
        steadyTraffic: true,
        goodStanding: true,
      };
      const { position } = await as('max').post(`/v1/partners/${String(PARTNER)}/traits`, {
        traits,
      });
      const { body } = await as('max').get<{ eligible: boolean; score: number; threshold: number }>(
        `/v1/partners/${String(PARTNER)}/eligibility`,
        { query: { atLeast: position } },
      );
      check(body.eligible, 'an eligible partner');
      return `eligible: ${String(body.score)} of ${String(body.threshold)} points needed`;
    },
  );

  story.chapter('A key is issued and found');
  await story.step("sam links pat as the partner's user; pat looks for an API tab", async () => {
    await as('sam').post(`/v1/partners/${String(PARTNER)}/users`, { issuer, subject: 'pat' });
    const { body } = await as('pat').get<OwnApi>('/v1/me/api');
    check(!body.available, 'no API tab before the first key');
    return 'nothing there before the first key';
  });
  await story.step('pat, who is only a partner, tries to issue one', async () => {
    await refusal('access/forbidden', () => as('pat').post('/v1/api-keys', issue(holder)));
    return 'refused: issuing is a privileged act';
  });
  await story.step('kim issues the key', async () => {
    const answer = await as('kim').post<Issued>('/v1/api-keys', issue(holder));
    first = answer.body;
    check(/^[a-z0-9]+_aff_/.test(first.key), 'an affiliate key');
    return `${first.masked}, at position ${answer.position ?? '?'} of the ledger`;
  });
  await story.step('pat looks again', async () => {
    const { body } = await as('pat').get<OwnApi>('/v1/me/api');
    check(body.available && body.keys?.[0]?.keyId === first.keyId, 'the key in the API tab');
    return `${body.keys?.[0]?.masked ?? ''}, header ${body.headerName ?? '?'}, ${body.baseUrl ?? '?'}`;
  });
  await story.step('pat reveals it', async () => {
    const { body } = await as('pat').post<Opened>(`/v1/me/api/keys/${first.keyId}/reveal`, {});
    check(body.key === first.key, 'the same key');
    return 'the same key, and the act is in the trail';
  });

  story.chapter('It is shared, and shared again');
  await story.step('kim shares it by a one-time link with a passphrase', async () => {
    share = (
      await as('kim').post<Share>(`/v1/api-keys/${first.keyId}/shares`, shareFor('first hand-over'))
    ).body;
    check(share.link.includes('#'), 'the token in the fragment, where no server logs it');
    return `${share.link.split('#', 1)[0] ?? ''}#…, passphrase told on another way`;
  });
  await story.step('a mail scanner follows the link', async () => {
    const { status, body } = await anonymous(
      share.link.split('#', 1)[0] ?? '',
      undefined,
      'text/html',
    );
    check(status === 200 && !body.includes(first.key), 'a page that holds nothing');
    return 'it gets a page with a button; nothing is used up';
  });
  await story.step('somebody guesses the passphrase', async () => {
    const { status } = await opened(api, share, 'not-the-passphrase');
    check(status >= 400, 'a refusal');
    return `refused (${String(status)}); five wrong ones would end the share`;
  });
  await story.step('the partner opens it', async () => {
    const { status, body } = await opened(api, share, share.passphrase ?? '');
    check(status === 200 && body.includes(first.key), 'the key');
    return 'the key, with header, base URL and an example request';
  });
  await story.step('the link is opened a second time', async () => {
    const { status, body } = await opened(api, share, share.passphrase ?? '');
    check(status >= 400 && !body.includes(first.key), 'a refusal');
    return `refused (${String(status)}): a link works once`;
  });
  await story.step(
    'the partner lost it: kim shares the same key again, no new key is needed',
    async () => {
      share = (
        await as('kim').post<Share>(
          `/v1/api-keys/${first.keyId}/shares`,
          shareFor('lost by the partner'),
        )
      ).body;
      const { body } = await as('kim').get<List<Key>>('/v1/api-keys', {
        query: { partnerId: PARTNER },
      });
      check(body.items.filter(({ status }) => status === 'active').length === 1, 'still one key');
      return 'a new link for the same key';
    },
  );

  story.chapter('It leaks');
  await story.step('kim marks it as leaked: revoked and reissued in one act', async () => {
    const { body, position } = await as('kim').post<Reissued>(
      `/v1/api-keys/${first.keyId}/reissue`,
      {
        reason: 'leaked',
        note: 'found in a public repository',
      },
    );
    second = body;
    check(body.replaces === first.keyId && second.key !== first.key, 'another key');
    const list = await as('kim').get<List<Key>>('/v1/api-keys', {
      query: { partnerId: PARTNER, status: 'revoked', atLeast: position },
    });
    check(
      list.body.items.some(({ keyId }) => keyId === first.keyId),
      'the revoked key in the list',
    );
    return `${second.masked} instead of ${first.masked}, which stays listed as revoked`;
  });
  await story.step('the link of the leaked key is opened', async () => {
    const { status } = await opened(api, share, share.passphrase ?? '');
    check(status >= 400, 'a refusal');
    return `refused (${String(status)}): its shares ended with it`;
  });
  await story.step('nora, of another network, looks for the key', async () => {
    await refusal('keys/key-not-found', () => as('nora').get(`/v1/api-keys/${second.keyId}`));
    return 'not found, as if it had never been there';
  });

  story.chapter('Who did what');
  await story.step("cora reads the partner's story from the audit trail", async () => {
    const { body } = await as('cora').get<List<AuditEntry>>('/v1/audit', {
      query: { partnerId: PARTNER, first: 100 },
    });
    const entries = body.items.toReversed();
    for (const { time, action, actor, reason } of entries)
      tell(
        `        ${time}  ${action.padEnd(28)} ${actor.subject.padEnd(6)} ${reason ?? ''}`.trimEnd(),
      );
    const actions = entries.map(({ action }) => action);
    const expected = [
      'PartnerRegistered',
      'KeyIssued',
      'KeyRevealed',
      'KeyShared',
      'ShareOpened',
      'KeyShared',
      'KeyRevoked',
      'KeyIssued',
    ];
    check(inOrder(actions, expected), `${expected.join(', ')} in this order`);
    check(!JSON.stringify(body).includes(first.key), 'no key in the trail');
    return `${String(entries.length)} acts, in order, without a secret`;
  });
  return story.finish(STEPS);
}

const issue = (holder: object) => ({ portal: 'affiliate', holder, label: 'Reporting dashboard' });

const shareFor = (reason: string) => ({
  recipient: { type: 'holderUsers', reference: String(PARTNER) },
  channel: 'email',
  reason,
  bound: 'passphrase',
});

function imported(client: ApiClient, target: string) {
  return importPartners({
    file: PARTNERS_FILE,
    target,
    send: async (records, signal) => {
      const { body } = await client.post<{ results: readonly ImportResult[] }>(
        '/v1/partners/import',
        { records },
        { signal },
      );
      return body.results;
    },
  });
}

function blockersOf(details: Readonly<Record<string, unknown>> | undefined): string {
  const { verdict } = (details ?? {}) as {
    verdict?: { blockers: readonly { blocker: string }[]; score: number; threshold: number };
  };
  if (!verdict) throw new Error('expected the verdict with its reasons');
  const blockers = verdict.blockers.map(({ blocker }) => blocker).join(', ');
  return `${blockers || 'no blocker'}; ${String(verdict.score)} of ${String(verdict.threshold)} points`;
}

function inOrder(actual: readonly string[], expected: readonly string[]): boolean {
  let at = 0;
  for (const action of actual) if (action === expected[at]) at += 1;
  return at === expected.length;
}

async function opened(api: string, { link }: Share, passphrase: string) {
  return anonymous(`${api}/v1/shares/open`, { token: link.split('#')[1] ?? '', passphrase });
}

/** As somebody without a token. */
async function anonymous(url: string, body?: object, accept = 'application/json') {
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: { accept, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
    signal: AbortSignal.timeout(ANONYMOUS_TIMEOUT_MS),
  });
  return { status: response.status, body: await response.text() };
}
