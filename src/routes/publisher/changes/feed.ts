// The releases of a channel as an Atom feed, each with what it changed against the one before it there.
import { createRoute, z } from "@hono/zod-openapi";
import { channel } from "../../../content/releases/channel.ts";
import { releasedOn } from "../../../content/releases/on-channel.ts";
import { type FeedEntry, feedPath, writeFeed } from "../../../content/rule-index/changes-feed.ts";
import { compareCves, type RuleChanges } from "../../../content/rule-index/compare-indexes.ts";
import { productName } from "../../../names.ts";
import type { ReleaseEntry } from "../../../objects/product/releases/release-row.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { sha256OfText } from "../../../signing/text-digest.ts";
import { namesEtag } from "../../http/etag-conditions.ts";
import { productReadAccess } from "../../http/key-access.ts";
import { createRouter, problems } from "../../http/openapi.ts";
import { refuseRelease } from "../release-body.ts";
import { compareVersions } from "./changes.ts";
import type { IndexedVersion } from "./changes-body.ts";

const MAX_ENTRIES = 20;
/** Bytes of indexes that one answer reads, each twice: what a request's processor time has room for. Entries beyond are without changes. */
const MAX_READ = 16 * 2 ** 20;
const NAMED = 20;
const EXAMPLE = '<feed xmlns="http://www.w3.org/2005/Atom"><title>Core rules (crs, stable)</title>…</feed>';

const route = createRoute({
	method: "get",
	path: feedPath("{product}", "{channel}"),
	operationId: "feedChanges",
	tags: ["Publisher"],
	summary: "The newest releases of a channel as an Atom feed (RFC 4287), with what each changed",
	description: "For feed readers that send a header field: `Authorization: Bearer` with a key that may read.",
	...productReadAccess,
	request: { params: z.object({ product: productName, channel }) },
	responses: {
		200: {
			description: "Newest first, 20 at most; without those that were withdrawn",
			content: { "application/atom+xml": { schema: z.string().openapi({ example: EXAMPLE }) } },
		},
		304: { description: "If-None-Match names it" },
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"not_found",
			"content_missing",
			"rate_limited",
		),
	},
});

type Services = RequestScope["services"];
interface Listed {
	readonly release: ReleaseEntry;
	readonly indexed: IndexedVersion | null;
	/** bytes of its index */
	readonly size: number;
}

export const feed = createRouter().openapi(route, async (c) => {
	const { services, event } = c.env;
	const { product, channel: wanted } = c.req.valid("param");
	event.product = product;
	const object = services.objects.product(product);
	const info = await object.info();
	if (info === null) refuseRelease("unknown_product");
	// One more than are shown, for the last of them to be compared with.
	const there = releasedOn(await object.list(), wanted).slice(0, MAX_ENTRIES + 1);
	const versions = there.map(({ version }) => version);
	const digests = new Map((await object.ruleIndexesOf(versions, false)).map((one) => [one.version, one.sha256]));
	const { title, createdAt } = info;
	const parts = there.map(({ version, releasedAt, notes }) => [version, releasedAt, digests.get(version), notes]);
	const etag = `"${await sha256OfText(JSON.stringify([title, parts]))}"`;
	const headers = { etag, "cache-control": "private, no-cache" };
	if (namesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
	// Thousands of CVEs may be in each: read only where somebody is told of them.
	const indexes = new Map((await object.ruleIndexesOf(versions, true)).map((one) => [one.version, one]));
	const entries = await describeEntries(
		services,
		there.map((release) => withIndex(release, indexes.get(release.version))),
	);
	const text = writeFeed({ product, title, channel: wanted, origin: services.config.issuer, createdAt, entries });
	return c.body(text, 200, { ...headers, "content-type": "application/atom+xml; charset=utf-8" });
});

function withIndex(release: ReleaseEntry, index: (IndexedVersion["index"] & { size: number }) | undefined): Listed {
	const { version, sha256 } = release;
	return { release, indexed: index === undefined ? null : { version, sha256, index }, size: index?.size ?? 0 };
}

async function describeEntries({ packages }: Services, listed: readonly Listed[]): Promise<FeedEntry[]> {
	const entries: FeedEntry[] = [];
	let read = 0;
	for (const [at, { release, indexed, size }] of listed.slice(0, MAX_ENTRIES).entries()) {
		const before = listed[at + 1];
		read += size + (before?.size ?? 0);
		const isCompared = indexed !== null && before?.indexed != null && read <= MAX_READ;
		const changes = isCompared
			? describe(before.indexed, indexed, await compareVersions(packages, before.indexed, indexed))
			: null;
		entries.push({ version: release.version, at: release.releasedAt ?? 0, notes: release.notes, changes });
	}
	return entries;
}

function describe(from: IndexedVersion, to: IndexedVersion, changes: RuleChanges): string {
	const { added, removed, changed, newlyBlocking } = changes;
	const cves = compareCves(from.index.cves, to.index.cves).added;
	const blocking = newlyBlocking.first.map(({ id, message }) => `${id} ${message}`.trim());
	return [
		`Rules against ${from.version}: ${added.count} added, ${removed.count} removed, ${changed.count} changed, ${newlyBlocking.count} newly blocking.`,
		...(blocking.length === 0 ? [] : [`Newly blocking: ${few(blocking, newlyBlocking.count)}.`]),
		...(cves.length === 0 ? [] : [`Newly named: ${few(cves, cves.length)}.`]),
	].join("\n");
}

function few(named: readonly string[], count: number): string {
	const shown = named.slice(0, NAMED);
	return count > shown.length ? `${shown.join("; ")} and ${count - shown.length} more` : shown.join("; ");
}
