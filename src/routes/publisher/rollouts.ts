// Rollouts for people: look at them, give a word, halt. No record, store or queue is asked here, only the key's object and the
// product's: a rollout can be halted while all else is down.
import { createRoute, z } from "@hono/zod-openapi";
import { productName, sha256Hex, versionName } from "../../names.ts";
import { plainText } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import { productReadAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems, toTimestamp, wholeNumber } from "../http/openapi.ts";
import { changeOnce, releaseOnceAccess } from "./ask-once.ts";
import { describeRollout, rolloutBody } from "./rollout-body.ts";
import { refuseWord } from "./word-refusal.ts";

const LOG_PAGE = 100;
const MAX_SEQ = 999_999_999_999_999;

const releasePath = z.object({ product: productName, version: versionName });
const changedBody = rolloutBody.extend({ changed: z.boolean() }).openapi("ChangedRollout");

const list = createRoute({
	method: "get",
	path: "/v1/products/{product}/rollouts",
	operationId: "listRollouts",
	tags: ["Publisher"],
	summary: "Rollouts that are under way, newest release first",
	...productReadAccess,
	request: { params: z.object({ product: productName }) },
	responses: {
		200: jsonAnswer(z.object({ rollouts: z.array(rolloutBody) }), "Those that may still move"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

const show = createRoute({
	method: "get",
	path: "/v1/products/{product}/releases/{version}/rollout",
	operationId: "showRollout",
	tags: ["Publisher"],
	summary: "Where a release stands on its way, what its steps have shown, and what it waits for",
	...productReadAccess,
	request: { params: releasePath },
	responses: {
		200: jsonAnswer(rolloutBody, "The rollout"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

const word = createRoute({
	method: "post",
	path: "/v1/products/{product}/releases/{version}/rollout/words",
	operationId: "approveRollout",
	tags: ["Publisher"],
	summary: "Approve the next step, let a step pass its gate, or let a halted rollout go on",
	description:
		"A word of the key's holder, for the evidence that they saw. It lapses when more fails afterwards. Nobody lets out alone what they uploaded; where the product asks for `two_people`, the uploader's word is not taken at all.",
	...releaseOnceAccess,
	request: {
		params: releasePath,
		body: jsonBody(
			z
				.strictObject({
					kind: z.enum(["approve", "override", "resume"]),
					evidence: z.string().max(64).openapi({
						description: "`evidence` of the rollout as it was seen",
						example: "8JyWJq3zV3Qk0kXoDq7sHq1tO2o",
					}),
					sha256: sha256Hex.optional().openapi({
						description:
							"Of the package that the word is for; where the product asks for `two_people` it must be named, and it is compared in any case",
					}),
				})
				.openapi("RolloutWord"),
		),
	},
	responses: {
		200: jsonAnswer(rolloutBody, "The rollout with that word"),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"not_found",
			"conflict",
			"evidence_changed",
			"second_person_required",
		),
	},
});

const halt = createRoute({
	method: "post",
	path: "/v1/products/{product}/releases/{version}/rollout/halt",
	operationId: "haltRollout",
	tags: ["Publisher"],
	summary: "Halt a rollout: nobody gets the release who has not got it",
	...releaseOnceAccess,
	request: { params: releasePath, body: jsonBody(z.strictObject({ reason: plainText(500).min(1) })) },
	responses: {
		200: jsonAnswer(changedBody, "Halted; `changed` is false where nothing was under way"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "invalid_request", "not_found"),
	},
});

const logEntry = z
	.looseObject({
		seq: z.int(),
		at: z.int().openapi({ description: "Unix seconds" }),
		previous: z.string(),
		hash: z.string().openapi({ description: "SHA-256 of the rest as canonical JSON (RFC 8785), base64url" }),
	})
	.openapi("RolloutLogEntry");

const log = createRoute({
	method: "get",
	path: "/v1/products/{product}/releases/{version}/rollout/log",
	operationId: "readRolloutLog",
	tags: ["Publisher"],
	summary: "What moved a rollout, entry by entry, each bound to all before it by a hash",
	...productReadAccess,
	request: {
		params: releasePath,
		query: z.object({
			after: wholeNumber(0, MAX_SEQ).optional().openapi({ description: "`seq` after which to begin", example: 0 }),
		}),
	},
	responses: {
		200: jsonAnswer(z.object({ entries: z.array(logEntry), as_of: z.string() }), "A page; an empty one is the end"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "invalid_request", "not_found"),
	},
});

function notFound(): ProblemError {
	return new ProblemError("not_found", { detail: "there is no such release, or it was never sent on its way" });
}

export const rollouts = createRouter()
	.openapi(list, async (c) => {
		const { services, event, now } = c.env;
		const { product } = c.req.valid("param");
		event.product = product;
		const views = await services.objects.product(product).rolloutsUnderWay(now);
		if (views === null) throw new ProblemError("not_found", { detail: "there is no such product" });
		return c.json({ rollouts: views.map((view) => describeRollout(product, view, now, c.var.holder)) }, 200);
	})
	.openapi(show, async (c) => {
		const { services, event, now } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		const view = await services.objects.product(product).rollout(version, now);
		if (view === null) throw notFound();
		return c.json(describeRollout(product, view, now, c.var.holder), 200);
	})
	.openapi(word, async (c) => {
		const { services, event, now } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		const { kind, evidence, sha256 } = c.req.valid("json");
		const object = services.objects.product(product);
		const said = await object.approveRollout({
			...changeOnce(c),
			version,
			kind,
			evidence,
			sha256,
			team: c.var.holder.team,
		});
		if (!said.ok && said.reason === "no_rollout") throw notFound();
		if (!said.ok) refuseWord(said);
		event.outcome = kind;
		return c.json(describeRollout(product, said.view, now, c.var.holder), 200);
	})
	.openapi(halt, async (c) => {
		const { services, event, now } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		const object = services.objects.product(product);
		const halted = await object.haltRollout({ ...changeOnce(c), version, reason: c.req.valid("json").reason });
		if (!halted.ok) throw notFound();
		event.outcome = "halted";
		return c.json({ ...describeRollout(product, halted.view, now, c.var.holder), changed: halted.changed }, 200);
	})
	.openapi(log, async (c) => {
		const { services, event, now } = c.env;
		const { product, version } = c.req.valid("param");
		event.product = product;
		const entries = await services.objects
			.product(product)
			.rolloutLog(version, c.req.valid("query").after ?? 0, LOG_PAGE);
		if (entries === null) throw notFound();
		return c.json({ entries: entries as unknown as z.infer<typeof logEntry>[], as_of: toTimestamp(now) }, 200);
	});
