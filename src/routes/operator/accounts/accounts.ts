// The operator plane of accounts: creating, renaming and closing them, and which there are.
import { createRoute, z } from "@hono/zod-openapi";
import { accountObjectName, mintAccountId } from "../../../entitlement/ids.ts";
import { isJurisdiction, JURISDICTIONS, LOCATIONS, PLACES, placeOf } from "../../../entitlement/place.ts";
import type { ClosingResult } from "../../../objects/account/account-desk.ts";
import type { AccountEntry } from "../../../objects/directory/directory-tables.ts";
import { displayName, plainText } from "../../../plain-text.ts";
import { ProblemError } from "../../../problem.ts";
import {
	accountPath,
	accountRefusals,
	changeRefusals,
	openAccount,
	randomBytes,
	unknownAfter,
} from "../../http/account-in-path.ts";
import { changeBy } from "../../http/app-env.ts";
import { operatorAccess, readAccess } from "../../http/key-access.ts";
import {
	createRouter,
	jsonAnswer,
	jsonBody,
	problems,
	timestamp,
	toTimestamp,
	toTimestampOrNull,
	wholeNumber,
} from "../../http/openapi.ts";

const place = z.enum(PLACES);

const accountBody = z
	.object({
		account: z.string(),
		name: z.string(),
		place: place.nullable().openapi({ description: "Where its data lives; null = near whoever made it" }),
		created_at: timestamp,
		closed_at: timestamp.nullable().openapi({ description: "null = it is open" }),
	})
	.openapi("Account");

const named = z.strictObject({
	name: displayName,
	same_name: z.boolean().optional().openapi({
		description:
			"Also where another open account has that name, compared as RFC 8266 compares nicknames (without case, width and runs of spaces); refused with its id if left out",
	}),
});

const toCreate = named.extend({
	place: place.optional().openapi({
		description: `Where its data is to live, for good: near a location, which the platform tries (${LOCATIONS.join(", ")}), or within a jurisdiction, which it keeps to (${JURISDICTIONS.join(", ")}). Left out: as the deployment has it`,
	}),
});

const createAccount = createRoute({
	method: "post",
	path: "/v1/accounts",
	operationId: "createAccount",
	tags: ["Operator"],
	summary: "Create an account",
	...operatorAccess,
	request: { body: jsonBody(toCreate) },
	responses: { 201: jsonAnswer(accountBody, "Created"), ...problems("already_exists") },
});
const renameAccount = createRoute({
	method: "patch",
	path: "/v1/accounts/{account}",
	operationId: "renameAccount",
	tags: ["Operator"],
	summary: "Give an account another name",
	...operatorAccess,
	request: { params: accountPath, body: jsonBody(named) },
	responses: { 200: jsonAnswer(accountBody, "It has the name"), ...accountRefusals, ...problems("already_exists") },
});
const closeAccount = createRoute({
	method: "post",
	path: "/v1/accounts/{account}/close",
	operationId: "closeAccount",
	tags: ["Operator"],
	summary: "Close an account for good, once each of its licenses is revoked and its claims are given back",
	description:
		"It is given no license, auth code or claim any more. The serial numbers that it has claimed are given back before: nobody else could have them. What is known of it stays, its trail too. The same again changes nothing.",
	...operatorAccess,
	request: {
		params: accountPath,
		body: jsonBody(
			z.strictObject({ reason: plainText(500).optional().openapi({ description: "Kept in the audit trail" }) }),
		),
	},
	responses: { 200: jsonAnswer(accountBody, "It is closed"), ...changeRefusals },
});
const ACCOUNTS_PER_PAGE = 100;

const listAccounts = createRoute({
	method: "get",
	path: "/v1/accounts",
	operationId: "listAccounts",
	tags: ["Operator"],
	summary: "Accounts, a page at a time",
	...readAccess,
	request: {
		query: z.object({
			after: z.string().max(64).optional().openapi({ description: "`next` of the page before" }),
			limit: wholeNumber(1, 1000).optional(),
		}),
	},
	responses: {
		200: jsonAnswer(
			z.object({ accounts: z.array(accountBody), next: z.string().nullable() }),
			"A page, in the order in which they were made; `next` is the `after` of the one after it",
		),
		...problems("unauthenticated", "insufficient_scope", "invalid_request", "rate_limited"),
	},
});
export const accounts = createRouter()
	.openapi(createAccount, async (c) => {
		const { services, event } = c.env;
		const { name, same_name: isShared, place: wanted = services.config.objectPlace } = c.req.valid("json");
		if (wanted !== null && isJurisdiction(wanted) && services.config.isLocal) {
			const message = "the service on one machine has no jurisdictions";
			throw new ProblemError("invalid_request", { extras: { errors: [{ field: "place", message }] } });
		}
		const id = await mintAccountId(services.lookupKeys, randomBytes(), wanted);
		const directory = () => services.objects.directory();
		const taken = isShared === true ? null : await directory().accountNamed(name);
		if (taken !== null) throw nameTaken(taken);
		const creation = { ...changeBy(c), id, name };
		// The account's own object first: an entry in the Directory without one would lead nowhere. An object without an entry,
		// as it stays behind where somebody else takes the name in between, is nobody's: its id was told to nobody.
		await services.objects.account(accountObjectName(id)).create(creation);
		const entered = await directory().createAccount({ ...creation, isSharedName: isShared === true });
		if (!entered.ok) throw nameTaken(entered.by);
		event.account = accountObjectName(id);
		return c.json(describe(entered.account), 201);
	})
	.openapi(renameAccount, async (c) => {
		const { object, by, id } = await openAccount(c, c.req.valid("param").account);
		const { name, same_name: isShared } = c.req.valid("json");
		// The Directory alone knows names and decides whose a name is. The account's trail tells of it: of two renames in one moment
		// the later one whichever comes there first, and after what broke off in between with the same request again.
		const entered = await c.env.services.objects
			.directory()
			.renameAccount({ ...by, id, name, isSharedName: isShared === true });
		if (!entered.ok) throw entered.reason === "name_taken" ? nameTaken(entered.by) : new ProblemError("not_found");
		const { account } = entered;
		const noted = await object.noteName({ ...by, name: account.name, version: account.nameVersion });
		if (!noted.ok) throw refusal(noted);
		return c.json(describe(account), 200);
	})
	.openapi(closeAccount, async (c) => {
		const { object, by, id } = await openAccount(c, c.req.valid("param").account);
		const { reason = "" } = c.req.valid("json");
		const closed = await object.closeAccount({ ...by, reason });
		if (!closed.ok) throw refusal(closed);
		// Also when nothing changed: the last try may have ended before this.
		const closedAt = closed.account.closedAt ?? by.now;
		const entry = await c.env.services.objects.directory().closeAccount({ ...by, id, closedAt, reason });
		if (entry === null) throw new ProblemError("not_found");
		return c.json(describe(entry), 200);
	})
	.openapi(listAccounts, async (c) => {
		const { after = "", limit = ACCOUNTS_PER_PAGE } = c.req.valid("query");
		const page = await c.env.services.objects.directory().listAccounts(after, limit);
		if (page === null) throw unknownAfter();
		return c.json(
			{
				accounts: page.accounts.map(describe),
				next: page.next,
			},
			200,
		);
	});

function describe({ id, name, createdAt, closedAt }: AccountEntry): z.infer<typeof accountBody> {
	const times = { created_at: toTimestamp(createdAt), closed_at: toTimestampOrNull(closedAt) };
	return { account: id, name, place: placeOf(accountObjectName(id)), ...times };
}

function nameTaken(account: string): ProblemError {
	return new ProblemError("already_exists", { detail: `${account} has that name`, extras: { account } });
}

/** Why the account's object refuses. */
function refusal(result: (ClosingResult & { ok: false }) | { readonly ok: false; readonly reason: "unknown_account" }) {
	if (result.reason === "unknown_account") return new ProblemError("not_found");
	const { left } = result;
	if (result.reason === "claims_left") {
		const numbers = left === 1 ? "1 serial number is" : `${left} serial numbers are`;
		return new ProblemError("conflict", { detail: `${numbers} claimed for it: give them back first` });
	}
	const licenses = left === 1 ? "1 license of it is" : `${left} licenses of it are`;
	return new ProblemError("conflict", { detail: `${licenses} not revoked: revoke them first` });
}
