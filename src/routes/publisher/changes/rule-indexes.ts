// Rule indexes go up like deltas, and are read once, strictly: the service believes their publisher which rules are in a package, and
// nobody that an index is one. Whoever may read the product may have it and compare it with the bytes.
import { createRoute, z } from "@hono/zod-openapi";
import { baseOf } from "../../../content/rule-index/choose-versions.ts";
import { compareIndexes, type RuleChanges } from "../../../content/rule-index/compare-indexes.ts";
import { IndexTally, type IndexTotals } from "../../../content/rule-index/index-reader.ts";
import { MAX_INDEX_BYTES, RuleIndexError } from "../../../content/rule-index/rule-index.ts";
import type { ReleaseEntry } from "../../../objects/product/releases/release-row.ts";
import type { AddedRuleIndex, RuleIndexEntry } from "../../../objects/product/releases/rule-index-desk.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { namesEtag } from "../../http/etag-conditions.ts";
import { productReadAccess, publisherAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, problems } from "../../http/openapi.ts";
import { requireDigest, requireLength } from "../../http/request-body.ts";
import { refuseRelease, releasePath } from "../release-body.ts";
import { requireUsual } from "../rollout-choice.ts";
import { takeBytes, uploaderOf } from "../uploads/package-upload.ts";
import {
	countsBody,
	describeChanged,
	describeClasses,
	describeCounts,
	describePlan,
	proposedClassesBody,
	proposedPlanBody,
} from "./changes-body.ts";
import { bytesOfIndex, openIndex } from "./open-index.ts";

const lines = z.string().openapi({ format: "binary" });
/** Re-used ids that a refusal names. */
const NAMED_IN_REFUSAL = 20;

const indexBody = z
	.object({
		product: z.string(),
		version: z.string(),
		sha256: z.string().openapi({ description: "Of the index" }),
		size: z.int(),
		rules: z.int(),
		blocking: z.int(),
		cves: z.int().openapi({ description: "How many its rules name" }),
		against: z.string().nullable().openapi({ description: "The version that everybody has, compared with" }),
		counts: countsBody,
		proposed_plan: proposedPlanBody,
		proposed_classes: proposedClassesBody,
	})
	.openapi("RuleIndex");

const upload = createRoute({
	method: "put",
	path: "/v1/products/{product}/releases/{version}/rule-index",
	operationId: "uploadRuleIndex",
	tags: ["Publisher"],
	summary: "Say which rules are in the package of a version: the rule index, made from its bytes",
	description:
		"Lines of JSON (docs/changes.md has their form), with Content-Length and `Repr-Digest` of the index. Before the release another one takes its place; a released version keeps the one that it has.",
	...publisherAccess,
	request: {
		params: releasePath,
		query: z.object({
			allow_reused: z
				.enum(["true", "false"])
				.optional()
				.openapi({ description: "`true`: also where ids mean another rule than in the version that everybody has" }),
		}),
		headers: z.object({ "repr-digest": z.string().optional(), "content-digest": z.string().optional() }),
		body: { content: { "application/octet-stream": { schema: lines }, "*/*": { schema: lines } }, required: true },
	},
	responses: {
		201: jsonAnswer(indexBody, "Stored, in place of an earlier one"),
		200: jsonAnswer(indexBody, "The version had this index already"),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"invalid_digest",
			"digest_mismatch",
			"length_mismatch",
			"length_required",
			"content_too_large",
			"unsupported_media_type",
			"not_found",
			"reused_rule_ids",
			"conflict",
			"rate_limited",
			"upload_quota_exceeded",
		),
	},
});

const show = createRoute({
	method: "get",
	path: "/v1/products/{product}/releases/{version}/rule-index",
	operationId: "getRuleIndex",
	tags: ["Publisher"],
	summary: "The rule index of a version, byte for byte as its publisher made it",
	...productReadAccess,
	request: { params: releasePath },
	responses: {
		200: {
			description: "Lines of JSON; the ETag is its SHA-256",
			content: { "application/octet-stream": { schema: lines } },
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

export const ruleIndexes = createRouter()
	.openapi(upload, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const isReuseAllowed = c.req.valid("query").allow_reused === "true";
		requireUsual({ allow_reused: isReuseAllowed }, product, c.var.holder);
		const sha256 = requireDigest(c.req.raw);
		const object = services.objects.product(product);
		const releases = await object.list();
		// Of the list there are the newest 500.
		const target = releases.find((one) => one.version === version) ?? (await object.find(version));
		if (target === null) refuseRelease("no_package");
		const size = requireLength(c.req.raw, MAX_INDEX_BYTES);
		const { body } = c.req.raw;
		if (body === null) throw new ProblemError("length_mismatch");
		const by = uploaderOf(c);
		const base = await indexedBase(services, product, releases, target);
		const parts = { ...services.objects, packages: services.packages };
		const taken = await takeBytes(parts, { product, sha256, size, body, ...by }, async (claimedUntil) => {
			// Its bytes are nobody's where it is refused, and go with the next collection.
			const read = await readNew(services.packages, { sha256, target: target.sha256 }, base);
			if (!isReuseAllowed) refuseReused(read.changes, base);
			const entry = { version, target: target.sha256, sha256, size, ...read.totals, claimedUntil };
			return { ...read, added: await object.addRuleIndex({ ...by.change, ...entry }) };
		});
		if (!taken.added.ok) refuseIndex(taken.added.reason);
		event.bytes = size;
		const { rules, blocking, cves } = taken.totals;
		const answer = {
			...{ product, version, sha256, size, rules, blocking, cves: cves.length },
			against: base?.version ?? null,
			counts: describeCounts(base?.index ?? null, taken.totals, taken.changes),
			proposed_plan: describePlan(base?.index ?? null, taken.changes),
			proposed_classes: describeClasses(base?.index ?? null, taken.changes),
		};
		return c.json(answer, taken.added.kind === "new" ? 201 : 200);
	})
	.openapi(show, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		const index = await services.objects.product(product).ruleIndex(version);
		if (index === null) throw new ProblemError("not_found", { detail: noIndex(version) });
		const headers = { etag: `"${index.sha256}"`, "cache-control": "private, no-cache" };
		if (namesEtag(c.req.header("if-none-match"), headers.etag)) return c.body(null, 304, headers);
		return c.body(await bytesOfIndex(services.packages, index.sha256), 200, {
			...headers,
			"content-type": "application/octet-stream",
			"content-length": String(index.size),
		});
	});

/** For a refusal. */
export function noIndex(version: string): string {
	return `${version} has no rule index: \`parapet publish\` makes one of rules that it can read, and PUT …/rule-index takes it`;
}

interface IndexedBase {
	readonly version: string;
	readonly index: RuleIndexEntry & IndexTotals;
}

/** @returns what everybody has, where it has an index; null = there is nothing to compare with */
async function indexedBase(
	{ objects }: Services,
	product: string,
	releases: readonly ReleaseEntry[],
	target: ReleaseEntry,
): Promise<IndexedBase | null> {
	const base = baseOf(releases, target);
	const index = base === null ? null : await objects.product(product).ruleIndex(base.version);
	return base === null || index === null ? null : { version: base.version, index };
}

/** @param target SHA-256 of the package that it must be of @throws ProblemError where it is no index, or one of another package */
async function readNew(
	packages: Services["packages"],
	{ sha256, target }: { readonly sha256: string; readonly target: string },
	base: IndexedBase | null,
): Promise<{ totals: IndexTotals; changes: RuleChanges }> {
	const tally = new IndexTally();
	const before = base === null ? null : await openIndex(packages, base.index.sha256);
	const after = await openIndex(packages, sha256, tally.add);
	try {
		await before?.head();
		const of = await after.head();
		if (of !== target) throw new RuleIndexError(`it is of the package ${of}, and the version has ${target}`);
		const changes = await compareIndexes(before, after);
		return { totals: tally.totals, changes };
	} catch (error) {
		if (!(error instanceof RuleIndexError)) throw error;
		throw new ProblemError("invalid_request", { detail: `this is no rule index: ${error.message}` });
	}
}

function refuseReused({ reused }: RuleChanges, base: IndexedBase | null): void {
	if (reused.count === 0 || base === null) return;
	const named = describeChanged(reused).slice(0, NAMED_IN_REFUSAL);
	const rules = named.map(({ id, message, message_before }) => ({ id, message, message_before }));
	const detail = `${reused.count} ids mean another rule than in ${base.version}, which everybody has: ${named[0]?.id} was "${named[0]?.message_before}"`;
	throw new ProblemError("reused_rule_ids", { detail, extras: { against: base.version, rules } });
}

function refuseIndex(reason: (AddedRuleIndex & { ok: false })["reason"] | "unknown_product"): never {
	switch (reason) {
		case "other_bytes":
			throw new ProblemError("conflict", { detail: "the version has another package meanwhile" });
		case "released":
			throw new ProblemError("conflict", { detail: "the version is released, and keeps the rule index that it has" });
		default:
			refuseRelease(reason);
	}
}
