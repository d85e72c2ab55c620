// A deployment's objects into a backup and out of it, a page of rows at a time. Which objects there are and what becomes of the pages is
// for the caller to know (cli/commands/backup). What holds for rows: objects/backup.
import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { productName, sha256Hex } from "../../../names.ts";
import type { RestoreRefusal } from "../../../objects/backup/restored-rows.ts";
import { ProblemError } from "../../../problem.ts";
import type { ProblemCode } from "../../../problem-catalogue.ts";
import { hashSecret } from "../../../signing/keys/lookup-keys.ts";
import { unknownAfter } from "../../http/account-in-path.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { operatorAccess } from "../../http/key-access.ts";
import { createRouter, jsonAnswer, jsonBody, problems } from "../../http/openapi.ts";
import { ownerOf } from "./owners.ts";

/** A page as it is given out, and its last row, which may be 2 MB. */
export const MAX_BACKUP_PAGE_BYTES = 4_194_304;
const MAX_ROWS = 100_000;

const owner = z
	.union([
		z.strictObject({ account: z.string().max(64) }),
		z.strictObject({ product: productName }),
		z.strictObject({ object: z.enum(["directory", "trust", "census"]) }),
	])
	.openapi({ description: "Whose rows: those of an account, of a product, or of one of what the deployment has once" });
const row = z
	.strictObject({
		table: z.string().max(64),
		row: z.record(z.string().max(64), z.union([z.string(), z.number(), z.null()])),
	})
	.openapi("BackupRow");
const schema = z
	.int()
	.min(1)
	.openapi({ description: "Which tables the object has; a page is taken by an object of the same ones only" });
const rows = z.array(row).max(MAX_ROWS);
const backupDigest = sha256Hex.meta({ description: "Which backup: the digest that is sealed" });
const refusals = ["unauthenticated", "insufficient_scope", "invalid_request", "not_found", "rate_limited"] as const;

const exportRoute = createRoute({
	method: "post",
	path: "/v1/backup/export",
	operationId: "exportBackup",
	tags: ["Operator"],
	summary: "A page of an object's rows, for a backup",
	...operatorAccess,
	request: {
		body: jsonBody(
			z
				.strictObject({
					owner,
					after: z
						.string()
						.max(4_096)
						.optional()
						.openapi({ description: "`next` of the page before; the first page, if left out" }),
				})
				.openapi("BackupPage"),
		),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					rows,
					next: z.string().nullable().openapi({ description: "`after` of the next page; null = this was the last" }),
					schema,
					trail: z.int().nonnegative().openapi({
						description:
							"Place of the newest event. The same with the first and the last page: no event came between them",
					}),
				})
				.openapi("BackupRows"),
			"In the order of tables and keys. Secrets are hashes here as there",
		),
		...problems(...refusals),
	},
});

const restoreRoute = createRoute({
	method: "post",
	path: "/v1/backup/restore",
	operationId: "restoreBackup",
	tags: ["Operator"],
	summary: "Give an object that does not exist a page of its rows out of a backup",
	...operatorAccess,
	request: {
		body: jsonBody(
			z
				.strictObject({
					owner,
					backup: backupDigest,
					schema,
					index: z
						.int()
						.nonnegative()
						.openapi({ description: "0, 1, 2 …; the first begins anew, one that comes again changes nothing" }),
					rows,
					total: z
						.int()
						.nonnegative()
						.nullable()
						.openapi({ description: "With the last page: rows in all; null = more follow" }),
				})
				.openapi("BackupRestore"),
		),
	},
	responses: {
		200: jsonAnswer(
			z
				.object({
					whole: z.boolean().openapi({ description: "Whether all its rows are there" }),
					awake: z.boolean().openapi({ description: "Whether it exists, out of this backup: nothing was changed" }),
				})
				.openapi("BackupTaken"),
			"Taken. The object does not exist before it is woken",
		),
		...problems(...refusals, "backup_not_empty", "backup_other_tables", "backup_damaged"),
	},
});

const wakeRoute = createRoute({
	method: "post",
	path: "/v1/backup/wake",
	operationId: "wakeRestored",
	tags: ["Operator"],
	summary: "Have an object exist of which all rows are restored",
	...operatorAccess,
	request: { body: jsonBody(z.strictObject({ owner, backup: backupDigest }).openapi("BackupWake")) },
	responses: {
		204: { description: "It exists; again changes nothing" },
		...problems(...refusals, "backup_not_empty", "backup_damaged"),
	},
});

const sealRoute = createRoute({
	method: "post",
	path: "/v1/backup/seal",
	operationId: "sealBackup",
	tags: ["Operator"],
	summary: "The seal of a backup, by which a deployment knows its own",
	...operatorAccess,
	request: { body: jsonBody(z.strictObject({ sha256: sha256Hex }).openapi("BackupToSeal")) },
	responses: {
		200: jsonAnswer(
			z.object({ issuer: z.string(), seal: z.string().regex(/^[\w-]{43}$/) }).openapi("BackupSeal"),
			"A MAC by LOOKUP_KEY: the same wherever that is the same, as where the backup is restored",
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited"),
	},
});

const PROBLEM_OF: Readonly<Record<RestoreRefusal, ProblemCode>> = {
	not_empty: "backup_not_empty",
	other_schema: "backup_other_tables",
	out_of_order: "backup_damaged",
	bad_row: "backup_damaged",
	rows_missing: "backup_damaged",
};
const WORDS_OF: Partial<Record<RestoreRefusal, string>> = {
	out_of_order: "another page is next, or not all rows are there",
	bad_row: "a row is none that such an object has",
	rows_missing: "there are not as many rows as there were",
};

export const backup = createRouter()
	.openapi(exportRoute, async (c) => {
		const { owner: of, after = "" } = c.req.valid("json");
		const page = await (await objectOf(c, of)).exportRows(after);
		if (page === null) throw after === "" ? new ProblemError("not_found") : unknownAfter();
		return c.json({ ...page, rows: [...page.rows] }, 200);
	})
	.openapi(restoreRoute, async (c) => {
		const { owner: of, ...page } = c.req.valid("json");
		const answer = await (await objectOf(c, of)).restoreRows(page);
		if (!answer.ok) throw problemOf(answer.reason);
		return c.json({ whole: answer.isWhole, awake: answer.isAwake }, 200);
	})
	.openapi(wakeRoute, async (c) => {
		const { owner: of, backup: digest } = c.req.valid("json");
		const answer = await (await objectOf(c, of)).wakeRestored(digest);
		if (!answer.ok) throw problemOf(answer.reason);
		return c.body(null, 204);
	})
	.openapi(sealRoute, async (c) => {
		const { lookupKeys, config } = c.env.services;
		const seal = await hashSecret(lookupKeys, "backup", c.req.valid("json").sha256);
		return c.json({ issuer: config.issuer, seal }, 200);
	});

function problemOf(reason: RestoreRefusal): ProblemError {
	const detail = WORDS_OF[reason];
	return new ProblemError(PROBLEM_OF[reason], detail === undefined ? {} : { detail });
}

async function objectOf(c: Context<AppEnv>, of: z.infer<typeof owner>) {
	return "object" in of ? c.env.services.objects[of.object]() : ownerOf(c, of);
}
