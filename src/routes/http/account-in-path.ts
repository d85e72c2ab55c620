// What routes share that are about an account: the account in the path or query, opened, and how they refuse.
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
	type AccountId,
	accountObjectName,
	ID_RANDOM_BYTES,
	isHaGroupId,
	isLicenseId,
	parseAccountId,
	parseDeviceId,
} from "../../entitlement/ids.ts";
import type { Account } from "../../objects/account/account.ts";
import type { Change } from "../../objects/audit.ts";
import { ProblemError } from "../../problem.ts";
import { type AppEnv, changeBy } from "./app-env.ts";
import { problems } from "./openapi.ts";

/** An account with its object. */
export interface OpenAccount extends AccountId {
	readonly object: DurableObjectStub<Account>;
	/** what each change brings with it that the caller makes now */
	readonly by: Change;
}

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

/** What is refused to a closed account: licenses, codes and claims. */
export function accountClosed(): ProblemError {
	return new ProblemError("conflict", { detail: "the account is closed" });
}

/**
 * @param page of a list @param limit items of a full one
 * @returns `after` of the next page; null = this was the last
 */
export function nextAfter<T>(page: readonly T[], limit: number, nameOf: (item: T) => string): string | null {
	const last = page.length === limit ? page.at(-1) : undefined;
	return last === undefined ? null : nameOf(last);
}

/**
 * Whether an id can be that of a device or an HA group of the account.
 * @param accountId of proper form
 */
export async function isOfAccount(c: Context<AppEnv>, accountId: string, id: string): Promise<boolean> {
	const device = await parseDeviceId(c.env.services.lookupKeys, id);
	if (device === null && !isHaGroupId(id)) return false;
	return accountObjectName(id) === accountObjectName(accountId);
}

/** The problem of an `after` that no page of the list has given out as its `next`. */
export function unknownAfter(): ProblemError {
	return new ProblemError("invalid_request", {
		extras: { errors: [{ field: "after", message: "no page of this list gave it as its `next`" }] },
	});
}

/**
 * Behind `requireKey` only.
 * @param text the account's id as it was sent. It has a keyed check, so a mistyped one never touches an object
 * @throws ProblemError `invalid_identifier`
 */
export async function openAccount(c: Context<AppEnv>, text: string): Promise<OpenAccount> {
	const { services, event } = c.env;
	const account = await parseAccountId(services.lookupKeys, text);
	if (account === null) throw new ProblemError("invalid_identifier");
	event.account = account.objectName;
	return { ...account, object: services.objects.account(account.objectName), by: changeBy(c) };
}

/** Bytes for one new id. */
export function randomBytes(): Uint8Array {
	return crypto.getRandomValues(new Uint8Array(ID_RANDOM_BYTES));
}
