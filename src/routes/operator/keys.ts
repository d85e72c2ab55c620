// API keys of publishers and operators: made here, shown once, stored only as a keyed hash.
import { createRoute, z } from "@hono/zod-openapi";
import { ID_RANDOM_BYTES, isKeyId, mintApiKey, mintKeyId } from "../../entitlement/ids.ts";
import { scope as keyScope, keySubject, teamName } from "../../entitlement/keys/credential-record.ts";
import { decideKeyEnd } from "../../entitlement/keys/key-expiry.ts";
import { ProblemError } from "../../problem.ts";
import { hashSecret } from "../../signing/keys/lookup-keys.ts";
import { changeBy } from "../http/app-env.ts";
import { refuse } from "../http/authenticate.ts";
import { operatorAccess, readAccess } from "../http/key-access.ts";
import { requireAccountIds, requireProducts } from "../http/known-names.ts";
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
		team: z.string().nullable().openapi({ description: "For which its holder speaks in rollouts" }),
		expires_at: timestamp.nullable(),
		revoked: z.boolean(),
		created_by: z.string().openapi({ description: "Id of the key that made it, or `bootstrap`", example: "bootstrap" }),
	})
	.openapi("ApiKey");

const create = createRoute({
	method: "post",
	path: "/v1/keys",
	operationId: "createKey",
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
								"`operate`, `read`, `operate:<account>`, `read:<account>`, `publish:<product>` (upload), `release:<product>` (release and withdraw), `validate:<product>` (say whether a release is sound), or `lifecycle:<account>`",
							example: ["publish:crs"],
						}),
					team: teamName.optional().openapi({
						description: "For which the holder speaks in rollouts, where a product names a team",
						example: "detection",
					}),
					expires_at: timestamp.nullable().optional().openapi({
						description:
							"null: never. Left out: in 90 days for a key that operates or reads, never for one that only publishes, releases or tells of instances. In any case no later than the key that makes it",
						example: "2027-09-01T00:00:00Z",
					}),
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
	operationId: "listKeys",
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
	operationId: "revokeKey",
	tags: ["Operator"],
	summary: "Revoke an API key",
	...operatorAccess,
	request: {
		params: z.object({ key: z.string().refine(isKeyId, "not the id of a key") }),
		query: z.object({
			cascade: z.enum(["true", "false"]).optional().openapi({
				description: "`true`: the keys that were made with it too, and those made with them",
			}),
		}),
	},
	responses: {
		204: { description: "Revoked" },
		...problems("unauthenticated", "insufficient_scope", "invalid_identifier", "not_found"),
	},
});

export const keys = createRouter()
	.openapi(create, async (c) => {
		const { services, now } = c.env;
		const wanted = c.req.valid("json");
		const { holder } = c.var;
		// Whoever makes keys may `operate`: nothing can be granted that the maker has not.
		const end = decideKeyEnd({
			wanted: wanted.expires_at == null ? wanted.expires_at : toSeconds(wanted.expires_at),
			scopes: wanted.scopes,
			makersEnd: holder.expiresAt,
			now,
		});
		if (!end.ok) {
			const until = toTimestampOrNull(holder.expiresAt);
			throw new ProblemError("invalid_request", {
				detail: `a key ends no later than the one that makes it, and yours ends at ${until}`,
			});
		}
		const { expiresAt } = end;
		if (expiresAt !== null && expiresAt <= now)
			throw new ProblemError("invalid_request", { detail: "expires_at must be in the future" });
		const named = (form: RegExp) => wanted.scopes.map((scope) => form.exec(scope)?.[1]);
		await requireProducts(c.env, "scopes", named(/^(?:publish|release|validate):(.*)$/));
		await requireAccountIds(c.env, "scopes", named(/^(?:operate|read|lifecycle):(.*)$/));
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
			team: wanted.team ?? null,
			expiresAt,
		});
		if (!result.ok) {
			if (result.reason === "maker_ended") refuse(c.env, "api_key_revoked", "Bearer");
			throw new ProblemError("already_exists");
		}
		return c.json(
			{
				key,
				id,
				subject: wanted.subject,
				scopes: wanted.scopes,
				team: wanted.team ?? null,
				expires_at: toTimestampOrNull(expiresAt),
				revoked: false,
				created_by: holder.key,
			},
			201,
		);
	})
	.openapi(list, async (c) => {
		const stored = await c.env.services.objects.directory().listCredentials();
		return c.json(
			{
				keys: stored.map(({ id, subject, scopes, team, expiresAt, revoked, createdBy }) => ({
					id,
					subject,
					scopes: [...scopes],
					team,
					expires_at: toTimestampOrNull(expiresAt),
					revoked,
					created_by: createdBy,
				})),
			},
			200,
		);
	})
	.openapi(revoke, async (c) => {
		const id = c.req.valid("param").key;
		const result = await c.env.services.objects.directory().revokeCredential({
			...changeBy(c),
			id,
			cascade: c.req.valid("query").cascade === "true",
		});
		if (!result.ok) throw new ProblemError("not_found");
		return c.body(null, 204);
	});
