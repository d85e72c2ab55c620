// What the holder of an API key sees of the console, and may do there: by the scopes of the key alone. It decides which links and
// buttons are shown; whether a request may do what it asks for is decided by the API, as ever.

import { accountObjectName } from "../entitlement/ids.ts";
import type { HeldScope } from "../entitlement/keys/key-scopes.ts";

export interface View {
	/** the whole deployment */
	readonly seesAll: boolean;
	readonly operates: boolean;
	/** ids of the accounts that the key names */
	readonly accounts: readonly string[];
	readonly operatedAccounts: readonly string[];
	/** products that the key names */
	readonly products: readonly string[];
	readonly releasedProducts: readonly string[];
}

export function viewOf(scopes: readonly HeldScope[]): View {
	const named = (...kinds: string[]) => [
		...new Set(scopes.flatMap((scope) => (kinds.includes(kindOf(scope)) ? [scope.slice(scope.indexOf(":") + 1)] : []))),
	];
	const operates = scopes.includes("operate");
	return {
		seesAll: operates || scopes.includes("read"),
		operates,
		accounts: named("operate:", "read:"),
		operatedAccounts: named("operate:"),
		products: named("publish:", "release:"),
		releasedProducts: named("release:"),
	};
}

function kindOf(scope: HeldScope): string {
	return scope.slice(0, scope.indexOf(":") + 1);
}

/** Screens in the order in which they are offered; the first is where a session begins. */
export const SCREENS = [
	"rollouts",
	"fleet",
	"devices",
	"releases",
	"licenses",
	"messages",
	"traffic",
	"trail",
] as const;
export type Screen = (typeof SCREENS)[number];

export function seesScreen(view: View, screen: Screen): boolean {
	if (view.seesAll) return true;
	switch (screen) {
		case "rollouts":
		case "releases":
			return view.products.length > 0;
		case "fleet":
		case "devices":
		case "licenses":
			return view.accounts.length > 0;
		case "messages":
		case "traffic":
			return false;
		case "trail":
			return view.accounts.length > 0 || view.products.length > 0;
	}
}

/** @param id of an account, or of one of its devices */
export function operatesAccount(view: View, id: string): boolean {
	return view.operates || view.operatedAccounts.some((one) => accountObjectName(one) === accountObjectName(id));
}

export function releasesProduct(view: View, product: string): boolean {
	return view.operates || view.releasedProducts.includes(product);
}
