// Signing in by a link: who gets one, how often and how long it counts, and whose button.
import { afterEach, describe, expect, test, vi } from "vitest";
import { sealSession } from "../../../src/console/session.ts";
import { openTicket, sealTicket, TICKET_SECONDS } from "../../../src/console/sign-in-ticket.ts";
import { importMacKeyring } from "../../../src/signing/keys/mac-keyring.ts";
import { newAddress } from "../../support/fresh-names.ts";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { ISSUER, operated, sendUndeclared } from "../../support/service.ts";
import { Edge } from "../support/edge.ts";
import { expectProblem } from "../support/expectations.ts";
import { Browser, hiddenFields, newKey } from "./browser.ts";

afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

function askForLink(authorization: string | null): Promise<Response> {
	const headers: Record<string, string> = authorization === null ? {} : { authorization };
	return sendUndeclared("/console/links", { method: "POST", headers });
}

/** @returns path and query of a link that signs in with the key, and the ticket in it */
async function linkFor(key: string): Promise<{ path: string; ticket: string }> {
	const answer = await askForLink(`Bearer ${key}`);
	expect(answer.status).toBe(201);
	const { url } = (await answer.json()) as { url: string };
	expect(url.startsWith(`${ISSUER}/console/link?ticket=`)).toBe(true);
	return { path: url.slice(ISSUER.length), ticket: new URL(url).searchParams.get("ticket") ?? "" };
}

async function expectOver(answer: Response, browser: Browser): Promise<void> {
	const text = await answer.text();
	expect([answer.status, browser.cookie]).toEqual([401, null]);
	expect(text).toContain("nobody was signed in");
	expect(text).toContain("parapet console link");
}

test("a link is for the key that asked for it, does not hold it, and says when it is over", async () => {
	const { key } = await newKey(["read"]);
	const before = Date.now();
	const answer = await askForLink(`Bearer ${key}`);
	const body = (await answer.json()) as { url: string; subject: string; expires_at: string };
	expect([answer.status, answer.headers.get("cache-control"), body.subject]).toEqual([
		201,
		"private, no-store",
		"olivia",
	]);
	expect(Math.abs(Date.parse(body.expires_at) - before - TICKET_SECONDS * 1_000)).toBeLessThan(5_000);
	const [, payload = ""] = (new URL(body.url).searchParams.get("ticket") ?? "").split(".");
	expect(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))).not.toContain(key.slice(3));
});

test("the page says in whose name and with what scopes, and its button signs in", async () => {
	const { key } = await newKey(["read"]);
	const { path, ticket } = await linkFor(key);
	const browser = new Browser();
	const page = await browser.read(path);
	expect(page).toContain("Sign in as olivia");
	expect(page).toContain("<code>read</code>");
	expect(hiddenFields(page)).toEqual({ ticket, page: expect.stringMatching(/^[\w+/]{24}$/) });
	const answer = await browser.post("/console/link", { ticket });
	expect([answer.status, answer.headers.get("location")]).toEqual([303, "/console"]);
	expect(answer.headers.get("set-cookie")).toMatch(
		/^__Host-parapet=[\w.%-]+; Max-Age=28800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
	);
	await browser.read("/console/rollouts");
});

test("who presses its button twice is signed in, by each of the two answers; who has another page of it is not", async () => {
	vi.useFakeTimers({ toFake: ["Date"] });
	const { path } = await linkFor((await newKey(["read"])).key);
	const [browser, other] = [new Browser(), new Browser()];
	const fields = hiddenFields(await browser.read(path));
	const others = hiddenFields(await other.read(path));
	const answers = await Promise.all([browser.post("/console/link", fields), browser.post("/console/link", fields)]);
	expect(answers.map(({ status }) => status)).toEqual([303, 303]);
	for (const answer of answers) {
		const signedIn = new Browser();
		signedIn.cookie = answer.headers.get("set-cookie")?.split(";", 1)[0] ?? null;
		await signedIn.read("/console/rollouts");
	}
	const { ticket = "" } = fields;
	for (const tried of [others, { ticket }, { ticket, page: "" }, { ticket, page: "x".repeat(24) }])
		await expectOver(await other.post("/console/link", tried), other);
	// Moments are over: nobody comes back to the page of a computer that was left.
	vi.setSystemTime(Date.now() + 11_000);
	browser.cookie = null;
	await expectOver(await browser.post("/console/link", fields), browser);
});

test("looking at it uses nothing up, and no other page is told of its address", async () => {
	const { path, ticket } = await linkFor((await newKey(["read"])).key);
	for (const method of ["GET", "HEAD", "GET"]) {
		const answer = await sendUndeclared(path, { method, headers: { accept: "text/html" } });
		expect([answer.status, answer.headers.get("set-cookie")]).toEqual([200, null]);
		expect(answer.headers.get("referrer-policy")).toBe("strict-origin");
		expect(answer.headers.get("cache-control")).toBe("private, no-store");
	}
	expect((await new Browser().post("/console/link", { ticket })).status).toBe(303);
});

test("it counts once: of many at the same time one is signed in", async () => {
	const { ticket } = await linkFor((await newKey(["read"])).key);
	const answers = await Promise.all(Array.from({ length: 8 }, () => new Browser().post("/console/link", { ticket })));
	expect(answers.map(({ status }) => status).sort()).toEqual([303, ...Array.from({ length: 7 }, () => 401)]);
	const late = new Browser();
	await expectOver(await late.post("/console/link", { ticket }), late);
});

test("it counts for ten minutes, and is not known as new afterwards", async () => {
	const { path, ticket } = await linkFor((await newKey(["read"])).key);
	const used = await linkFor((await newKey(["read"])).key);
	const now = Date.now();
	vi.useFakeTimers({ toFake: ["Date"], now: now + TICKET_SECONDS * 1_000 - 2_000 });
	expect((await new Browser().post("/console/link", { ticket: used.ticket })).status).toBe(303);
	for (const after of [TICKET_SECONDS + 1, 2 * TICKET_SECONDS, 10 * TICKET_SECONDS]) {
		vi.setSystemTime(now + after * 1_000);
		const browser = new Browser();
		await expectOver(await browser.get(path), browser);
		await expectOver(await browser.post("/console/link", { ticket }), browser);
		await expectOver(await browser.post("/console/link", { ticket: used.ticket }), browser);
	}
});

test("it is over with its key, and a revoked key gets none", async () => {
	const { id, key } = await newKey(["operate"]);
	const { path, ticket } = await linkFor(key);
	await operated("DELETE", `/v1/keys/${id}`);
	const later = new Edge();
	const headers = { origin: ISSUER, "sec-fetch-site": "same-origin", "content-length": "0" };
	const body = new URLSearchParams({ ticket }).toString();
	const form = {
		...headers,
		"content-type": "application/x-www-form-urlencoded",
		"content-length": String(body.length),
		"cf-connecting-ip": newAddress(),
	};
	const answer = await later.send("/console/link", { method: "POST", headers: form, body });
	expect([answer.status, answer.headers.get("set-cookie")]).toEqual([401, null]);
	expect((await later.send(path)).status).toBe(401);
	await expectProblem(
		await later.send("/console/links", { method: "POST", headers: { authorization: `Bearer ${key}` } }),
		"unauthenticated",
	);
});

test("the bootstrap key makes one too", async () => {
	const { ticket } = await linkFor(TEST_SECRETS.BOOTSTRAP_KEY);
	const browser = new Browser();
	expect((await browser.post("/console/link", { ticket })).status).toBe(303);
	expect(await browser.read("/console/rollouts")).toContain("Sign out bootstrap");
});

describe("nobody is signed in by", () => {
	const exp = Math.floor(Date.now() / 1_000) + 600;
	const forged = async (kid: string) => {
		const keyring = await importMacKeyring(`${kid}:${btoa("x".repeat(32)).replace(/=+$/, "")}`);
		return sealTicket(keyring, ISSUER, { hash: "h", id: "i", exp });
	};

	test.each<[string, () => Promise<string>]>([
		["nothing", async () => ""],
		["garbage", async () => "a.b.c"],
		["a ticket of a key that we have not", () => forged("other")],
		["a ticket under the name of our key", () => forged(TEST_SECRETS.MAC_KEYS.split(":")[0] ?? "")],
		[
			"a ticket with another character",
			async () => {
				const { ticket } = await linkFor((await newKey(["read"])).key);
				// Not the last one, of which some bits are of no byte.
				return ticket.replace(/.(?=.$)/, (one) => (one === "A" ? "B" : "A"));
			},
		],
		[
			"a ticket of another deployment",
			async () =>
				sealTicket(await importMacKeyring(TEST_SECRETS.MAC_KEYS), "https://other.test", { hash: "h", id: "i", exp }),
		],
		[
			"a session in place of a ticket",
			async () =>
				sealSession(await importMacKeyring(TEST_SECRETS.MAC_KEYS), ISSUER, { hash: "h", form: "f", exp: exp + 600 }),
		],
		[
			"a ticket for a key that was never made",
			async () =>
				sealTicket(await importMacKeyring(TEST_SECRETS.MAC_KEYS), ISSUER, { hash: "A".repeat(43), id: "i", exp }),
		],
	])("%s", async (_, make) => {
		const ticket = await make();
		const browser = new Browser();
		await expectOver(await browser.get(`/console/link?${new URLSearchParams({ ticket })}`), browser);
		await expectOver(await browser.post("/console/link", { ticket }), browser);
	});

	test.each<[string, Record<string, string>]>([
		["without a word of where it is from", {}],
		["another site's form", { origin: "https://evil.test", "sec-fetch-site": "cross-site" }],
		["a neighbour's form", { origin: ISSUER, "sec-fetch-site": "same-site" }],
	])("%s, and the link still counts", async (_, headers) => {
		const { ticket } = await linkFor((await newKey(["read"])).key);
		const browser = new Browser();
		expect([(await browser.post("/console/link", { ticket }, headers)).status, browser.cookie]).toEqual([403, null]);
		expect((await browser.post("/console/link", { ticket })).status).toBe(303);
	});

	test("a ticket in place of a session", async () => {
		const { ticket } = await linkFor((await newKey(["read"])).key);
		const answer = await new Browser().get("/console/rollouts", { cookie: `__Host-parapet=${ticket}` });
		expect(answer.status).toBe(303);
		const keyring = await importMacKeyring(TEST_SECRETS.MAC_KEYS);
		const now = Math.floor(Date.now() / 1_000);
		expect(await openTicket(keyring, ISSUER, ticket, now)).toMatchObject({ ok: true });
	});
});

describe("no link is made", () => {
	test.each([null, "Bearer garbage", `Bearer pk_${"0".repeat(32)}`, "Basic dXNlcjpwYXNz"])("for %j", async (header) => {
		await expectProblem(await askForLink(header), "unauthenticated");
	});

	test("for a session of the console", async () => {
		const browser = await new Browser().signIn();
		const answer = await browser.post("/console/links", {});
		await expectProblem(answer, "unauthenticated");
	});

	test("for a key that opens no screen", async () => {
		const { account } = await operated<{ account: string }>("POST", "/v1/accounts", { name: "A", same_name: true });
		await expectProblem(
			await askForLink(`Bearer ${(await newKey([`lifecycle:${account}`])).key}`),
			"insufficient_scope",
		);
	});
});

test("while the object that remembers tickets is away, nobody is signed in, and nothing is used up", async () => {
	const { key } = await newKey(["read"]);
	const { ticket } = await linkFor(key);
	const edge = new Edge();
	edge.replayGuard.mood = "fails";
	const body = new URLSearchParams({ ticket }).toString();
	const headers = {
		origin: ISSUER,
		"content-type": "application/x-www-form-urlencoded",
		"content-length": String(body.length),
	};
	const press = () => edge.send("/console/link", { method: "POST", headers, body, redirect: "manual" });
	const refused = await press();
	expect([refused.status, refused.headers.get("set-cookie")]).toEqual([503, null]);
	expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
	edge.replayGuard.mood = "well";
	expect((await press()).status).toBe(303);
});

test("neither ticket nor key is in a line of the log, and the line names the key", async () => {
	const logged: string[] = [];
	vi.spyOn(console, "log").mockImplementation((line: string) => logged.push(String(line)));
	const { id, key } = await newKey(["read"]);
	const { path, ticket } = await linkFor(key);
	await new Browser().get(path);
	await new Browser().post("/console/link", { ticket });
	await new Browser().post("/console/link", { ticket });
	const lines = logged.filter((line) => line.includes('"/console/link'));
	expect(lines.map((line) => (JSON.parse(line) as { status: number; key: string }).key)).toEqual([id, id, id, id]);
	expect(JSON.parse(lines.at(-1) ?? "{}")).toMatchObject({ status: 401, reason: "ticket_used" });
	for (const line of logged) for (const secret of [ticket, key]) expect(line).not.toContain(secret);
});
