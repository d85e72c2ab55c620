// When a token of trusted publishing is got anew.
import { afterEach, beforeEach, expect, it } from "vitest";
import { createPublishTokens } from "../../../../cli/ci/publish-token.ts";
import { type ScriptedServer, startScriptedServer } from "../support/scripted-server.ts";

let server: ScriptedServer;
beforeEach(async () => {
	let number = 0;
	server = await startScriptedServer(() => ({ body: { access_token: `t${++number}`, expires_in: 900 } }));
});
afterEach(() => server.close());

const tokensOf = (isRenewable: boolean, now: { ms: number }) =>
	createPublishTokens({
		...{ server: server.url, nowMs: () => now.ms, sleep: async () => {} },
		job: { isRenewable, idToken: async (audience) => `for ${audience}` },
	});

it("one token does for a product until ten minutes of it are left, and then another is got", async () => {
	const now = { ms: 0 };
	const tokenFor = tokensOf(true, now);
	const got = async (product: string, ms: number) => {
		now.ms = ms;
		return (await tokenFor(product)).token;
	};
	expect([await got("crs", 0), await got("urls", 0), await got("crs", 300_000), await got("crs", 300_001)]).toEqual([
		...["t1", "t2", "t1", "t3"],
	]);
	expect(server.seen.map(({ body }) => new URLSearchParams(body).get("subject_token"))).toEqual(
		["crs", "urls", "crs"].map((product) => `for ${server.url}/v1/products/${product}`),
	);
});

it("where there is one ID token, its token is used to its end", async () => {
	const now = { ms: 0 };
	const tokenFor = tokensOf(false, now);
	const first = await tokenFor("crs");
	now.ms = 900_000;
	expect(await tokenFor("crs")).toEqual(first);
	expect(server.seen).toHaveLength(1);
});
