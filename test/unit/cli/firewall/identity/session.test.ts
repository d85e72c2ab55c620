// Tokens: for how long one is used, at which server, and what is done with one that is not what was asked for.
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkForUpdates } from "../../../../../cli/firewall/check/check.ts";
import { createSession } from "../../../../../cli/firewall/identity/session.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import { type ScriptedServer, startScriptedServer } from "../../support/scripted-server.ts";

const TOKEN_LIFE_SECONDS = 3600;

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	await firewall.activate();
});
afterEach(() => firewall.close());

const check = () => checkForUpdates(firewall.session);
const bodyTo = (path: string) => firewall.server.seen.find((one) => one.path === path)?.body ?? "";

describe("tokens", () => {
	it("keeps using a token while it lives", async () => {
		await check();
		await check();
		expect(firewall.asked("/oauth2/token")).toHaveLength(1);
	});

	it.each([
		{ leftSeconds: 31, tokens: 1 },
		{ leftSeconds: 30, tokens: 2 },
		{ leftSeconds: 0, tokens: 2 },
	])("a token with $leftSeconds s left makes $tokens of them", async ({ leftSeconds, tokens }) => {
		await check();
		const saved = await firewall.session.home.load("token");
		if (saved === null) throw new Error("no token is kept");
		await firewall.session.home.save("token", { ...saved, expiresAt: Math.floor(firewall.nowMs / 1000) + leftSeconds });
		await check();
		expect(firewall.asked("/oauth2/token")).toHaveLength(tokens);
	});

	it("is asked for with an assertion that is good for a minute", async () => {
		await check();
		const form = new URLSearchParams(bodyTo("/oauth2/token"));
		const { iat = 0, exp = 0 } = decodeJwt(form.get("client_assertion") ?? "");
		expect(exp - iat).toBe(60);
	});

	it("is worth nothing without a proof: so the firewall has registered", () => {
		expect(JSON.parse(bodyTo("/oauth2/register"))).toMatchObject({ dpop_bound_access_tokens: true });
	});

	it("counts its life from when it was given", async () => {
		await check();
		const now = Math.floor(firewall.nowMs / 1000);
		expect(await firewall.session.home.load("token")).toMatchObject({ expiresAt: now + TOKEN_LIFE_SECONDS });
	});

	it("gets another one, once, when the server no longer takes it", async () => {
		await check();
		firewall.server.faults.refuseTokens = 1;
		await check();
		expect(firewall.asked("/oauth2/token")).toHaveLength(2);
		firewall.server.faults.refuseTokens = 2;
		await expect(check()).rejects.toMatchObject({ code: "invalid_token" });
	});

	it("prints by how much the clock is off when that is why the server refuses", async () => {
		const now = Math.floor(firewall.nowMs / 1000);
		firewall.server.faults.serverTime = now + 95;
		const behind = await firewall.run("token");
		expect(behind.exitCode).toBe(1);
		expect(behind.stderr).toMatch(/9[4-6] s behind the server's/);
		firewall.server.faults.serverTime = now - 95;
		expect((await firewall.run("token")).stderr).toMatch(/9[4-6] s ahead of the server's/);
	});

	it("prints an unbound token on request, and does not keep it", async () => {
		const run = await firewall.run("token", "--bearer");
		expect(run.stdout).toMatch(/^token-[0-9a-f-]+\n$/);
		expect(await firewall.session.home.load("token")).toBeNull();
	});

	it("says for how long a bound one lives, and where it is kept", async () => {
		const run = await firewall.run("token");
		expect(run.stdout).toBe(`DPoP token for ${TOKEN_LIFE_SECONDS} s, kept in ${firewall.folder}\n`);
	});

	// RFC 9449 §5: a server that ignores the proof answers with an unbound token.
	it("takes no unbound token where it asked for a bound one", async () => {
		firewall.server.faults.instead = ({ path }) =>
			path === "/oauth2/token" ? { body: { access_token: "t", token_type: "Bearer", expires_in: 60 } } : null;
		await expect(check()).rejects.toMatchObject({ code: "wrong_token_type" });
		expect(await firewall.session.home.load("token")).toBeNull();
		expect(firewall.asked("/v1/check")).toEqual([]);
	});
});

describe("another server", () => {
	let other: ScriptedServer;
	beforeEach(async () => {
		other = await startScriptedServer(() => ({ status: 404 }));
	});
	afterEach(() => other.close());

	const session = () => createSession(firewall.session.home, other.url, firewall.session);
	const metadata = (more: Readonly<Record<string, string>>) => {
		const own = { issuer: other.url, token_endpoint: `${other.url}/t`, registration_endpoint: `${other.url}/r` };
		other.answer = ({ path }) => (path.startsWith("/.well-known/") ? { body: { ...own, ...more } } : { status: 401 });
	};

	it("is not sent the token of the one that the firewall was activated at", async () => {
		await check();
		metadata({});
		await expect(checkForUpdates(session())).rejects.toMatchObject({ refusal: { status: 401 } });
		expect(other.seen.map(({ path }) => path)).toEqual(["/.well-known/oauth-authorization-server", "/t"]);
		for (const { headers } of other.seen) expect(headers.authorization).toBeUndefined();
	});

	// RFC 8414 §3.3: the issuer of the metadata is the one that they were asked of.
	it.each([
		["its issuer", { issuer: "https://updates.example.com" }],
		["its token endpoint", { token_endpoint: "https://updates.example.com/oauth2/token" }],
		["its registration endpoint", { registration_endpoint: "https://updates.example.com/oauth2/register" }],
	])("that names somebody else as %s is sent no assertion", async (_, more) => {
		metadata(more);
		await expect(checkForUpdates(session())).rejects.toMatchObject({ code: "wrong_issuer" });
		expect(other.seen.map(({ path }) => path)).toEqual(["/.well-known/oauth-authorization-server"]);
	});

	it("that names an issuer beside itself is not what was asked", async () => {
		metadata({ issuer: `${other.url}/tenant` });
		await expect(checkForUpdates(session())).rejects.toMatchObject({ code: "wrong_issuer" });
	});

	it("that has no metadata is no server of this kind", async () => {
		await expect(checkForUpdates(session())).rejects.toMatchObject({ code: "http_404" });
	});
});
