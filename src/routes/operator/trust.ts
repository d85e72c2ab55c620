// The operator plane of the TUF repository: who signs what. Root and top-level targets are signed by operators, elsewhere, and
// only handed in here: a key of the API alone changes nothing.
import { createRoute, z } from "@hono/zod-openapi";
import { ProblemError } from "../../problem.ts";
import { tufKey } from "../../signing/tuf/keys.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess, readAccess } from "../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems } from "../http/openapi.ts";
import { describeRole, fileText, roleSummary } from "../http/trust/body.ts";
import { refuseMetadata, refuseWithoutTrust } from "../http/trust/refusal.ts";

const trustBody = z
	.object({
		online: z
			.array(z.object({ keyid: z.string(), key: tufKey }))
			.openapi({ description: "The keys by which the service signs snapshot and timestamp, the newest first" }),
		root: fileText.nullable(),
		targets: fileText.nullable(),
		timestamp: fileText.nullable(),
		log: z
			.object({ origin: z.string(), keys: z.array(z.string()) })
			.openapi({ description: "The transparency log: its name, and its keys, which a root names (C2SP signed-note)" }),
		roles: z.array(roleSummary.extend({ proposed: z.boolean() })),
	})
	.openapi("Trust");

const show = createRoute({
	method: "get",
	path: "/v1/trust",
	operationId: "showTrust",
	tags: ["Operator"],
	summary: "Who signs what: root, targets, and the role of each product",
	...readAccess,
	responses: {
		200: jsonAnswer(trustBody, "The repository; `root` is null before it is set up"),
		...problems("unauthenticated", "insufficient_scope"),
	},
});

const change = createRoute({
	method: "put",
	path: "/v1/trust",
	operationId: "changeTrust",
	tags: ["Operator"],
	summary: "Hand in a root or top-level targets that operators have signed, or both at once",
	...operatorAccess,
	request: {
		body: jsonBody(z.strictObject({ root: fileText.optional(), targets: fileText.optional() }).openapi("TrustChange")),
	},
	responses: {
		200: jsonAnswer(
			z.object({ changed: z.boolean(), published: z.boolean() }),
			"Taken; `published` is false while storage still waits for it",
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "metadata_refused", "conflict"),
	},
});

export const trust = createRouter()
	.openapi(show, async (c) => {
		const { online, log, roles, ...files } = await c.env.services.objects.trust().state();
		const described = roles.map((role) => ({ ...describeRole(role), proposed: role.proposed }));
		return c.json({ online: [...online], ...files, log: { ...log, keys: [...log.keys] }, roles: described }, 200);
	})
	.openapi(change, async (c) => {
		const { objects } = c.env.services;
		const by = changeBy(c);
		const result = await objects.trust().change({ ...c.req.valid("json"), now: by.now });
		if (!result.ok) {
			if (result.reason === "not_set_up") refuseWithoutTrust();
			if (result.reason === "targets_untrusted") {
				const detail =
					"under this root the targets would not be signed: hand in targets that its keys have signed with it";
				throw new ProblemError("conflict", { detail });
			}
			refuseMetadata(result, result.file);
		}
		// A key that was taken away or given changes what counts as signed; its product has the last word on what it offers.
		for (const { product, version, trusted, digests } of result.roles) {
			if (version !== null)
				await objects.product(product).noteRole({ ...by, role: { version, digests: trusted ? digests : {} } });
		}
		return c.json({ changed: result.changed, published: result.published }, 200);
	});
