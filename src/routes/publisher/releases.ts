// The publisher plane: a package goes up as a stream and is checked against its announced digest on the way; then it is
// released under its version, and reaches the fleet by a plan. Neither ever changes afterwards; a release can be withdrawn.

import { createRoute, z } from "@hono/zod-openapi";
import { urgency, versionOrder } from "../../content/product-record.ts";
import { MAX_AUDIENCES } from "../../content/recorded-releases.ts";
import { engineRange, modelName, packageFileName, productName, versionName } from "../../names.ts";
import type { ReleaseEntry } from "../../objects/product/product-tables.ts";
import { plainText } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import { planChoice, planOf } from "../../rollout/built-in-plans.ts";
import { MAX_ACTIVE_ROLLOUTS } from "../../rollout/rollout.ts";
import { encodeBase64url } from "../../signing/base64url.ts";
import { formatReprDigest, readAnnouncedDigest } from "../../signing/digest-header.ts";
import { changeBy } from "../http/app-env.ts";
import { productReadAccess, publisherAccess, releaseAccess, requireKeyStill } from "../http/key-access.ts";
import {
	createRouter,
	jsonAnswer,
	jsonBody,
	orNull,
	problems,
	timestamp,
	toSeconds,
	toTimestampOrNull,
} from "../http/openapi.ts";
import { requireLength } from "../http/request-body.ts";
import { takeUpload } from "./package-upload.ts";
import { describeRollout, rolloutBody } from "./rollout-body.ts";

/** Of a rollout's salt. */
const SALT_BYTES = 12;

const bytes = z.string().openapi({ format: "binary" });
const releasePath = z.object({ product: productName, version: versionName });
const packageBody = z
	.object({ product: z.string(), version: z.string(), sha256: z.string(), size: z.int(), name: z.string() })
	.openapi("Package");

const releaseBody = z
	.object({
		product: z.string(),
		version: z.string(),
		status: z.enum(["uploaded", "rolling_out", "current", "older", "superseded", "withdrawn"]).openapi({
			description:
				"`uploaded`: bytes only; `rolling_out`: some devices may have it; `current`: the newest that everybody may have; `superseded`: its rollout ended before",
		}),
		sequence: z.int().nullable(),
		sha256: z.string(),
		size: z.int(),
		name: z.string(),
		released_at: timestamp.nullable(),
		out_at: timestamp.nullable().openapi({ description: "From when on everybody may have it" }),
		urgency,
		notes: z.string(),
		models: z.array(z.string()).nullable(),
		engine: engineRange,
	})
	.openapi("Release");

const releasedBody = releaseBody
	.extend({ published: z.boolean(), rollout: orNull(rolloutBody) })
	.openapi("ReleasedVersion");

const upload = createRoute({
	method: "put",
	path: "/v1/products/{product}/releases/{version}/package",
	operationId: "uploadPackage",
	tags: ["Publisher"],
	summary: "Upload the package of a release",
	description:
		"The payload as firewalls will read it, with Content-Length and `Repr-Digest` (or `Content-Digest`) `sha-256`.",
	...publisherAccess,
	request: {
		params: releasePath,
		query: z.object({
			name: packageFileName
				.optional()
				.openapi({ description: "File name; `{product}-{version}` (each + as -) if left out" }),
		}),
		headers: z.object({ "repr-digest": z.string().optional(), "content-digest": z.string().optional() }),
		// Whatever type it says it is of.
		body: { content: { "application/octet-stream": { schema: bytes }, "*/*": { schema: bytes } }, required: true },
	},
	responses: {
		201: jsonAnswer(packageBody, "Stored"),
		200: jsonAnswer(packageBody, "This version had this package already"),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_digest",
			"digest_mismatch",
			"length_mismatch",
			"length_required",
			"content_too_large",
			"unsupported_media_type",
			"not_found",
			"version_exists",
			"conflict",
			"rate_limited",
			"upload_quota_exceeded",
		),
	},
});

const publish = createRoute({
	method: "put",
	path: "/v1/products/{product}/releases/{version}",
	operationId: "publishRelease",
	tags: ["Publisher"],
	summary: "Release an uploaded package: it goes its way by a plan",
	description:
		"By the product's plan, or by the one that is named. Only with `immediate` everybody may have it at once; else it begins with the first step, often after a person's approval.",
	...releaseAccess,
	request: {
		params: releasePath,
		body: jsonBody(
			z
				.strictObject({
					notes: plainText(2000).optional(),
					urgency: urgency.optional(),
					models: z.array(modelName).min(1).max(100).optional().openapi({ description: "Every model, if left out" }),
					engine: engineRange.optional(),
					plan: planChoice.optional().openapi({
						description:
							"If left out, the product's. `standard`, `rapid`, `immediate`, or a plan of your own: with a key of scope `operate` alone",
						example: "rapid",
					}),
					starts_at: timestamp.optional().openapi({ description: "Its rollout begins then; at once, if left out" }),
					allow_older: z.boolean().optional().openapi({
						example: false,
						description: "Also if a newer version is released: devices are then offered the older one",
					}),
				})
				.openapi("NewRelease"),
		),
	},
	responses: {
		201: jsonAnswer(releasedBody, "Released; `published` is false while a store still waits for it"),
		200: jsonAnswer(releasedBody, "It had been released so before"),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"version_exists",
			"older_version",
			"conflict",
		),
	},
});

const withdraw = createRoute({
	method: "post",
	path: "/v1/products/{product}/releases/{version}/withdraw",
	operationId: "withdrawRelease",
	tags: ["Publisher"],
	summary: "Withdraw a release: it is offered no more, and who runs it is offered another",
	...releaseAccess,
	request: { params: releasePath, body: jsonBody(z.strictObject({ reason: plainText(500).min(1) })) },
	responses: {
		200: jsonAnswer(
			releaseBody.extend({
				published: z.boolean(),
				changed: z.boolean().openapi({ description: "`false`: it had been so before" }),
			}),
			"Withdrawn",
		),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"conflict",
		),
	},
});

const list = createRoute({
	method: "get",
	path: "/v1/products/{product}/releases",
	operationId: "listReleases",
	tags: ["Publisher"],
	summary: "Every release of a product, newest first",
	...productReadAccess,
	request: { params: z.object({ product: productName }) },
	responses: {
		200: jsonAnswer(z.object({ version_order: versionOrder, releases: z.array(releaseBody) }), "Newest first"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

function describe(product: string, release: ReleaseEntry) {
	return {
		product,
		version: release.version,
		status: release.status,
		sequence: release.sequence,
		sha256: release.sha256,
		size: release.size,
		name: release.name,
		released_at: toTimestampOrNull(release.releasedAt),
		out_at: toTimestampOrNull(release.outAt),
		urgency: release.urgency,
		notes: release.notes,
		models: release.models === null ? null : [...release.models],
		engine: release.engine,
	};
}

type ProductRefusal =
	| "unknown_product"
	| "no_package"
	| "version_exists"
	| "claim_ended"
	| "withdrawn"
	| "too_many_audiences"
	| "too_many_rollouts"
	| "not_released";

function refuse(reason: ProductRefusal): never {
	switch (reason) {
		case "unknown_product":
			throw new ProblemError("not_found", { detail: "there is no such product; create it first" });
		case "no_package":
			throw new ProblemError("not_found", { detail: "there is no such version; upload its package first" });
		case "version_exists":
			throw new ProblemError("version_exists");
		case "claim_ended":
			throw new ProblemError("conflict", {
				detail: "the upload took too long, nearly a day; upload the package again",
			});
		case "withdrawn":
			throw new ProblemError("conflict", { detail: "the version was withdrawn, for good: publish another version" });
		case "too_many_audiences":
			throw new ProblemError("conflict", {
				detail: `the product has releases for ${MAX_AUDIENCES} audiences (models and engine range) already: publish for one of them, or first withdraw the releases of one that has no devices left`,
			});
		case "too_many_rollouts":
			throw new ProblemError("conflict", {
				detail: `${MAX_ACTIVE_ROLLOUTS} releases of the product are on their way already: wait until one is through, or withdraw one`,
			});
		case "not_released":
			throw new ProblemError("conflict", {
				detail: "the version was never released, so nobody was offered it and there is nothing to withdraw",
			});
	}
}

export const releases = createRouter()
	.openapi(upload, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const size = requireLength(c.req.raw, services.config.maxPackageBytes);
		const digest = readAnnouncedDigest({ repr: c.req.header("repr-digest"), content: c.req.header("content-digest") });
		if (!digest.ok) {
			const isTwo = digest.reason === "contradiction";
			throw new ProblemError("invalid_digest", isTwo ? { detail: "Repr-Digest and Content-Digest differ" } : {});
		}
		// A version may hold a plus sign, a file name may not.
		const name = c.req.valid("query").name ?? `${product}-${version.replaceAll("+", "-")}`;
		const content = { sha256: digest.sha256, size, name };

		// Asked before the bytes are taken in, and again when they are: the version may have been filled meanwhile.
		const known = await services.objects.product(product).find(version);
		if (known !== null && known.sha256 !== digest.sha256) refuse("version_exists");
		const { body } = c.req.raw;
		if (body === null) throw new ProblemError("length_mismatch");
		const by = {
			change: changeBy(c),
			requireStill: () => requireKeyStill(c, publisherAccess),
			key: c.var.holder.key,
			quota: services.config.uploadBytesPerDay,
			event,
		};
		const parts = { ...services.objects, packages: services.packages };
		const added = await takeUpload(parts, { product, version, ...content, body, ...by });
		if (!added.ok) refuse(added.reason);
		event.bytes = size;
		// As it is stored: a second upload does not rename the first.
		const { sha256, name: storedName } = added.release;
		return c.json({ product, version, sha256, size, name: storedName }, added.kind === "new" ? 201 : 200, {
			"repr-digest": formatReprDigest(sha256),
		});
	})
	.openapi(publish, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const { notes, urgency, models, engine, plan, starts_at, allow_older: allowOlder = false } = c.req.valid("json");
		// The product's plan says who must have agreed: whoever may release could else let out alone what they uploaded.
		if (plan !== undefined && !c.var.holder.scopes.includes("operate")) {
			throw new ProblemError("insufficient_scope", {
				detail: "a release by a plan of its own takes a key of scope operate; leave `plan` out for the product's",
				extras: { required_scope: "operate" },
			});
		}
		const metadata = {
			notes: notes ?? "",
			urgency: urgency ?? "routine",
			models: models ?? null,
			engine: engine ?? {},
		};
		const salt = encodeBase64url(crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
		const change = {
			...{ ...changeBy(c), version, metadata, allowOlder, salt },
			...(plan && { plan: planOf(plan) }),
			...(starts_at && { startsAt: toSeconds(starts_at) }),
		};
		const result = await services.objects.product(product).release(change);
		if (!result.ok && result.reason === "older_version") {
			const detail = `${result.newest} is released, and newer`;
			throw new ProblemError("older_version", { detail, extras: { newest: result.newest } });
		}
		if (!result.ok && result.reason === "release_exists") {
			const fields = result.fields.map((field) => `\`${field}\``).join(", ");
			throw new ProblemError("version_exists", { detail: `the version was released with other metadata: ${fields}` });
		}
		if (!result.ok) refuse(result.reason);
		event.outcome = "released";
		const rollout = await services.objects.product(product).rollout(version, c.env.now);
		return c.json(
			{
				...describe(product, result.release),
				published: result.published,
				rollout: rollout === null ? null : describeRollout(product, rollout, c.env.now),
			},
			result.kind === "new" ? 201 : 200,
		);
	})
	.openapi(withdraw, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const { reason } = c.req.valid("json");
		const result = await services.objects.product(product).withdraw({ ...changeBy(c), version, reason });
		if (!result.ok) refuse(result.reason);
		event.outcome = "withdrawn";
		const { published, changed } = result;
		return c.json({ ...describe(product, result.release), published, changed }, 200);
	})
	.openapi(list, async (c) => {
		const { services } = c.env;
		const { product } = c.req.valid("param");
		const info = await services.objects.product(product).info();
		if (info === null) refuse("unknown_product");
		const entries = await services.objects.product(product).list();
		return c.json(
			{ version_order: info.versionOrder, releases: entries.map((release) => describe(product, release)) },
			200,
		);
	});
