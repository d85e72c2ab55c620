// Which scope of a key opens which route, for which account, device and product.
import { describe, expect, it } from "vitest";
import type { Scope } from "../../../../src/entitlement/keys/credential-record.ts";
import { opensRoute, type RequestTarget, type RouteScope } from "../../../../src/entitlement/keys/key-scopes.ts";

const A = "acct-aaaaaaaaaa000000";
const B = "acct-bbbbbbbbbb000000";
const NOTHING: RequestTarget = { account: undefined, device: undefined, product: undefined };

describe("a scope", () => {
	it.each<[string, Scope, RouteScope, Partial<RequestTarget>, boolean]>([
		["of the deployment, as asked for", "read", "read", {}, true],
		["of the deployment, where an account's is asked for", "read", "read:{account}", { account: A }, false],
		["to operate, where reading is asked for", "operate", "read", {}, false],
		["of an account, for it", `operate:${A}`, "operate:{account}", { account: A }, true],
		["of an account, for another", `operate:${A}`, "operate:{account}", { account: B }, false],
		[
			"of an account, for one of the same object with another check",
			`read:${A}`,
			"read:{account}",
			{ account: `${A.slice(0, -1)}1` },
			false,
		],
		[
			"of an account, for one of its devices",
			`read:${A}`,
			"read:{account}",
			{ device: "dev-aaaaaaaaaa-0000000000000000" },
			true,
		],
		[
			"of an account, for another's device",
			`read:${A}`,
			"read:{account}",
			{ device: "dev-bbbbbbbbbb-0000000000000000" },
			false,
		],
		["of an account, for what is no device's id", `read:${A}`, "read:{account}", { device: "aaaaaaaaaa" }, false],
		[
			"of an account, for another with a device of its own",
			`read:${A}`,
			"read:{account}",
			{ account: B, device: "dev-aaaaaaaaaa-0000000000000000" },
			false,
		],
		["of an account, for nothing", `read:${A}`, "read:{account}", {}, false],
		["to read an account, to change it", `read:${A}`, "operate:{account}", { account: A }, false],
		["of an account, for the deployment", `operate:${A}`, "operate", { account: A }, false],
		["of a product, for it", "publish:crs", "publish:{product}", { product: "crs" }, true],
		["of a product, for one whose name begins alike", "publish:crs", "publish:{product}", { product: "crs-2" }, false],
		["to upload, to release", "publish:crs", "release:{product}", { product: "crs" }, false],
		[
			"of a product named like an account, for the account",
			`publish:${A}` as Scope,
			"operate:{account}",
			{ account: A },
			false,
		],
	])("%s", (_, held, asked, target, opens) => {
		expect(opensRoute([held], [asked], { ...NOTHING, ...target })).toBe(opens);
	});

	it("is enough when any one of several meets any one that is asked for", () => {
		expect(opensRoute(["publish:crs", "read"], ["read:{account}", "read", "operate"], { ...NOTHING, account: A })).toBe(
			true,
		);
		expect(opensRoute([], ["read", "operate"], NOTHING)).toBe(false);
	});
});
