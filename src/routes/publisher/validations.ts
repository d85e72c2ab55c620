// A product's validator: who it is, what it says of a release, and how an operator goes on without it where it is silent.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
	findingList,
	MAX_VALIDATOR_MINUTES,
	MIN_VALIDATOR_MINUTES,
	USUAL_VALIDATOR_MINUTES,
	VALIDATOR,
	validationAnswer,
} from "../../content/releases/validation.ts";
import { productTrail } from "../../events/event-id.ts";
import { productName, sha256Hex } from "../../names.ts";
import type { ValidationOrder, ValidationResult } from "../../objects/product/releases/validation-desk.ts";
import type { Validator } from "../../objects/product/releases/validation-tables.ts";
import { plainText } from "../../plain-text.ts";
import { ProblemError } from "../../problem.ts";
import { formatWebhookSecret, webhookSecret } from "../../signing/webhook-signature.ts";
import { type AppEnv, changeBy } from "../http/app-env.ts";
import { operatorAccess, readAccess, validateAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, orNull, problems, timestamp, toTimestamp } from "../http/openapi.ts";
import { readReceiverUrl } from "../http/receiver-url.ts";
import { releasePath } from "./release-body.ts";
import { describeValidation, validationBody } from "./validation-body.ts";

const productPath = z.object({ product: productName });
const minutes = z.int().min(MIN_VALIDATOR_MINUTES).max(MAX_VALIDATOR_MINUTES);

const validatorBody = z
	.object({
		url: z.string().openapi({ example: "https://validator.example.com/parapet" }),
		minutes: z.int().openapi({ description: "For which an answer is waited for", example: USUAL_VALIDATOR_MINUTES }),
		set_at: timestamp,
	})
	.openapi("Validator");
const withSecret = validatorBody.extend({
	secret: z
		.string()
		.openapi({ description: "By which its questions are signed (Standard Webhooks)", example: "whsec_…" }),
});

const set = createRoute({
	method: "put",
	path: "/v1/products/{product}/validator",
	operationId: "setValidator",
	tags: ["Operator"],
	summary: "Have a validator of your own pass each release before anybody can approve it",
	description:
		"When a release is sent on its way, `release.validate` is posted to the URL, signed as webhooks are, with the package's SHA-256, size and a signed URL of it. It answers at once with 200 and the body of [`PUT …/validation`](#put-v1productsproductreleasesversionvalidation) without `sha256`, or takes it (202) and answers there. `failed` counts with any status of success, its findings cut to 50 of 500 characters. Releases that are on their way already are not asked about.",
	...operatorAccess,
	request: {
		params: productPath,
		body: jsonBody(
			z
				.strictObject({
					url: z.string().openapi({
						description: "https, with a public name, port 443 or from 1024 on",
						example: "https://validator.example.com/parapet",
					}),
					minutes: minutes.optional().openapi({
						description: "After which its silence may be overridden; 60 if left out",
						example: USUAL_VALIDATOR_MINUTES,
					}),
				})
				.openapi("NewValidator"),
		),
	},
	responses: {
		200: jsonAnswer(withSecret, "As it is now; its secret stays until it is removed"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "invalid_request", "not_found"),
	},
});

const show = createRoute({
	method: "get",
	path: "/v1/products/{product}/validator",
	operationId: "showValidator",
	tags: ["Operator"],
	summary: "The validator of a product",
	...readAccess,
	request: { params: productPath },
	responses: {
		200: jsonAnswer(z.object({ validator: orNull(validatorBody) }), "null = it has none"),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

const remove = createRoute({
	method: "delete",
	path: "/v1/products/{product}/validator",
	operationId: "removeValidator",
	tags: ["Operator"],
	summary: "Ask no validator any more; releases that wait for it wait until they are overridden",
	...operatorAccess,
	request: { params: productPath },
	responses: {
		204: { description: "There is none" },
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

const changeProblems = problems(
	...(["unauthenticated", "insufficient_scope", "invalid_identifier", "invalid_request", "not_found"] as const),
	...(["conflict", "second_person_required"] as const),
);

const answer = createRoute({
	method: "put",
	path: "/v1/products/{product}/releases/{version}/validation",
	operationId: "answerValidation",
	tags: ["Publisher"],
	summary: "What the validator says of a release",
	description:
		"Until the release has passed, nobody can approve its first step. What failed may pass later; what has passed stays so. The same again changes nothing.",
	...validateAccess,
	request: {
		params: releasePath,
		body: jsonBody(
			z
				.strictObject({
					result: z.enum(["passed", "failed"]).openapi({ example: "failed" }),
					sha256: sha256Hex.meta({ description: "Of the package that it has looked at" }),
					findings: findingList.optional().meta({
						description: "For people, the most important first",
						example: ["rule 1:2000419 does not load"],
					}),
				})
				.openapi("ValidationAnswer"),
		),
	},
	responses: { 200: jsonAnswer(validationBody, "Kept"), ...changeProblems },
});

const override = createRoute({
	method: "post",
	path: "/v1/products/{product}/releases/{version}/validation/override",
	operationId: "overrideValidation",
	tags: ["Operator"],
	summary: "Let a release go on whose validator has not answered in its time",
	description: "Not one that it has failed. The product's events keep the reason, and who gave it.",
	...operatorAccess,
	request: { params: releasePath, body: jsonBody(z.strictObject({ reason: plainText(500).min(1) })) },
	responses: { 200: jsonAnswer(validationBody, "Overridden"), ...changeProblems },
});

/** @throws ProblemError where the product refuses */
async function obey(c: Context<AppEnv>, product: string, order: ValidationOrder) {
	c.env.event.product = product;
	const result = await c.env.services.objects.product(product).validate({ ...changeBy(c), ...order });
	if (!result.ok) refuse(result);
	return result;
}

function refuse(refusal: Extract<ValidationResult, { ok: false }> | { readonly reason: "unknown_product" }): never {
	switch (refusal.reason) {
		case "unknown_product":
			throw new ProblemError("not_found", { detail: "there is no such product" });
		case "not_asked":
			throw new ProblemError("not_found", { detail: "no validator was asked about this version" });
		case "other_package":
			throw new ProblemError("conflict", { detail: "the version has another package than the one that you looked at" });
		case "own_release":
			throw new ProblemError("second_person_required");
		case "decided":
			throw new ProblemError("conflict", { detail: "the release has passed, or was let go on: that stays so" });
		case "failed":
			throw new ProblemError("conflict", {
				detail: "the validator has failed the release: publish another version, or have it look again",
			});
		case "too_early":
			throw new ProblemError("conflict", {
				detail: `the validator has until ${toTimestamp(refusal.from)} to answer: its silence can be overridden from then on`,
			});
	}
}

function describeValidator({ url, minutes: within, setAt }: Validator): z.infer<typeof validatorBody> {
	return { url, minutes: within, set_at: toTimestamp(setAt) };
}

function shown({ validation }: Extract<ValidationResult, { ok: true }>) {
	if (validation === null) throw new Error("a validation vanished inside a transaction");
	return describeValidation(validation);
}

export const validations = createRouter()
	.openapi(set, async (c) => {
		const { config, macKeyring } = c.env.services;
		const { product } = c.req.valid("param");
		const { url, minutes: within = USUAL_VALIDATOR_MINUTES } = c.req.valid("json");
		const to = readReceiverUrl(config, url);
		const order = { kind: "set", url: to, minutes: within, kid: macKeyring.current.kid } as const;
		const { validator } = await obey(c, product, order);
		if (validator === null) throw new Error("a validator vanished inside a transaction");
		const { kid, generation } = validator;
		const ref = { kid, generation, trail: productTrail(product), webhook: VALIDATOR };
		const secret = await webhookSecret(macKeyring, ref);
		// Its key has left the ring: nothing it is asked could be signed.
		if (secret === null)
			throw new ProblemError("conflict", {
				detail: "the key of its secret is gone: remove the validator, then set it",
			});
		return c.json({ ...describeValidator(validator), secret: formatWebhookSecret(secret) }, 200);
	})
	.openapi(show, async (c) => {
		const { validator } = await obey(c, c.req.valid("param").product, { kind: "show" });
		return c.json({ validator: validator && describeValidator(validator) }, 200);
	})
	.openapi(remove, async (c) => {
		await obey(c, c.req.valid("param").product, { kind: "remove" });
		return c.body(null, 204);
	})
	.openapi(answer, async (c) => {
		const { product, version } = c.req.valid("param");
		const { sha256, ...said } = c.req.valid("json");
		const order = { kind: "answer", version, sha256, answer: validationAnswer.parse(said) } as const;
		return c.json(shown(await obey(c, product, order)), 200);
	})
	.openapi(override, async (c) => {
		const { product, version } = c.req.valid("param");
		const { reason } = c.req.valid("json");
		return c.json(shown(await obey(c, product, { kind: "override", version, reason })), 200);
	});
