// What `parapet doctor` makes of what it sees: pure, one finding per line, each with what to do about it.
import { z } from "zod";
import { isLoopback } from "../../command-line/settings.ts";

export interface Finding {
	/** bad: devices or operators feel it, or will; notice: worth knowing */
	readonly verdict: "good" | "notice" | "bad";
	readonly what: string;
	readonly finding: string;
	readonly fix?: string;
}

export const promises = z.object({
	issuer: z.string(),
	time: z.iso.datetime(),
	revocation: z.object({
		bound_seconds: z.number(),
		isolate_seconds: z.number(),
		location_seconds: z.number(),
		stores: z.array(z.object({ store: z.string(), propagation_seconds: z.number(), bound_seconds: z.number() })),
	}),
	token_ttl_seconds: z.number(),
	url_ttl_seconds: z.number(),
	check_interval_seconds: z.number(),
	last_good_seconds: z.number(),
	max_package_bytes: z.number(),
	max_body_bytes: z.number(),
});
export type Promises = z.infer<typeof promises>;

const reach = { state: z.string(), latency_ms: z.number() };
export const status = z.object({
	stores: z.array(z.object({ store: z.string(), heads: z.number().nullable(), broken: z.array(z.string()), ...reach })),
	directory: z.object({
		heads: z.number().nullable(),
		settled: z.boolean().nullable(),
		owners_behind: z.number().nullable(),
		some_behind: z.array(z.string()),
		...reach,
	}),
	packages: z.object(reach),
	keys: z.object({ bootstrap: z.enum(["on", "off"]), operate: z.number().nullable() }),
	pulse: z.object({ url: z.string(), value: z.string() }).nullable(),
	/** undefined = an earlier version of the service answers, as during a deployment in steps */
	probe: z
		.object({
			state: z.enum(["well", "failing"]),
			at: z.string(),
			failed: z.string().nullable(),
			code: z.string().nullable(),
			ms: z.number(),
		})
		.nullable()
		.optional(),
	/** likewise */
	downloads: z.object({ origin: z.string() }).nullable().optional(),
});
export type Status = z.infer<typeof status>;

/** A device's clock may be a minute ahead (signing/device-proofs/device-clock.ts); an operator should notice earlier. */
const MAX_CLOCK_DIFFERENCE_SECONDS = 30;

/** What the platform takes of a body where nobody pays for more: 100 MB, on Free and Pro zones. */
const USUAL_BODY_BYTES = 100 * 1024 * 1024;

/** @param server the origin that was asked @param nowMs this machine's clock, unix ms */
export function judgePromises(
	{ issuer, time, max_body_bytes: bytes }: Promises,
	server: string,
	nowMs: number,
): Finding[] {
	const ahead = Math.round((nowMs - Date.parse(time)) / 1000);
	return [
		issuer === server
			? { verdict: "good", what: "issuer", finding: issuer }
			: {
					verdict: "bad",
					what: "issuer",
					finding: `${issuer}, but asked at ${server}`,
					fix: "devices refuse a service under another name: set ISSUER to the origin that they use",
				},
		Math.abs(ahead) <= MAX_CLOCK_DIFFERENCE_SECONDS
			? { verdict: "good", what: "clock", finding: "this machine and the service agree" }
			: {
					verdict: "notice",
					what: "clock",
					finding: `this machine is ${Math.abs(ahead)} s ${ahead > 0 ? "ahead" : "behind"}`,
					fix: "set this machine's clock; a device that is more than a minute ahead gets no token",
				},
		// On one machine nothing stands before the service.
		...(bytes > USUAL_BODY_BYTES && !isLoopback(server)
			? [
					{
						verdict: "notice" as const,
						what: "uploads",
						finding: `requests up to ${Math.floor(bytes / 1024 / 1024)} MB are taken`,
						fix: "a Free or Pro zone lets through 100 MB (Business 200, Enterprise 500): see that the zone's plan has it, or lower MAX_BODY_BYTES",
					},
				]
			: []),
	];
}

/** What an operator may see: one line per store, and the objects and packages behind. */
export function judgeStatus({ stores, directory, packages, probe }: Status): Finding[] {
	return [
		...stores.map(judgeStore),
		directory.state === "reachable"
			? { verdict: "good" as const, what: "directory", finding: `heads ${directory.heads}, ${directory.latency_ms} ms` }
			: {
					verdict: "bad" as const,
					what: "directory",
					finding: "does not answer",
					fix: "devices go on with the stores; changes fail until it is back",
				},
		...(directory.settled === false
			? [
					{
						verdict: "notice" as const,
						what: "outbox",
						finding: "some records have not reached every store yet",
						fix: "it goes on by itself; if it stays so, look at the store",
					},
				]
			: []),
		...(directory.owners_behind ? [judgeOwnersBehind(directory.owners_behind, directory.some_behind)] : []),
		packages.state === "reachable"
			? { verdict: "good", what: "packages", finding: `${packages.latency_ms} ms` }
			: {
					verdict: "bad",
					what: "packages",
					finding: "the object storage does not answer",
					fix: "devices go on with what locations have cached; uploads fail until it is back",
				},
		...(probe === undefined ? [] : [judgeProbe(probe)]),
	];
}

function judgeProbe(probe: NonNullable<Status["probe"]> | null): Finding {
	const what = "probe";
	if (probe === null) {
		const fix = "have the service ask itself as a firewall every five minutes: parapet probe create";
		return { verdict: "notice", what, finding: "none", fix };
	}
	const { state, at, failed, code, ms } = probe;
	if (failed === null && state === "well") return { verdict: "good", what, finding: `well at ${at}, ${ms} ms` };
	const fix = "look for its request in the log (docs/operations.md, Probe)";
	const finding = failed === null ? `well again at ${at}, after failures` : `failed at ${failed} (${code}), ${at}`;
	return { verdict: state === "failing" ? "bad" : "notice", what, finding, fix };
}

/** What stands at a pulse's URL. */
export interface SeenPulse {
	/** undefined = there is none, or it cannot be read */
	readonly value: string | undefined;
	/** whether a cache gave it, the second time it was asked for */
	readonly isCached: boolean;
}

/**
 * @param link what devices are told; null = nothing
 * @param seen what they find there
 * @param server whose own pulses no cache answers
 */
export function judgePulse(link: Status["pulse"], seen: SeenPulse, server: string): Finding {
	const what = "pulses";
	if (link === null) {
		const fix = "give them a host of their own: docs/operations.md, Pulses";
		return { verdict: "notice", what, finding: "none: every device checks at its interval", fix };
	}
	const { origin } = new URL(link.url);
	if (seen.value === undefined) {
		const fix = `write them: parapet record rebuild; then see that ${origin} leads to the bucket PULSES`;
		return { verdict: "bad", what, finding: `none at ${link.url}: every device checks at its interval`, fix };
	}
	if (seen.value !== link.value) {
		const fix =
			"a cache may lag some seconds; if it stays so, the bucket belongs to another deployment, or refuses writes";
		return { verdict: "notice", what, finding: `${origin} does not say what the service says`, fix };
	}
	// On one machine nobody pays, whatever the machine is called.
	if (!seen.isCached && origin !== server && !isLoopback(origin)) {
		const fix = "have its host cached by the object's Cache-Control: docs/operations.md, Pulses";
		return { verdict: "bad", what, finding: `no cache in front of ${origin}: each read is paid for`, fix };
	}
	return { verdict: "good", what, finding: origin };
}

/**
 * Whether the zone's rule stands before the bucket (docs/operations.md, "Downloads from a CDN").
 * @param origin of the CDN
 * @param answered HTTP status of an unsigned request for a digest that no package has; undefined = there was no answer
 */
export function judgeDownloads(origin: string, answered: number | undefined): Finding {
	const what = "downloads";
	const page = "docs/operations.md, Downloads from a CDN";
	switch (answered) {
		case 403:
			return { verdict: "good", what, finding: `${origin} refuses a URL without a MAC` };
		// Without the rule the bucket itself answers, and it has no such package.
		case 200:
		case 404:
			return {
				verdict: "bad",
				what,
				finding: `${origin} answers ${answered} to a URL without a MAC: the bucket is open to everybody who knows a digest`,
				fix: `take the domain away, then set the rule: ${page}`,
			};
		default: {
			const finding =
				answered === undefined
					? `no answer from ${origin}`
					: `${origin} answers ${answered} to a URL without a MAC, and not 403`;
			return {
				verdict: "notice",
				what,
				finding,
				fix: `see that the rule stands and the domain leads to the bucket: ${page}`,
			};
		}
	}
}

/** Where the service is of a version that has no word of a CDN. */
export const UNKNOWN_DOWNLOADS: Finding = {
	verdict: "notice",
	what: "downloads",
	finding: "unknown: this version of the service does not say whether they come from a CDN",
	fix: "ask again when the deployment is through",
};

/** @param some the first few of them */
function judgeOwnersBehind(count: number, some: readonly string[]): Finding {
	const more = count > some.length ? ` and ${count - some.length} more` : "";
	return {
		verdict: "bad",
		what: "records",
		finding: `a store does not take those of ${some.join(", ")}${more}, as the last daily round found`,
		fix: "look at the store; each goes on by itself, and the next round looks again",
	};
}

const REFILL = "fill it: parapet record rebuild";

function judgeStore({ store, state, latency_ms, heads, broken }: Status["stores"][number]): Finding {
	const what = `store ${store}`;
	switch (state) {
		case "current":
			return { verdict: "good", what, finding: `heads ${heads ?? "none yet"}, ${latency_ms} ms` };
		case "incomplete":
			return {
				verdict: "bad",
				what,
				finding: `heads ${heads} names what is missing or not readable there: ${broken.join(", ")}`,
				fix: `KV may lag a minute; if it stays so: ${REFILL}`,
			};
		case "behind":
			return {
				verdict: "notice",
				what,
				finding: `behind: heads ${heads}, ${latency_ms} ms`,
				fix: `KV may lag a minute; if it stays so: ${REFILL}`,
			};
		case "ahead":
			return {
				verdict: "bad",
				what,
				finding: `ahead of the directory: heads ${heads}`,
				fix: "the store belongs to another deployment, or objects were restored to an earlier time",
			};
		case "empty":
			return { verdict: "bad", what, finding: "has no heads record", fix: REFILL };
		case "unknown":
			return {
				verdict: "notice",
				what,
				finding: `heads ${heads}, ${latency_ms} ms; the directory cannot say if it is new`,
			};
		case "unreadable":
			return { verdict: "bad", what, finding: "its heads record is not readable", fix: "parapet record rebuild" };
		default:
			return {
				verdict: "bad",
				what,
				finding: "does not answer",
				fix: "check REDIS_URL and REDIS_TOKEN, or the KV binding",
			};
	}
}
