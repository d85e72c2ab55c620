// Releases: a package is released under its version, and reaches the fleet by a plan. It never changes afterwards; it can be
// withdrawn.
import { createRoute, z } from "@hono/zod-openapi";
import { versionOrder } from "../../content/releases/product-record.ts";
import { orderFacts } from "../../content/releases/release-facts.ts";
import { productName, versionName } from "../../names.ts";
import { plainText } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import { planChoice } from "../../rollout/built-in-plans.ts";
import { changeBy } from "../http/app-env.ts";
import { productReadAccess, releaseAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, timestamp } from "../http/openapi.ts";
import { changeOnce, proposeOnceAccess, releaseOnceAccess } from "./ask-once.ts";
import {
	allowedSize,
	describeRelease,
	describeReleased,
	newReleaseBody,
	refuseRelease,
	refuseRollout,
	refuseTarget,
	releaseBody,
	releasedBody,
	releasePath,
	startedBody,
} from "./release-body.ts";
import { tieNewRelease, tiePromoted } from "./required-releases.ts";
import { requireUsual, rolloutOf, sizeOf } from "./rollout-choice.ts";

const publish = createRoute({
	method: "put",
	path: "/v1/products/{product}/releases/{version}",
	operationId: "publishRelease",
	tags: ["Publisher"],
	summary: "Release an uploaded package: it goes its way by a plan",
	description:
		"By the product's plan, or by the one that is named. Only with `immediate` everybody may have it at once; else it begins with the first step, often after a person's approval.",
	...proposeOnceAccess,
	request: {
		params: releasePath,
		body: jsonBody(newReleaseBody),
	},
	responses: {
		201: jsonAnswer(startedBody, "Released; `published` is false while a store still waits for it"),
		200: jsonAnswer(startedBody, "It had been released so before"),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"version_exists",
			"older_version",
			"size_out_of_bounds",
			"circular_requires",
			"prerequisite_not_released",
			"conflict",
		),
	},
});

const promote = createRoute({
	method: "post",
	path: "/v1/products/{product}/releases/{version}/promote",
	operationId: "promoteRelease",
	tags: ["Publisher"],
	summary: "Send a release that everybody on beta may have on its way to stable",
	description:
		"The same bytes and metadata, by a rollout of its own with approvals of its own. Devices on beta are not asked again. It becomes the newest release of stable.",
	...releaseOnceAccess,
	request: {
		params: releasePath,
		body: jsonBody(
			z
				.strictObject({
					channel: z.literal("stable"),
					plan: planChoice.optional().openapi({
						description: "If left out, the product's; another one with a key of scope `operate` alone",
						example: "rapid",
					}),
					starts_at: timestamp.optional().openapi({ description: "Its rollout begins then; at once, if left out" }),
					allow_size: allowedSize.optional().openapi({
						description: "The reason why it may be beyond the product's `size_bounds` against what stable has",
					}),
					allow_older: z.boolean().optional().openapi({
						example: false,
						description: "Also if stable has a newer version: devices there are offered this one",
					}),
				})
				.openapi("Promotion"),
		),
	},
	responses: {
		200: jsonAnswer(
			releasedBody.extend({ changed: z.boolean().openapi({ description: "`false`: it was on stable before" }) }),
			"On its way to stable",
		),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"older_version",
			"size_out_of_bounds",
			"prerequisite_not_released",
			"conflict",
		),
	},
});

const discard = createRoute({
	method: "delete",
	path: "/v1/products/{product}/releases/{version}",
	operationId: "discardRelease",
	tags: ["Publisher"],
	summary: "Forget a version that was uploaded and never released; its bytes go with the next collection of packages",
	...releaseAccess,
	request: { params: releasePath },
	responses: {
		204: { description: "Forgotten; the version may be uploaded anew" },
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found", "conflict"),
	},
});

const withdraw = createRoute({
	method: "post",
	path: "/v1/products/{product}/releases/{version}/withdraw",
	operationId: "withdrawRelease",
	tags: ["Publisher"],
	summary: "Withdraw a release: it is offered no more, and who runs it is offered another",
	description:
		"With `revert_to` devices that run it go back to that release: what lies between the two is not for them. It may be named, or changed, after the withdrawal too. All other devices get what they would get without it.",
	...releaseOnceAccess,
	request: {
		params: releasePath,
		body: jsonBody(
			z
				.strictObject({
					reason: plainText(500).min(1),
					revert_to: versionName.optional().openapi({
						description:
							"An earlier release that everybody may have, for all devices that this one was for; if left out, the newest before it",
						example: "4.26.0",
					}),
				})
				.openapi("Withdrawal"),
		),
	},
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

export const releases = createRouter()
	.openapi(publish, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const wanted = c.req.valid("json");
		const { notes = "", urgency = "routine", models = null, engine = {}, entries = null } = wanted;
		const { channel = "stable", allow_older: allowOlder = false } = wanted;
		requireUsual({ allow_older: allowOlder, allow_size: wanted.allow_size !== undefined }, product, c.var.holder);
		const { requires } = wanted;
		const rollout = rolloutOf(wanted, c.var.holder);
		const tied = requires && (await tieNewRelease(c.env, { product, version, channel, requires }));
		const change = {
			...changeOnce(c),
			version,
			metadata: { notes, urgency, models, engine, entries, facts: orderFacts(wanted), ...(requires && { requires }) },
			channel,
			allowOlder,
			...sizeOf(wanted),
			...rollout,
			...tied,
		};
		const result = await services.objects.product(product).release(change);
		if (!result.ok && result.reason === "release_exists") {
			const fields = result.fields.map((field) => `\`${field}\``).join(", ");
			throw new ProblemError("version_exists", { detail: `the version was released with other metadata: ${fields}` });
		}
		if (!result.ok) refuseRollout(result);
		event.outcome = "released";
		const body = await describeReleased(c.env, product, result, c.var.holder);
		return c.json({ ...body, rescheduled: result.kind === "rescheduled" }, result.kind === "new" ? 201 : 200);
	})
	.openapi(promote, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const wanted = c.req.valid("json");
		const { allow_older: allowOlder = false } = wanted;
		const rollout = rolloutOf(wanted, c.var.holder);
		const tied = await tiePromoted(c.env, product, version);
		const change = { ...changeOnce(c), version, allowOlder, ...sizeOf(wanted), ...rollout, ...tied };
		const result = await services.objects.product(product).promote(change);
		if (!result.ok) refuseRollout(result);
		event.outcome = "promoted";
		return c.json(
			{ ...(await describeReleased(c.env, product, result, c.var.holder)), changed: result.kind === "new" },
			200,
		);
	})
	.openapi(discard, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const result = await services.objects.product(product).discard({ ...changeBy(c), version });
		if (!result.ok && result.reason === "no_package")
			throw new ProblemError("not_found", { detail: "there is no such version: nothing to discard" });
		if (!result.ok) refuseRelease(result.reason);
		event.outcome = "discarded";
		return c.body(null, 204);
	})
	.openapi(withdraw, async (c) => {
		const { services, event } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		event.toVersion = version;
		const { reason, revert_to: revertTo } = c.req.valid("json");
		const change = { ...changeOnce(c), version, reason, ...(revertTo !== undefined && { revertTo }) };
		const result = await services.objects.product(product).withdraw(change);
		if (!result.ok && result.reason === "unfit_target") refuseTarget(result, version);
		if (!result.ok) refuseRelease(result.reason);
		event.outcome = "withdrawn";
		const { published, changed } = result;
		return c.json({ ...describeRelease(product, result.release), published, changed }, 200);
	})
	.openapi(list, async (c) => {
		const { services } = c.env;
		const { product } = c.req.valid("param");
		const info = await services.objects.product(product).info();
		if (info === null) refuseRelease("unknown_product");
		const entries = await services.objects.product(product).list();
		return c.json(
			{ version_order: info.versionOrder, releases: entries.map((release) => describeRelease(product, release)) },
			200,
		);
	});
