// Deltas go up like packages, before their release, and are only stored here: their publisher makes and proves them. From which
// releases that is worth the work is answered here too, with URLs of their packages.
import { createRoute, z } from "@hono/zod-openapi";
import { chooseBases, DELTA_HEAD_BYTES, hasHeadOf, largestDelta, MAX_DELTAS } from "../../../content/releases/delta.ts";
import { ALL_VERSIONS, latestDevices } from "../../../fleet/adoption.ts";
import { versionName } from "../../../names.ts";
import type { AddedDelta } from "../../../objects/product/releases/delta-desk.ts";
import { ProblemError } from "../../../problem.ts";
import { DELTA_HEAD, readDeltaHead } from "../../http/delta-head.ts";
import { publisherAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp, toTimestamp } from "../../http/openapi.ts";
import { requireDigest, requireLength } from "../../http/request-body.ts";
import { untilCounted } from "../../http/until-counted.ts";
import { refuseRelease, releasePath } from "../release-body.ts";
import { takeBytes, uploaderOf } from "./package-upload.ts";

/** What logs of downloads call a publisher. */
const PSEUDONYM = "publisher";

const bytes = z.string().openapi({ format: "binary" });
const deltaBody = z
	.object({ product: z.string(), version: z.string(), from: z.string().nullable(), sha256: z.string(), size: z.int() })
	.openapi("Delta");
const digestText = z.string().regex(/^[0-9a-f]{64}$/, "not 64 lower-case hexadecimal digits");
const shared = { tags: ["Publisher"], ...publisherAccess };

const bases = createRoute({
	...shared,
	method: "post",
	path: "/v1/products/{product}/releases/{version}/bases",
	operationId: "chooseDeltaBases",
	summary: "From which releases a delta to an uploaded version is worth the work, with URLs of their packages",
	description:
		"The last eight that everybody may have, and what else more than 1 % of the fleet runs. None for a version that is released already.",
	request: { params: releasePath, body: jsonBody(z.strictObject({})) },
	responses: {
		200: jsonAnswer(
			z.object({
				released: z.boolean().openapi({ description: "true = the version takes no delta any more" }),
				bases: z.array(
					z
						.object({
							version: z.string(),
							sha256: z.string(),
							size: z.int(),
							devices: z.int().nonnegative().openapi({ description: "That run it, a minute ago or so" }),
							url: z.string().openapi({ description: "Signed URL of its package" }),
							expires_at: timestamp.openapi({ description: "When the URL stops working" }),
						})
						.openapi("DeltaBase"),
				),
			}),
			"Newest first",
		),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"rate_limited",
		),
	},
});

const upload = createRoute({
	...shared,
	method: "put",
	path: "/v1/products/{product}/releases/{version}/delta",
	operationId: "uploadDelta",
	summary: "Upload a delta from another release, or a packed copy, of a version that is not released yet",
	description:
		"A delta is a zstd frame with the package of `from` as its dictionary, after the 40 bytes of RFC 9842 §4 (`dcz`) that name this by its SHA-256; a packed copy is a zstd frame. With Content-Length and `Repr-Digest` of the delta. A firewall compares the SHA-256 of what comes out, and fetches the whole where it is another; the service does not look.",
	request: {
		params: releasePath,
		query: z.object({
			sha256: digestText.openapi({ description: "SHA-256 of the version's package, which comes out" }),
			from: versionName.optional().openapi({ description: "Version of the dictionary; a packed copy, if left out" }),
			from_sha256: digestText.optional().openapi({ description: "SHA-256 of the package of `from`; together with it" }),
		}),
		headers: z.object({ "repr-digest": z.string().optional(), "content-digest": z.string().optional() }),
		body: { content: { "application/octet-stream": { schema: bytes }, "*/*": { schema: bytes } }, required: true },
	},
	responses: {
		201: jsonAnswer(deltaBody, "Stored, in place of an earlier one from the same version"),
		200: jsonAnswer(deltaBody, "The version had this delta already"),
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
			"conflict",
			"rate_limited",
			"upload_quota_exceeded",
		),
	},
});

export const deltas = createRouter()
	.openapi(bases, async (c) => {
		const { services, now, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		const entries = await services.objects.product(product).list();
		const target = entries.find((one) => one.version === version);
		if (target === undefined) refuseRelease("no_package");
		if (target.status !== "uploaded") return c.json({ released: true, bases: [] }, 200);
		const { samples } = await untilCounted(async () => services.objects.census().adoption(product));
		const devicesOf = latestDevices(samples);
		const chosen = chooseBases(entries, version, devicesOf, devicesOf(ALL_VERSIONS));
		const described = chosen.map(async ({ version: base, sha256, size, name }) => {
			const { url, expiresAt } = await services.urlSigner.sign({ sha256, name, pseudonym: PSEUDONYM, now });
			return { version: base, sha256, size, devices: devicesOf(base), url, expires_at: toTimestamp(expiresAt) };
		});
		return c.json({ released: false, bases: await Promise.all(described) }, 200);
	})
	.openapi(upload, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const { sha256: target, from, from_sha256: fromSha256 } = c.req.valid("query");
		if ((from === undefined) !== (fromSha256 === undefined))
			throw new ProblemError("invalid_request", { detail: "`from` and `from_sha256` belong together" });
		const sha256 = requireDigest(c.req.raw);
		const object = services.objects.product(product);
		const known = await object.find(version);
		if (known === null) refuseRelease("no_package");
		const size = requireLength(c.req.raw, Math.min(largestDelta(known.size), services.config.maxBodyBytes));
		const { body } = c.req.raw;
		if (body === null || size < DELTA_HEAD_BYTES) throw noDelta("it is too short");
		const by = uploaderOf(c);
		const given = from === undefined || fromSha256 === undefined ? null : { version: from, sha256: fromSha256 };
		const added = await takeBytes(
			{ ...services.objects, packages: services.packages },
			{ product, sha256, size, body, ...by },
			async (claimedUntil): Promise<AddedDelta | { ok: false; reason: "unknown_product" }> => {
				// Its bytes are nobody's where it is refused, and go with the next collection.
				if (!hasHeadOf(await readDeltaHead(await services.packages.get(sha256, DELTA_HEAD)), given?.sha256 ?? null))
					throw noDelta("its head says so");
				return object.addDelta({ ...by.change, version, target, from: given, sha256, size, claimedUntil });
			},
		);
		if (!added.ok) refuseDelta(added.reason);
		event.bytes = size;
		const answer = { product, version, from: from ?? null, sha256, size };
		return c.json(answer, added.kind === "new" ? 201 : 200);
	});

function noDelta(why: string): ProblemError {
	const form =
		"the 40 bytes of RFC 9842 that name the package of `from`, then a zstd frame; without `from` the frame alone";
	return new ProblemError("invalid_request", { detail: `this is no such delta, ${why}: ${form}` });
}

function refuseDelta(reason: (AddedDelta & { ok: false })["reason"] | "unknown_product"): never {
	switch (reason) {
		case "other_bytes":
			throw new ProblemError("conflict", { detail: "the product has other bytes for this version, or for `from`" });
		case "too_many_deltas":
			throw new ProblemError("conflict", { detail: `the version has ${MAX_DELTAS} deltas already` });
		default:
			refuseRelease(reason);
	}
}
