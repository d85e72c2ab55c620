// Asking what to run: the check with its ETag, and the permit for an offer.

import { CliError } from "../../errors.ts";
import { readAnswer } from "../../http/answers.ts";
import { parseJson } from "../../json.ts";
import { checkAnswer, entitlementsAnswer, permitAnswer } from "../answers.ts";
import { encodeVersions, haParameters } from "../ha.ts";
import type { FirewallState } from "../home/firewall-state.ts";
import { keepPermit, openPermits } from "../home/open-permits.ts";
import type { FirewallSession } from "../identity/session.ts";
import { failedVersions } from "../installed/failed-content.ts";
import { type DamagedProduct, findDamaged } from "../installed/installed-content.ts";
import type { CheckAnswer, EntitlementsAnswer, Offer, Permit } from "../wire-types.ts";
import { roomParameters, scarceBytes } from "./room.ts";

/** An offer this close to its end is asked for anew instead of being handed in. */
const OFFER_MARGIN_MS = 30_000;

export interface CheckResult {
	/** true = 304: as at the last check */
	readonly unchanged: boolean;
	readonly answer: CheckAnswer;
	readonly etag: string | null;
	/** when it was asked, unix ms */
	readonly askedMs: number;
	/** what is installed but not whole, and therefore asked for again */
	readonly damaged: readonly DamagedProduct[];
}

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * Asks what to run. An answer that has not changed costs the server next to nothing: ask by this, and when it says.
 * @param product ask for this one only; undefined = every product of the license
 * @param depth how closely what is installed is looked at; see installed-content.ts
 * @param refused by product: a version that is not to be had now, so that another one is offered where nothing sound is installed
 */
export async function checkForUpdates(
	session: FirewallSession<FirewallState>,
	product?: string,
	depth: "daily" | "now" = "daily",
	refused: ReadonlyMap<string, string> = NONE,
): Promise<CheckResult> {
	const { home } = session;
	const damaged = await findDamaged(home, Math.floor(session.nowMs() / 1000), depth);
	const last = await home.load("lastCheck");
	const heardUntil = heardUntilOf(last?.answer);
	const isHeard = heardUntil !== null && heardUntil * 1_000 > session.nowMs();
	const query = await buildCheckQuery(session, {
		...{ product, damaged, refused, lastQuery: last?.query },
		heardUntil: isHeard ? heardUntil : null,
	});
	const usable = last !== null && last.query === query && hasLiveOffers(last.answer, session.nowMs());
	const what = "could not check for updates";
	const path = `/v1/check${query === "" ? "" : `?${query}`}`;
	const askedMs = session.nowMs();
	const reply = await session.send({ method: "GET", path, what, etag: usable ? last.etag : undefined });
	if (reply.status === 304) {
		if (!usable) {
			throw new CliError(`${what}: the server answered 304 to a question without an ETag`, {
				code: "unexpected_answer",
			});
		}
		return { unchanged: true, answer: last.answer, etag: last.etag, askedMs, damaged };
	}
	const answer = readAnswer(parseJson(reply.text), what, checkAnswer);
	const etag = reply.headers.etag ?? null;
	if (etag === null) await home.forget("lastCheck");
	else await home.save("lastCheck", { query, etag, answer });
	if (!isHeard || heardUntilOf(answer) !== heardUntil) await forgetTold(home, answer);
	if (product === undefined && lacksNamed(answer)) await forgetProducts(session);
	return { unchanged: false, answer, etag, askedMs, damaged };
}

interface AskedCheck {
	/** undefined = every product of the license */
	readonly product: string | undefined;
	readonly damaged: readonly DamagedProduct[];
	readonly refused: ReadonlyMap<string, string>;
	/** unix seconds; null = it is to be told what was installed */
	readonly heardUntil: number | null;
	/** of the check before; undefined = there was none */
	readonly lastQuery: string | undefined;
}

/**
 * What a check asks. Naming one product leaves out the others, so that once anything is installed all of them are
 * named; a firewall with nothing installed names none and is answered for every product of its license. A damaged product
 * is named with the version that it held, which it is then offered again.
 */
async function buildCheckQuery(
	session: FirewallSession<FirewallState>,
	{ product, damaged, refused, heardUntil, lastQuery }: AskedCheck,
): Promise<string> {
	const { home } = session;
	const installed = (await home.load("installed")) ?? {};
	const identity = await home.load("identity");
	const seen = (await home.load("messages"))?.seen;
	const names =
		product !== undefined ? [product] : Object.keys(installed).length === 0 ? [] : await productsOf(session);
	const parts = names.map((name) => {
		const version = installed[name]?.version;
		return version === undefined ? name : `${name}@${version}`;
	});
	const query: string[] = [];
	if (parts.length > 0) query.push(`installed=${encodeVersions(parts)}`);
	const untold = names.flatMap((name) =>
		(installed[name]?.untold ?? []).map(({ version, at }) => `${name}@${version}@${at}`),
	);
	if (untold.length > 0) query.push(`installed_at=${encodeVersions(untold)}`);
	if (heardUntil !== null) query.push(`heard_until=${heardUntil}`);
	const lost = damaged.map((one) => one.product).filter((name) => names.includes(name));
	if (lost.length > 0) query.push(`damaged=${lost.join(",")}`);
	const permits = await openPermits(home, product === undefined ? undefined : [product]);
	if (permits.length > 0) query.push(`permitted=${encodeVersions(permits)}`);
	const remembered = await failedVersions(home, Math.floor(session.nowMs() / 1000));
	const failed = new Set([...remembered, ...refused].map(([name, version]) => `${name}@${version}`));
	if (failed.size > 0) query.push(`failed=${encodeVersions([...failed])}`);
	if (identity?.engine != null) query.push(`engine=${encodeURIComponent(identity.engine)}`);
	if (seen !== undefined) query.push(`seen=${seen}`);
	query.push(...(await roomParameters(home, lastQuery)));
	query.push(...(await haParameters(home)));
	return query.join("&");
}

/** Whether something waits for a product that the question did not name: this firewall may have it since its last token. */
function lacksNamed({ products }: CheckAnswer): boolean {
	return products.some(({ blocked_by: blocked }) => (blocked ?? []).some(({ reason }) => reason === "not_named"));
}

/** Has the next check ask anew what the firewall may have. */
async function forgetProducts({ home }: FirewallSession<FirewallState>): Promise<void> {
	const token = await home.load("token");
	if (token !== null) await home.save("token", { ...token, products: null });
}

/** @returns unix seconds until which the service need not be told again what was installed; null = each check tells it */
function heardUntilOf(answer: CheckAnswer | undefined): number | null {
	return answer?.heard_until == null ? null : Math.floor(Date.parse(answer.heard_until) / 1_000);
}

/** What a check has told need not be told again, but for what is installed now: should that word get lost, the next one says it. */
async function forgetTold(home: FirewallState, { products }: CheckAnswer): Promise<void> {
	const installed = (await home.load("installed")) ?? {};
	const told = new Set(products.map(({ product }) => product));
	if (!Object.entries(installed).some(([name, { untold }]) => told.has(name) && (untold?.length ?? 0) > 1)) return;
	const kept = Object.entries(installed).map(([name, one]) =>
		told.has(name) && one.untold !== undefined ? [name, { ...one, untold: one.untold.slice(-1) }] : [name, one],
	);
	await home.save("installed", Object.fromEntries(kept));
}

/** The products of the license and whatever is installed beside; asked once per token. */
async function productsOf(session: FirewallSession<FirewallState>): Promise<string[]> {
	const installed = Object.keys((await session.home.load("installed")) ?? {});
	const token = await session.currentToken();
	const licensed: readonly string[] =
		token.products ?? (await askEntitlements(session)).products.map((one) => one.product);
	if (token.products === null) await rememberProducts(session, licensed);
	return [...new Set([...licensed, ...installed])].sort();
}

async function rememberProducts(session: FirewallSession<FirewallState>, products: readonly string[]): Promise<void> {
	// Asking may have replaced the token, so the one on disk is the one to extend.
	const token = await session.home.load("token");
	if (token !== null) await session.home.save("token", { ...token, products });
}

/** Once an offer has run out, 304 would be true but of no use. */
function hasLiveOffers(answer: CheckAnswer, nowMs: number): boolean {
	return answer.products.every(({ offer }) => offer == null || isLive(offer, nowMs));
}

/** @returns whether the offer can still be handed in */
export function isLive(offer: Offer, nowMs: number): boolean {
	return Date.parse(offer.expires_at) - OFFER_MARGIN_MS > nowMs;
}

/** What the device may have now, by product. */
export function askEntitlements(session: FirewallSession<FirewallState>): Promise<EntitlementsAnswer> {
	return session.call(
		{ method: "GET", path: "/v1/entitlements", what: "could not read the entitlements" },
		entitlementsAnswer,
	);
}

/** Hands an offer in for a permit, and makes sure that the permit is for what was offered. */
export async function askPermit(
	session: FirewallSession<FirewallState>,
	product: string,
	offer: Offer,
): Promise<Permit> {
	const what = `could not get a permit for ${product} ${offer.version}`;
	const { version, capability, after } = offer;
	const disk = await scarceBytes(session.home);
	// What had to come first was installed since the check.
	const installed = after == null || after.length === 0 ? undefined : await installedNow(session.home);
	const body = { offer: capability, installed, ...(disk !== null && { disk_free: disk }) };
	const permit = await keepPermit(session.home, product, version, () =>
		session.call({ method: "POST", path: "/v1/permits", what, body }, permitAnswer),
	);
	if (permit.product === product && permit.version === offer.version && permit.sha256 === offer.sha256) return permit;
	throw new CliError(`${what}: it is for ${permit.product} ${permit.version}, which was not offered`, {
		code: "wrong_permit",
	});
}

async function installedNow(home: FirewallState): Promise<string> {
	return Object.entries((await home.load("installed")) ?? {})
		.map(([product, { version }]) => `${product}@${version}`)
		.join(",");
}
