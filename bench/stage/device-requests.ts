// The requests of a fleet, made from real answers of the service: an ETag comes from a check, an offer from a check, a
// download URL from a permit. Each kind is made anew, with what it was made from, before any of it ends.
import type { DeviceProfile } from "../../src/entitlement/devices/device-record.ts";
import { readCheckEtag } from "../../src/signing/sealed/check-etag.ts";
import type { LoadGenerator } from "../load/load-generator.ts";
import { buildRequests, type RequestParts, type RequestSet } from "../load/requests.ts";
import { type Fleet, ISSUER } from "./fleet.ts";
import { VERSIONS } from "./operator.ts";
import { earliest, type Lasting, type Perishable, perishable } from "./perishable.ts";

const installed = (which: 0 | 1) =>
	Object.entries(VERSIONS)
		.map(([product, versions]) => `${product}@${versions[which]}`)
		.join(",");
const ENGINE = "11.1.4-h7";
export const CHECK_PATH = "/v1/check";
export const OUTDATED = `${CHECK_PATH}?installed=${installed(0)}&engine=${ENGINE}&seen=1`;
const CURRENT = `${CHECK_PATH}?installed=${installed(1)}&engine=${ENGINE}&seen=1`;
/** Distinct URLs; a pass over them is the warm-up, and each is a megabyte. */
const DOWNLOADS = 64;
/** Answers that are kept at a time: those of a large fleet would not fit into a message. */
const ASKED_AT_ONCE = 10_000;
const MAX_ASKING_SECONDS = 600;

export interface Places {
	readonly load: LoadGenerator;
	/** of the service */
	readonly port: number;
	/** the clock, unix seconds */
	readonly now: () => number;
}

export interface DeviceRequests {
	/** checks that are answered with an offer of each product */
	readonly offers: Perishable<RequestSet>;
	/** checks that are answered with 304 */
	readonly unchanged: Perishable<RequestSet>;
	readonly permits: Perishable<RequestSet>;
	/** of the 1 MB package, each by a URL of its own */
	readonly downloads: Perishable<RequestSet>;
}

/** @param profiles whose requests they are, one of each for each device */
export function makeDeviceRequests(places: Places, fleet: Fleet, profiles: readonly DeviceProfile[]): DeviceRequests {
	const { now } = places;
	const tokens = perishable(() => fleet.signTokens(profiles), now);
	const permits = perishable(() => makePermits(places, tokens), now);
	return {
		offers: perishable(async () => {
			const { value, endsAt } = await tokens.get();
			return { value: buildRequests(value.map((token) => checkBy(token, OUTDATED))), endsAt };
		}, now),
		unchanged: makeUnchangedChecks(places, tokens),
		permits: perishable(async () => {
			const { value, endsAt } = await permits.get();
			return { value: buildRequests(value), endsAt };
		}, now),
		downloads: perishable(() => makeDownloads(places, permits), now),
	};
}

/** @returns checks whose answer is that nothing has changed, one per token, each with its own ETag */
export function makeUnchangedChecks(places: Places, tokens: Perishable<readonly string[]>): Perishable<RequestSet> {
	return perishable(async () => {
		const { value, endsAt } = await tokens.get();
		const asked = value.map((token) => checkBy(token, CURRENT));
		const etags = (await ask(places, asked, 200)).map((answer) => match(answer, /\r\netag: (\S+)/i));
		const checks = value.map((token, index) => checkBy(token, CURRENT, { "if-none-match": etags[index] ?? "" }));
		// An ETag that cannot be read is good for nothing, and so is not used a second time.
		const ends = etags.map((etag) => readCheckEtag(etag)?.exp ?? 0);
		return { value: buildRequests(checks), endsAt: earliest([endsAt, ...ends]) };
	}, places.now);
}

async function makePermits(
	places: Places,
	tokens: Perishable<readonly string[]>,
): Promise<Lasting<readonly RequestParts[]>> {
	const { value, endsAt } = await tokens.get();
	const answers = await ask(
		places,
		value.map((token) => checkBy(token, OUTDATED)),
		200,
	);
	const requests = value.map((token, index): RequestParts => {
		const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
		const offer = match(answers[index], /"capability":"([^"]+)"/);
		return { method: "POST", target: "/v1/permits", headers, body: JSON.stringify({ offer }) };
	});
	const ends = answers.map((answer) => readTime(match(answer, /"expires_at":"([^"]+)"/)));
	return { value: requests, endsAt: earliest([endsAt, ...ends]) };
}

async function makeDownloads(
	places: Places,
	permits: Perishable<readonly RequestParts[]>,
): Promise<Lasting<RequestSet>> {
	const { value } = await permits.get();
	const answers = await ask(places, value.slice(0, DOWNLOADS), 201);
	const urls = answers.map((answer) => match(answer, /"url":"([^"]+)"/).slice(ISSUER.length));
	const ends = answers.map((answer) => readTime(match(answer, /"expires_at":"([^"]+)"/)));
	return { value: buildRequests(urls.map((target) => ({ method: "GET", target }))), endsAt: earliest(ends) };
}

export function checkBy(token: string, target: string, headers: Readonly<Record<string, string>> = {}): RequestParts {
	return { method: "GET", target, headers: { authorization: `Bearer ${token}`, ...headers } };
}

/** Sends each request once and hands back the answers. */
async function ask({ load, port }: Places, parts: readonly RequestParts[], status: number): Promise<readonly string[]> {
	const all: string[] = [];
	for (let from = 0; from < parts.length; from += ASKED_AT_ONCE) {
		const requests = buildRequests(parts.slice(from, from + ASKED_AT_ONCE));
		const limit = requests.ends.length;
		const plan = { port, requests, statuses: [status], seconds: MAX_ASKING_SECONDS, limit, capture: true } as const;
		const { answers } = await load.run(plan);
		all.push(...answers);
	}
	return all;
}

/** @throws Error when the answer has not what is looked for */
function match(answer: string | undefined, pattern: RegExp): string {
	const found = pattern.exec(answer ?? "")?.[1];
	if (found === undefined) throw new Error(`no ${pattern.source} in: ${answer?.slice(0, 600)}`);
	return found;
}

/** @returns unix seconds */
function readTime(text: string): number {
	return Date.parse(text) / 1000;
}
