// A product's role file: what its publisher has signed. The service checks it as every client will, keeps it for further
// signatures while they are too few, and serves it as it came.
import { createRoute, z } from "@hono/zod-openapi";
import { productName } from "../../names.ts";
import { ProblemError } from "../../problem.ts";
import { changeBy } from "../http/app-env.ts";
import { productReadAccess, proposeAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems } from "../http/openapi.ts";
import { describeRole, fileText, roleSummary } from "../http/trust/body.ts";
import { refuseMetadata, refuseWithoutTrust } from "../http/trust/refusal.ts";

const path = z.object({ product: productName });
const show = createRoute({
	method: "get",
	path: "/v1/products/{product}/role",
	operationId: "showRole",
	tags: ["Publisher"],
	summary: "The product's role file, and the one that waits for further signatures",
	...productReadAccess,
	request: { params: path },
	responses: {
		200: jsonAnswer(
			roleSummary
				.extend({
					file: fileText.nullable(),
					proposal: fileText
						.nullable()
						.openapi({ description: "A role file that too few have signed; null = there is none" }),
				})
				.openapi("Role"),
			"As it is now",
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

const publish = createRoute({
	method: "put",
	path: "/v1/products/{product}/role",
	operationId: "publishRole",
	tags: ["Publisher"],
	summary: "Hand in a role file that the product's publishers have signed",
	...proposeAccess,
	request: {
		params: path,
		body: jsonBody(
			z
				.object({
					signatures: z.array(z.looseObject({ keyid: z.string(), sig: z.string() })),
					signed: z.looseObject({}),
				})
				.openapi("TrustFile"),
		),
	},
	responses: {
		200: jsonAnswer(
			roleSummary.extend({ published: z.boolean() }).openapi("PublishedRole"),
			"Taken; `published` is false while storage or a store still waits for it",
		),
		202: jsonAnswer(
			z.object({ product: z.string(), signatures: z.int(), threshold: z.int() }).openapi("ProposedRole"),
			"Kept until further keys have signed it; it replaces an earlier one that waited",
		),
		...problems(
			"unauthenticated",
			"insufficient_scope",
			"invalid_identifier",
			"invalid_request",
			"metadata_refused",
			"not_found",
			"conflict",
		),
	},
});

const NOT_DELEGATED = "nothing is delegated to the product's publisher; do so with `parapet trust delegate`";

export const roleFiles = createRouter()
	.openapi(show, async (c) => {
		const { product } = c.req.valid("param");
		c.env.event.product = product;
		const role = await c.env.services.objects.trust().role(product);
		if (role === null) throw new ProblemError("not_found", { detail: NOT_DELEGATED });
		return c.json({ ...describeRole(role), file: role.file, proposal: role.proposal }, 200);
	})
	.openapi(publish, async (c) => {
		const { objects } = c.env.services;
		const { product } = c.req.valid("param");
		c.env.event.product = product;
		const by = changeBy(c);
		// Its text, not what validation made of it: signatures are over these bytes.
		const result = await objects.trust().publishRole({ product, file: await c.req.text(), now: by.now });
		if (!result.ok) {
			if (result.reason === "not_set_up") refuseWithoutTrust();
			if (result.reason === "not_delegated") throw new ProblemError("not_found", { detail: NOT_DELEGATED });
			refuseMetadata(result, "role file");
		}
		if (result.kind === "proposed") {
			c.env.event.outcome = "proposed";
			return c.json({ product, signatures: result.count, threshold: result.threshold }, 202);
		}
		const { role, published } = result;
		const { version, digests, trusted } = role;
		// Also where nothing is new: the call before may have ended between the two.
		if (version !== null)
			await objects.product(product).noteRole({ ...by, role: { version, digests: trusted ? digests : {} } });
		c.env.event.outcome = "signed";
		return c.json({ ...describeRole(role), published }, 200);
	});
