// Repairing the stores, an operator's errand: an object delivers its records again, or compares them with what the stores
// hold, a page at a time. Which owners there are, in which order and how fast is for the caller to know (cli/commands/record/walk.ts).
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { parseAccountId } from "../../../entitlement/ids.ts";
import { productName } from "../../../names.ts";
import type { RebuildResult, RecordPageQuery } from "../../../objects/outbox/record-pages.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { isOfAccount, unknownAfter } from "../../http/account-in-path.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { operatorAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems } from "../../http/openapi.ts";
import { ownerOf } from "./owners.ts";
import { refuseStoresBehind } from "./stores-behind.ts";

/** See RecordPageQuery. */
const RECORDS_PER_PAGE = 200;
const storeName = z.enum(["kv", "redis"]);
const owner = z
	.union([
		z.strictObject({ account: z.string().max(64) }),
		z.strictObject({ product: productName }),
		z.strictObject({ directory: z.literal(true) }),
	])
	.openapi({ description: "Whose records: those of an account's devices, of a product, or what all devices share" });
const pageBody = z
	.strictObject({
		owner,
		after: z
			.string()
			.max(64)
			.optional()
			.openapi({ description: "`next` of the page before; the first page, if left out" }),
		limit: z
			.int()
			.min(1)
			.max(RECORDS_PER_PAGE)
			.optional()
			.openapi({ description: `Records of the page at most; ${RECORDS_PER_PAGE} if left out` }),
		store: storeName.optional().openapi({ description: "Only this one of the deployment's stores" }),
	})
	.openapi("RecordPage");

const next = z.string().nullable().openapi({ description: "`after` of the next page; null = this was the last" });
const count = z.int().nonnegative();
const refusals = ["unauthenticated", "insufficient_scope", "invalid_request", "not_found", "rate_limited"] as const;

const rebuild = createRoute({
	method: "post",
	path: "/v1/records/rebuild",
	operationId: "rebuildRecords",
	tags: ["Operator"],
	summary: "Write a page of records to the stores again, as their owner has them now",
	...operatorAccess,
	request: { body: jsonBody(pageBody) },
	responses: {
		200: jsonAnswer(
			z.object({ records: count, next, published: z.boolean() }).openapi("RebuiltPage"),
			"Written, or on its way while `published` is false. A newer record in a store stays",
		),
		...problems(...refusals, "unavailable"),
	},
});

const verify = createRoute({
	method: "post",
	path: "/v1/records/verify",
	operationId: "verifyRecords",
	tags: ["Operator"],
	summary: "Compare a page of records with what the stores hold",
	...operatorAccess,
	request: { body: jsonBody(pageBody) },
	responses: {
		200: jsonAnswer(
			z
				.object({
					records: count,
					next,
					stores: z.array(
						z.object({
							store: storeName,
							same: count,
							pending: count.openapi({ description: "On their way to the store, or changed while they were compared" }),
							unanswered: count.openapi({ description: "The store did not answer" }),
							drifted: count,
						}),
					),
					drift: z.array(
						z.object({
							store: storeName,
							key: z.string(),
							verdict: z.enum(["missing", "behind", "ahead", "different", "unreadable", "forged"]),
							store_version: z.int().nullable(),
							true_version: z.int(),
						}),
					),
				})
				.openapi("VerifiedPage"),
			"What each store holds, and every record in which it differs. KV may answer with a copy that is a minute old",
		),
		...problems(...refusals),
	},
});

export const records = createRouter()
	.openapi(rebuild, async (c) => {
		const page = c.req.valid("json");
		const query = await pageQuery(c, page);
		const result = await (await recordsOf(c, page.owner)).rebuildRecords(query);
		if (result === null) throw new ProblemError("not_found");
		return c.json(requireRoom(c.env, result), 200);
	})
	.openapi(verify, async (c) => {
		const page = c.req.valid("json");
		const query = await pageQuery(c, page);
		const result = await (await recordsOf(c, page.owner)).verifyRecords(query);
		if (result === null) throw new ProblemError("not_found");
		return c.json(
			{
				records: result.records,
				next: result.next,
				stores: result.stores.map((one) => ({ ...one, store: storeName.parse(one.store) })),
				drift: result.drift.map(({ store, key, verdict, storeVersion, trueVersion }) => ({
					store: storeName.parse(store),
					key,
					verdict,
					store_version: storeVersion,
					true_version: trueVersion,
				})),
			},
			200,
		);
	});

async function pageQuery(c: Context<AppEnv>, page: z.infer<typeof pageBody>): Promise<RecordPageQuery> {
	const { recordStores } = c.env.services.config;
	if (page.store !== undefined && !recordStores.includes(page.store)) {
		throw new ProblemError("invalid_request", { detail: `this deployment's stores are ${recordStores.join(" and ")}` });
	}
	const { after } = page;
	if (after !== undefined && after !== "" && !(await isPlaceAmong(c, page.owner, after))) throw unknownAfter();
	return { after: after ?? "", limit: page.limit ?? RECORDS_PER_PAGE, store: page.store ?? null };
}

/** Whether `after` can be the `next` of a page of this owner's records. A product has one page. */
async function isPlaceAmong(c: Context<AppEnv>, of: z.infer<typeof owner>, after: string): Promise<boolean> {
	if ("directory" in of) return /^\d{1,9}$/.test(after);
	if ("product" in of) return false;
	const account = await parseAccountId(c.env.services.lookupKeys, of.account);
	return account !== null && (await isOfAccount(c, account.id, after));
}

async function recordsOf(c: Context<AppEnv>, of: z.infer<typeof owner>) {
	return "directory" in of ? c.env.services.objects.directory() : ownerOf(c, of);
}

/** @throws ProblemError `unavailable` while a store has not taken the records of an earlier page */
function requireRoom(scope: RequestScope, result: RebuildResult) {
	if (!result.ok) return refuseStoresBehind(scope);
	return { records: result.records, next: result.next, published: result.published };
}
