// API keys of publishers and operators: made here, shown once, stored only as a keyed hash.
import { createRoute, z } from "@hono/zod-openapi";
import { scope as keyScope, keySubject } from "../../entitlement/credential-record.ts";
import { ID_RANDOM_BYTES, isKeyId, mintApiKey, mintKeyId, parseAccountId } from "../../entitlement/ids.ts";
import { ProblemError } from "../../problem.ts";
import { hashSecret } from "../../signing/lookup-keys.ts";
import { changeBy } from "../http/app-env.ts";
import { operatorAccess, readAccess } from "../http/key-access.ts";
import {
	createRouter,
	jsonAnswer,
	jsonBody,
	problems,
	timestamp,
	toSeconds,
	toTimestampOrNull,
} from "../http/openapi.ts";

const keyBody = z
	.object({
		id: z.string(),
		subject: z.string(),
		scopes: z.array(z.string()),
		expires_at: timestamp.nullable(),
		revoked: z.boolean(),
	})
	.openapi("ApiKey");

const create = createRoute({
	method: "post",
	path: "/v1/keys",
	tags: ["Operator"],
	summary: "Make an API key for a publisher or an operator",
	...operatorAccess,
	request: {
		body: jsonBody(
			z
				.strictObject({
					subject: keySubject,
					scopes: z
						.array(keyScope)
						.min(1)
						.max(32)
						.openapi({
							description:
								"`operate`, `read`, `operate:<account>`, `read:<account>`, `publish:<product>` (upload), `release:<product>` (release and withdraw), or `lifecycle:<account>`",
							example: ["publish:crs"],
						}),
					expires_at: timestamp.optional().openapi({ description: "Never, if left out" }),
				})
				.openapi("NewApiKey"),
		),
	},
	responses: {
		201: jsonAnswer(keyBody.extend({ key: z.string() }), "The key is shown this once"),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited"),
	},
});

const list = createRoute({
	method: "get",
	path: "/v1/keys",
	tags: ["Operator"],
	summary: "API keys, without the keys themselves",
	...readAccess,
	responses: {
		200: jsonAnswer(z.object({ keys: z.array(keyBody) }), "All of them"),
		...problems("unauthenticated", "insufficient_scope"),
	},
});

const revoke = createRoute({
	method: "delete",
	path: "/v1/keys/{key}",
	tags: ["Operator"],
	summary: "Revoke an API key",
	...operatorAccess,
	request: { params: z.object({ key: z.string().refine(isKeyId, "not the id of a key") }) },
	responses: {
		204: { description: "Revoked" },
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

export const keys = createRouter()
	.openapi(create, async (c) => {
		const { services, now } = c.env;
		const wanted = c.req.valid("json");
		const expiresAt = wanted.expires_at === undefined ? null : toSeconds(wanted.expires_at);
		if (expiresAt !== null && expiresAt <= now)
			throw new ProblemError("invalid_request", { detail: "expires_at must be in the future" });
		for (const scope of wanted.scopes) {
			const account = /:(acct-.*)$/.exec(scope)?.[1] ?? null;
			if (account === null || (await parseAccountId(services.lookupKeys, account)) !== null) continue;
			throw new ProblemError("invalid_request", { detail: `${account} is not an account's id; copy it again` });
		}
		const random = crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));
		const key = await mintApiKey(services.lookupKeys, random);
		const hash = await hashSecret(services.lookupKeys, "key", key);
		const id = mintKeyId(crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES)));
		const result = await services.objects.directory().createCredential({
			...changeBy(c),
			id,
			hash,
			subject: wanted.subject,
			scopes: wanted.scopes,
			expiresAt,
		});
		if (!result.ok) throw new ProblemError("already_exists");
		return c.json(
			{
				key,
				id,
				subject: wanted.subject,
				scopes: wanted.scopes,
				expires_at: wanted.expires_at ?? null,
				revoked: false,
			},
			201,
		);
	})
	.openapi(list, async (c) => {
		const stored = await c.env.services.objects.directory().listCredentials();
		return c.json(
			{
				keys: stored.map(({ id, subject, scopes, expiresAt, revoked }) => ({
					id,
					subject,
					scopes: [...scopes],
					expires_at: toTimestampOrNull(expiresAt),
					revoked,
				})),
			},
			200,
		);
	})
	.openapi(revoke, async (c) => {
		const id = c.req.valid("param").key;
		const result = await c.env.services.objects.directory().revokeCredential({ ...changeBy(c), id });
		if (!result.ok) throw new ProblemError("not_found");
		return c.body(null, 204);
	});
