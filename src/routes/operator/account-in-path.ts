// What the routes below /v1/accounts/{account} share: the account in the path, and how they refuse.
import { z } from "@hono/zod-openapi";
import { type AccountId, ID_RANDOM_BYTES, isLicenseId, parseAccountId } from "../../entitlement/ids.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";
import { problems } from "../http/openapi.ts";

export const accountPath = z.object({ account: z.string().max(64) });
export const licensePath = accountPath.extend({
	license: z.string().refine(isLicenseId, "a license looks like lic-…"),
});

export const accountRefusals = problems(
	"unauthenticated",
	"insufficient_scope",
	"invalid_request",
	"invalid_identifier",
	"not_found",
	"rate_limited",
);

/** Of routes that change something which may stand in the way. */
export const changeRefusals = { ...accountRefusals, ...problems("conflict") };

/**
 * @param page of a list @param limit items of a full one
 * @returns `after` of the next page; null = this was the last
 */
export function nextAfter<T>(page: readonly T[], limit: number, nameOf: (item: T) => string): string | null {
	const last = page.length === limit ? page.at(-1) : undefined;
	return last === undefined ? null : nameOf(last);
}

/** The account in the path. It has a keyed check, so a mistyped id never touches an object. */
export async function readAccount({ services, event }: RequestScope, text: string): Promise<AccountId> {
	const account = await parseAccountId(services.lookupKeys, text);
	if (account === null) throw new ProblemError("invalid_identifier");
	event.account = account.objectName;
	return account;
}

/** Bytes for one new id. */
export function randomBytes(): Uint8Array {
	return crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));
}
