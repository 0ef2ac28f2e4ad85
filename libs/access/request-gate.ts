import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { notingPositions } from '#event-store';
import { DomainError } from '#kernel';
import { AnswerPositions } from '#messaging';
import { addressKey, ClientAddresses } from './adapters/client-addresses.js';
import { RequestBudgets, type BudgetCaller, type BudgetOf } from './adapters/request-budgets.js';
import type { AccessErrorCode } from './domain/access.errors.js';
import type { Principal } from './domain/principal.value.js';
import { publicRoute } from './interface/public-routes.js';
import type { AccessReply, AccessRequest } from './interface/request.js';
import { AccessDenials } from './ports/access-denials.port.js';
import { IdentityDirectory } from './ports/identity-directory.port.js';
import {
  TokenRefusedError,
  TokenVerifier,
  type TokenRefusal,
  type VerifiedToken,
} from './ports/token-verifier.port.js';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];
const REALM = 'Bearer realm="keyledger"';

/** How long a guest's credential that was accepted is charged to its own budget without being looked at again. */
export const GUEST_TTL_MS = 60_000;
/** Accepted credentials remembered at once. */
export const GUESTS_MAX = 1_000;

/** Callers of public routes that bring a credential of another kind than a token, and have a budget of their own. */
export interface Guests {
  credentialOf(request: AccessRequest): string | undefined;
  /** Whose budget this credential spends; `undefined`: it is not accepted. Says nothing of what the caller may do. */
  budgetOf(credential: string): Promise<string | undefined>;
}

/**
 * Lets a request in, once: route → token → budget → identity in the ledger. Sets `principal` and `clientAddress` on the
 * request. Called by the HTTP hook before a body is read, and again (then without any work) by the guard.
 */
@Injectable()
export class RequestGate {
  private readonly admissions = new WeakMap<AccessRequest, Promise<Principal | undefined>>();

  private guests: Guests | undefined;
  /** By the credential's digest: the budget, and until when it is believed. */
  private readonly known = new Map<string, { readonly key: string; readonly untilMs: number }>();

  constructor(
    private readonly tokens: TokenVerifier,
    private readonly identities: IdentityDirectory,
    private readonly budgets: RequestBudgets,
    private readonly addresses: ClientAddresses,
    private readonly denials: AccessDenials,
    private readonly positions: AnswerPositions,
  ) {}

  /** Additive: without it every caller of a public route spends the budget of its address. */
  recognizeGuests(guests: Guests): void {
    this.guests = guests;
  }

  /**
   * The caller, or `undefined` on a public route without a token.
   *
   * @throws {DomainError} `access/unauthenticated`, `access/not-linked`, `access/too-many-requests`,
   *   `access/issuer-unavailable`
   */
  admit(request: AccessRequest, reply?: AccessReply): Promise<Principal | undefined> {
    let admission = this.admissions.get(request);
    if (!admission) {
      admission = this.admitOnce(request, reply);
      this.admissions.set(request, admission);
    }
    return admission;
  }

  /** For what one request does many times, such as the root fields of a GraphQL operation. @throws {DomainError} 429 */
  spend(request: AccessRequest, of: BudgetOf, amount: number, reply?: AccessReply): void {
    const { principal } = request;
    const address = this.addressOf(request);
    const caller: BudgetCaller = principal
      ? actorOf({ ...principal.actor, networkId: principal.networkId })
      : { kind: 'address', key: addressKey(address) };
    this.charge(caller, of, amount, { address, ...(principal ? { principal } : {}) }, reply);
  }

  /** Records and throws the 401 of a request that no handler may serve without a caller. */
  demandToken(request: AccessRequest, reply?: AccessReply): never {
    throw this.refused('missing', this.addressOf(request), reply);
  }

  private async admitOnce(
    request: AccessRequest,
    reply?: AccessReply,
  ): Promise<Principal | undefined> {
    const address = this.addressOf(request);
    request.clientAddress = address;
    const route = publicRoute(request.method, request.routeOptions?.url ?? '');
    const token = route?.token === 'none' ? undefined : bearerOf(request.headers['authorization']);
    const stranger: BudgetCaller = { kind: 'address', key: addressKey(address) };
    if (token === undefined) {
      if (!route) {
        this.chargeRequest(stranger, request, { address }, reply);
        throw this.refused('missing', address, reply);
      }
      if (route.budget === 'none') return undefined;
      const guest =
        route.budget === 'operations'
          ? ({ kind: 'address', key: `operations ${addressKey(address)}` } as const)
          : await this.guestOf(request, address, reply);
      this.chargeRequest(guest ?? stranger, request, { address }, reply);
      return undefined;
    }

    let verified: VerifiedToken;
    try {
      verified = await this.tokens.verify(token);
    } catch (error) {
      if (!(error instanceof TokenRefusedError)) throw error;
      this.chargeRequest(stranger, request, { address }, reply);
      throw this.refused(error.reason, address, reply);
    }
    const answer = this.positions.of(request);
    answer.authenticate();
    const { issuer, subject, networkId } = verified;
    const caller = actorOf(verified);
    this.chargeRequest(caller, request, { address, principal: principalOf(verified) }, reply);
    const principal = await notingPositions(answer.admission, () => this.principalOf(verified));
    if (!principal) {
      this.deny('access/not-linked', { address, principal: principalOf(verified) });
      throw new DomainError('access/not-linked', { networkId, issuer, subject });
    }
    request.principal = principal;
    return principal;
  }

  /** A guess at a credential spends a budget of the address that is for guesses alone. */
  private async guestOf(
    request: AccessRequest,
    address: string,
    reply?: AccessReply,
  ): Promise<BudgetCaller | undefined> {
    const credential = this.guests?.credentialOf(request);
    if (!this.guests || credential === undefined) return undefined;
    const digest = createHash('sha256').update(credential).digest('base64url');
    const known = this.known.get(digest);
    const nowMs = performance.now();
    if (known && known.untilMs > nowMs) return { kind: 'actor', key: known.key };
    this.known.delete(digest);
    const guesses: BudgetCaller = { kind: 'address', key: `guest ${addressKey(address)}` };
    this.charge(guesses, 'requests', 1, { address }, reply);
    const key = await this.guests.budgetOf(credential);
    if (key === undefined) return undefined;
    const [oldest] = this.known.keys();
    if (this.known.size >= GUESTS_MAX && oldest !== undefined) this.known.delete(oldest);
    this.known.set(digest, { key, untilMs: nowMs + GUEST_TTL_MS });
    return { kind: 'actor', key };
  }

  private async principalOf(token: VerifiedToken): Promise<Principal | undefined> {
    const { issuer, subject, networkId } = token;
    if (networkId === null) return principalOf(token);
    const identity = await this.identities.find(networkId, issuer, subject);
    if (!identity) return undefined;
    if (identity.kind === 'partnerUser')
      return {
        actor: { type: 'partnerUser', issuer, subject },
        networkId,
        partnerUser: { partnerId: identity.partnerId },
      };
    if (identity.kind === 'marketplaceUser')
      return {
        actor: { type: 'partnerUser', issuer, subject },
        networkId,
        marketplaceUser: { marketplacePartnerId: identity.marketplacePartnerId },
      };
    const { employeeId, superUser, permissions, scope } = identity;
    return { ...principalOf(token), employee: { employeeId, superUser, permissions, scope } };
  }

  private chargeRequest(
    caller: BudgetCaller,
    request: AccessRequest,
    who: { readonly address: string; readonly principal?: Principal },
    reply?: AccessReply,
  ): void {
    this.charge(caller, 'requests', 1, who, reply);
    // A POST of GraphQL may be a query: its mutations are charged field by field.
    if (!SAFE_METHODS.includes(request.method) && request.routeOptions?.url !== '/graphql')
      this.charge(caller, 'mutations', 1, who, reply);
  }

  private charge(
    caller: BudgetCaller,
    of: BudgetOf,
    amount: number,
    who: { readonly address: string; readonly principal?: Principal },
    reply?: AccessReply,
  ): void {
    const retryAfterSeconds = this.budgets.take(caller, of, amount);
    if (retryAfterSeconds === 0) return;
    this.deny('access/too-many-requests', who);
    reply?.header('Retry-After', String(retryAfterSeconds));
    throw new DomainError('access/too-many-requests', { budget: of, retryAfterSeconds });
  }

  private refused(reason: TokenRefusal, address: string, reply?: AccessReply): DomainError {
    this.deny('access/unauthenticated', { address });
    // RFC 6750: no error code for a request that carried no credentials.
    reply?.header(
      'WWW-Authenticate',
      reason === 'missing'
        ? REALM
        : `${REALM}, error="invalid_token", error_description="${reason}"`,
    );
    return new DomainError('access/unauthenticated', { reason });
  }

  private deny(
    code: AccessErrorCode,
    who: { readonly address: string; readonly principal?: Principal },
  ): void {
    this.denials.record({
      code,
      ip: who.address,
      ...(who.principal ? { principal: who.principal } : {}),
    });
  }

  private addressOf(request: AccessRequest): string {
    return (
      request.clientAddress ??
      this.addresses.of(request.socket.remoteAddress, request.headers['x-forwarded-for'])
    );
  }
}

/** With the network: what an identity does in one changes nothing for it in another. */
const actorOf = ({
  issuer,
  subject,
  networkId,
}: Pick<VerifiedToken, 'issuer' | 'subject' | 'networkId'>): BudgetCaller => ({
  kind: 'actor',
  key: `${String(networkId)}\n${issuer}\n${subject}`,
});

function principalOf({ issuer, subject, networkId, operator, service }: VerifiedToken): Principal {
  const type = operator ? 'operator' : service ? 'service' : 'employee';
  return { actor: { type, issuer, subject }, networkId };
}

/** `undefined` without credentials; what is no single bearer token is an empty one, which no verifier takes. */
function bearerOf(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  return typeof header === 'string' ? (/^Bearer +([\w.~+/=-]+) *$/i.exec(header)?.[1] ?? '') : '';
}
