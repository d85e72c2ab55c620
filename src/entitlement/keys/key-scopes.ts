// Does the scope of an API key open a route? A route names the scopes that open it, with `{account}` or `{product}` for what
// its request is about. Pure; compares names only: whether the account or the device exists is for its object to say.

import { ACCOUNT_ID, accountObjectName, hasDeviceIdForm } from "../ids.ts";
import type { Scope } from "./credential-record.ts";

/** A scope as a route asks for it. */
export type RouteScope =
	| "operate"
	| "read"
	| `${"operate" | "read" | "lifecycle"}:{account}`
	| `${"publish" | "release" | "validate" | "propose"}:{product}`;

/**
 * What somebody holds: the scopes of an API key, or of a token of trusted publishing. `propose` is to release by the product's own plan and to hand
 * in its role file, and no more: no API key has it.
 */
export type HeldScope = Scope | `propose:${string}`;

/** What a request is about, as the caller wrote it; undefined = it names none. */
export interface RequestTarget {
	readonly account: string | undefined;
	readonly device: string | undefined;
	readonly product: string | undefined;
}

/** @returns whether one of the key's scopes is one of those that open the route, for the very account or product of the request */
export function opensRoute(held: readonly HeldScope[], asked: readonly RouteScope[], target: RequestTarget): boolean {
	return held.some((scope) => asked.some((one) => isMet(scope, one, target)));
}

function isMet(held: HeldScope, asked: RouteScope, target: RequestTarget): boolean {
	const [kind, place] = asked.split(":");
	if (place === undefined) return held === asked;
	if (!held.startsWith(`${kind}:`)) return false;
	const name = held.slice(held.indexOf(":") + 1);
	return place === "{product}" ? name === target.product : isOfAccount(name, target);
}

/** A device's id begins with the name of its account's object; that it was minted here is checked where it is opened. */
function isOfAccount(account: string, target: RequestTarget): boolean {
	if (target.account !== undefined) return target.account === account;
	const { device } = target;
	if (device === undefined || !hasDeviceIdForm(device) || !ACCOUNT_ID.test(account)) return false;
	return accountObjectName(device) === accountObjectName(account);
}
