// Who gets into the console, for how long, and whose forms count.
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { openSession, SESSION_SECONDS, sealSession } from "../../../src/console/session.ts";
import { importMacKeyring } from "../../../src/signing/keys/mac-keyring.ts";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { ISSUER, operated, send, sendUndeclared } from "../../support/service.ts";
import { newProduct } from "../support/fixtures.ts";
import { Browser, hiddenFields, newKey } from "./browser.ts";

const POLICY =
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

test("a key becomes a cookie that no script reads, no other site sends, and that does not hold the key", async () => {
	const { key } = await newKey(["read"]);
	const answer = await new Browser().post("/console/sign-in", { key: ` ${key}\n` });
	expect(answer.status).toBe(303);
	const set = answer.headers.get("set-cookie") ?? "";
	expect(set).toMatch(/^__Host-parapet=[\w.%-]+; Max-Age=28800; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
	const payload = set.split(".")[1] ?? "";
	expect(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))).not.toContain(key.slice(3));
});

test.each(["", "pk_0000000000000000000000000000000", "nonsense"])(
	"the key %j opens nothing, and is not shown again",
	async (key) => {
		const browser = new Browser();
		const answer = await browser.post("/console/sign-in", { key });
		expect([answer.status, browser.cookie]).toEqual([401, null]);
		const text = await answer.text();
		expect(text).toContain("no API key that counts here");
		if (key !== "") expect(text).not.toContain(key);
	},
);

test("a key that opens no screen is told so", async () => {
	const { account } = await operated<{ account: string }>("POST", "/v1/accounts", { name: "A", same_name: true });
	const { key } = await newKey([`lifecycle:${account}`]);
	const answer = await new Browser().post("/console/sign-in", { key });
	expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("opens no screen")]);
});

test("whoever is not signed in is sent to sign in, and goes on where they wanted to", async () => {
	const browser = new Browser();
	const answer = await browser.get("/console/rollouts?product=crs");
	expect(answer.status).toBe(303);
	const location = answer.headers.get("location") ?? "";
	expect(location).toBe("/console/sign-in?next=%2Fconsole%2Frollouts%3Fproduct%3Dcrs");
	expect(await browser.read(location)).toContain('value="/console/rollouts?product=crs"');
	const signedIn = await browser.post("/console/sign-in", {
		key: TEST_SECRETS.BOOTSTRAP_KEY,
		next: "/console/rollouts?product=crs",
	});
	expect(signedIn.headers.get("location")).toBe("/console/rollouts?product=crs");
});

test.each([
	...["https://evil.test/", "//evil.test", "/\\evil.test", "/console\\evil", "/consoles", "/console/sign-out"],
	...["/console/../d/x", "/console/%2E%2e/d/x", "/console/./link?ticket=x", "/console/a/../link?ticket=x"],
])("signing in never leads to %s", async (next) => {
	const answer = await new Browser().post("/console/sign-in", { key: TEST_SECRETS.BOOTSTRAP_KEY, next });
	expect(answer.headers.get("location")).toBe("/console");
});

test("a session ends with its key: who reads is sent to sign in, who acts is told that nothing was done", async () => {
	const product = await newProduct();
	const { id, key } = await newKey(["operate"]);
	const browser = await new Browser().signIn(key);
	await browser.read("/console/rollouts");
	await operated("DELETE", `/v1/keys/${id}`);
	const { cookie } = browser;
	const acted = await browser.post(`/console/rollouts/${product}/1.0.0/halt`, { reason: "x" });
	expect([acted.status, await acted.text()]).toEqual([401, expect.stringContaining("nothing was done")]);
	browser.cookie = cookie;
	const read = await browser.get("/console/rollouts");
	expect([read.status, read.headers.get("location")]).toEqual([303, expect.stringContaining("/console/sign-in")]);
	expect(read.headers.get("set-cookie")).toMatch(
		/^__Host-parapet=; Max-Age=0; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
	);
});

describe("a form that is sent when its session is over", () => {
	const device = "/console/devices/dev-0000000000-0000000000000000/suspend";

	test.each<[string, string, Record<string, string>, string, string]>([
		[
			"of an action",
			device,
			{ reason: "tunnels & <b>drop</b>", evidence: "e" },
			device,
			"tunnels &amp; &lt;b&gt;drop&lt;/b&gt;",
		],
		[
			"of a message",
			"/console/messages",
			{ severity: "critical", title: "Café", body: "a\nb" },
			"/console/messages/new",
			"Café",
		],
	])(
		"%s is not lost: who signs in again comes back to it, as it was filled in",
		async (_, path, fields, page, shown) => {
			const browser = new Browser();
			const answer = await browser.post(path, { form: "of the session that is over", ...fields });
			expect(answer.status).toBe(401);
			const text = await answer.text();
			expect(text).toContain("nothing was done");
			expect(text).toContain("as you had filled it in");
			const next = hiddenFields(text)["next"]?.replaceAll("&amp;", "&") ?? "";
			const { evidence: _evidence, ...kept } = fields;
			const address = new URL(next, ISSUER);
			expect([address.pathname, Object.fromEntries(address.searchParams)]).toEqual([page, kept]);
			const signedIn = await browser.post("/console/sign-in", { key: TEST_SECRETS.BOOTSTRAP_KEY, next });
			expect(signedIn.headers.get("location")).toBe(next);
			expect(await browser.read(next)).toContain(shown);
		},
	);

	test("of the session itself leads to the console, and one that is too long for an address to the empty form", async () => {
		const out = await (await new Browser().post("/console/sign-out", { form: "x" })).text();
		expect(hiddenFields(out)["next"]).toBe("/console");
		const long = await (await new Browser().post(device, { reason: "é".repeat(5_000) })).text();
		expect(hiddenFields(long)["next"]).toBe(device);
	});

	test("of another site is not repeated", async () => {
		const headers = { origin: "https://evil.test", "sec-fetch-site": "cross-site" };
		const answer = await new Browser().post(device, { reason: "sent by evil" }, headers);
		expect([answer.status, await answer.text()]).toEqual([403, expect.not.stringContaining("sent by evil")]);
	});
});

test("a session ends with the expiry of its key", async () => {
	const { key } = await newKey(["read"], { expires_at: new Date(Date.now() + 2_000).toISOString() });
	const browser = await new Browser().signIn(key);
	await expect.poll(async () => (await browser.get("/console/rollouts")).status, { timeout: 10_000 }).toBe(303);
});

describe("the cookie", () => {
	const session = { hash: "h", form: "f", exp: 1_000 + SESSION_SECONDS };

	test("counts for eight hours", async () => {
		const keyring = await importMacKeyring(TEST_SECRETS.MAC_KEYS);
		const sealed = await sealSession(keyring, ISSUER, session);
		expect(await openSession(keyring, ISSUER, sealed, session.exp - 1)).toEqual(session);
		expect(await openSession(keyring, ISSUER, sealed, session.exp)).toBeNull();
		expect(await openSession(keyring, "https://other.test", sealed, 1_000)).toBeNull();
	});

	test.each(["", "x", "a.b.c", "%", "a".repeat(4_000)])("%j is none of ours", async (value) => {
		const answer = await new Browser().get("/console/rollouts", { cookie: `__Host-parapet=${value}` });
		expect(answer.status).toBe(303);
	});

	test("opens no route of the API", async () => {
		const { cookie } = await new Browser().signIn();
		const answer = await sendUndeclared("/v1/products", { headers: { cookie: cookie ?? "" } });
		expect(answer.status).toBe(401);
	});
});

describe("a form counts only from a page of the session", () => {
	const signOut = "/console/sign-out";

	test.each<[string, Record<string, string>]>([
		["without a word of where it is from", {}],
		["from another site", { origin: "https://evil.test", "sec-fetch-site": "cross-site" }],
		["from a neighbour", { origin: ISSUER, "sec-fetch-site": "same-site" }],
		["from a page without an origin", { origin: "null" }],
		["by the address line", { origin: ISSUER, "sec-fetch-site": "none" }],
	])("%s it is refused", async (_, headers) => {
		const browser = await new Browser().signIn();
		const page = await browser.read("/console/rollouts");
		const form = /name="form" value="([^"]*)"/.exec(page)?.[1] ?? "";
		expect(form).not.toBe("");
		expect((await browser.post(signOut, { form }, headers)).status).toBe(403);
		expect((await new Browser().post("/console/sign-in", { key: TEST_SECRETS.BOOTSTRAP_KEY }, headers)).status).toBe(
			403,
		);
		await browser.read("/console/rollouts");
	});

	test("without the word of the session, or with that of another, it is refused", async () => {
		const browser = await new Browser().signIn();
		const other = await (await new Browser().signIn()).read("/console/rollouts");
		const form = /name="form" value="([^"]*)"/.exec(other)?.[1] ?? "";
		for (const fields of [{}, { form: "" }, { form }]) {
			const answer = await browser.post(signOut, fields as Record<string, string>);
			expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining("nothing was done")]);
		}
	});

	test("and signing out takes the cookie away", async () => {
		const browser = await new Browser().signIn();
		const answer = await browser.submit("/console/rollouts");
		expect(answer.status).toBe(404);
		const page = await browser.read("/console/rollouts");
		const form = /name="form" value="([^"]*)"/.exec(page)?.[1] ?? "";
		const out = await browser.post(signOut, { form });
		expect([out.status, browser.cookie]).toEqual([303, "__Host-parapet="]);
		expect((await browser.get("/console/rollouts")).status).toBe(303);
	});
});

test("GET / says what this is, as a page and as JSON", async () => {
	const page = await new Browser().read("/");
	expect(page).toContain('href="/console"');
	const answer = await sendUndeclared("/");
	expect(await answer.json()).toMatchObject({
		service: "parapet",
		console: `${ISSUER}/console`,
		openapi: `${ISSUER}/openapi.json`,
	});
	expect((await sendUndeclared("/", { method: "HEAD" })).status).toBe(200);
	expect((await send("/nothing")).status).toBe(404);
});

test("each answer has the policy that lets nothing foreign into a page, and no page has code or style in it", async () => {
	const browser = await new Browser().signIn();
	const paths = ["/", "/console/sign-in", "/console/rollouts", "/console/nothing", "/console/files/console.js"];
	for (const path of paths) {
		const answer = await browser.get(path);
		expect([path, answer.headers.get("content-security-policy")]).toEqual([path, POLICY]);
		expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
		if (path.endsWith(".js")) continue;
		expect(await answer.text()).not.toMatch(/<style|style=|<script(?! src="\/console\/files\/)|\son\w+=|hx-on|js:/i);
	}
});

test("its files are there, of their types, for some time", async () => {
	const page = await new Browser().read("/");
	const files = Array.from(page.matchAll(/(?:src|href)="(\/console\/files\/[^"]+)"/g), ([, file = ""]) => file);
	expect(files.length).toBeGreaterThan(3);
	for (const file of files) {
		const answer = await sendUndeclared(file);
		await answer.arrayBuffer();
		expect([file, answer.status, answer.headers.get("cache-control")]).toEqual([file, 200, "public, max-age=86400"]);
		expect(answer.headers.get("content-type")).toMatch(/javascript|css|svg/);
	}
	expect((await sendUndeclared("/console/files/nothing.js")).status).toBe(404);
	expect((await sendUndeclared("/console/files/..%2f..%2fpackage.json")).status).toBe(404);
	expect(env.ASSETS).toBeDefined();
});
