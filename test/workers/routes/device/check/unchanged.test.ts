// "Nothing changed": a check with the ETag of the answer before is 304 for as long as nothing did, and for nobody else.
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { ISSUER, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newFirewall, newScene, type Scene, serviceWith, setStatus, tampered } from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

type Send = (path: string, init?: RequestInit) => Promise<Response>;

// The local service holds no shared record in memory; at the edge it does, for seconds, and answers 304 without a token.
const AT_THE_EDGE = { HEADS_FRESH_SECONDS: "5", DEVICE_FRESH_SECONDS: "10" };
const { timeAfter, moveTo } = useFrozenClock();

async function ask(
	via: Send,
	firewall: Firewall,
	query: string,
	etag?: string,
	more: Record<string, string> = {},
): Promise<Response> {
	const proof = await firewall.proof("GET", `${ISSUER}/v1/check`, firewall.accessToken);
	return via(`/v1/check${query}`, {
		headers: {
			authorization: `${firewall.tokenType} ${firewall.accessToken}`,
			...(firewall.tokenType === "DPoP" ? { dpop: proof } : {}),
			...(etag === undefined ? {} : { "if-none-match": etag }),
			...more,
		},
	});
}

async function etagOf(answer: Response): Promise<string> {
	expect(answer.status).toBe(200);
	await answer.text();
	return answer.headers.get("etag") ?? "";
}

describe.each([
	["with the shared records in memory, as at the edge", AT_THE_EDGE],
	["without, as in the local service", {}],
])("%s,", (_, variables: Record<string, string>) => {
	let via: Send;
	let scene: Scene;
	let query: string;
	let etag: string;
	beforeEach(async () => {
		via = serviceWith(variables);
		scene = await newScene({ ends_at: timeAfter(20 * DAY) });
		query = `?installed=${scene.product}@1.0.0`;
		etag = await etagOf(await ask(via, scene.firewall, query));
	});

	test("the same question again is answered 304, with the ETag and nothing else", async () => {
		const answer = await ask(via, scene.firewall, query, etag);
		expect([answer.status, await answer.text()]).toEqual([304, ""]);
		expect(answer.headers.get("etag")).toBe(etag);
		expect(answer.headers.get("cache-control")).toBe("private, no-cache");
	});

	test("an ETag is weak, so that proxies that compress leave it alone, and counts without that mark too", async () => {
		expect(etag).toMatch(/^W\/"/);
		expect((await ask(via, scene.firewall, query, etag.slice("W/".length))).status).toBe(304);
	});

	const changes: [string, () => Promise<unknown>][] = [
		["a new release", () => publish(scene.product, "1.1.0", "new rules")],
		["a withdrawn release", () => withdraw("1.0.0")],
		["a new message", () => putUp({})],
		["a message that is not for this device", () => putUp({ audience: { models: ["ANOTHER"] } })],
	];
	const withdraw = (version: string) =>
		operated("POST", `/v1/products/${scene.product}/releases/${version}/withdraw`, { reason: "a test" });
	const putUp = (more: object) =>
		operated("POST", "/v1/messages", {
			severity: "info",
			title: "News",
			body: "Read",
			ends_at: timeAfter(DAY),
			...more,
		});
	test.each(changes)("%s ends it", async (_name, change) => {
		await change();
		moveTo(40 * SECOND);
		const answer = await ask(via, scene.firewall, query, etag);
		expect(await etagOf(answer)).not.toBe(etag);
	});

	test("a release of another product does not end it", async () => {
		const other = await newScene({ ends_at: timeAfter(20 * DAY) });
		await publish(other.product, "1.1.0", "new rules");
		moveTo(40 * SECOND);
		expect((await ask(via, scene.firewall, query, etag)).status).not.toBe(500);
		expect((await ask(via, scene.firewall, query, etag)).status).toBe(304);
	});

	test("another question is answered in full", async () => {
		const others = ["", `?installed=${scene.product}`, `${query}&seen=1`, `${query}&engine=11.1`, `${query}&`];
		for (const other of others) expect((await ask(via, scene.firewall, other, etag)).status, other).toBe(200);
	});

	test("another device of the account gets nothing for it", async () => {
		const other = await newFirewall(scene.code);
		expect((await ask(via, other, query, etag)).status).toBe(200);
	});

	test("the device in another country gets the messages of that country, and again its own when it is back", async () => {
		const inCountry =
			(country: string): Send =>
			(path, init) =>
				via(path, { ...init, cf: { country } } as RequestInit);
		await putUp({ audience: { countries: ["FR"] } });
		moveTo(40 * SECOND);
		const unread = async (answer: Response) => {
			expect(answer.status).toBe(200);
			return ((await answer.json()) as { messages: { unread: number } }).messages.unread;
		};
		const there = await ask(inCountry("DE"), scene.firewall, query);
		const etagInGermany = there.headers.get("etag") ?? "";
		expect(await unread(there)).toBe(0);
		expect((await ask(inCountry("DE"), scene.firewall, query, etagInGermany)).status).toBe(304);
		expect(await unread(await ask(inCountry("FR"), scene.firewall, query, etagInGermany))).toBe(1);
		expect(await unread(await ask(via, scene.firewall, query, etagInGermany))).toBe(0);
		expect((await ask(inCountry("DE"), scene.firewall, query, etagInGermany)).status).toBe(304);
	});

	test("the device's next token gets nothing for it", async () => {
		await scene.firewall.authenticate();
		expect((await ask(via, scene.firewall, query, etag)).status).toBe(200);
	});

	test("without a token, or with a broken one, it is worth nothing", async () => {
		await expectProblem(await via(`/v1/check${query}`, { headers: { "if-none-match": etag } }), "unauthenticated");
		const broken = { authorization: `DPoP ${scene.firewall.accessToken.slice(0, -1)}` };
		await expectProblem(await ask(via, scene.firewall, query, etag, broken), "unauthenticated");
	});

	test("with anything in it changed, the answer is full", async () => {
		const changes: [string, (text: string) => string][] = [
			["its key", (text: string) => text.replace('"', '"x')],
			["its device", (text: string) => tampered(text, text.indexOf("dev-") + 6)],
			["its end", (text: string) => text.replace(/\.[^.]+\.dev/, ".zzzzzz.dev")],
			["its signature", (text: string) => tampered(text, text.length - 10)],
			["no base64 in its signature", (text: string) => `${text.slice(0, -6)}!~%{|"`],
			["its length", (text: string) => `${text.slice(0, -3)}"`],
			["everything", () => '"x"'],
			["a star", () => "*"],
			["a list", (text: string) => `"a", ${text}`],
			["ten thousand characters", () => `"${"x".repeat(10_000)}"`],
		];
		for (const [what, change] of changes) {
			expect((await ask(via, scene.firewall, query, change(etag))).status, what).toBe(200);
		}
	});

	test("a suspended device is refused within the seconds for which records are held", async () => {
		await setStatus(scene.firewall, "suspend");
		moveTo(36 * SECOND);
		await (await ask(via, scene.firewall, query, etag)).text();
		await expectProblem(await ask(via, scene.firewall, query, etag), "device_refused");
	});

	test("it ends with the token", async () => {
		moveTo(6 * HOUR - SECOND);
		expect((await ask(via, scene.firewall, query, etag)).status).not.toBe(401);
		moveTo(6 * HOUR + 100 * SECOND);
		await expectProblem(await ask(via, scene.firewall, query, etag), "unauthenticated");
	});
});

describe("time alone ends it when", () => {
	let via: Send;
	beforeEach(() => {
		via = serviceWith(AT_THE_EDGE);
	});

	/** Asks, and again a second before the moment and at it; the answer after it must differ. */
	async function expectEndsAt(scene: Scene, query: string, moment: number): Promise<void> {
		const before = await ask(via, scene.firewall, query);
		const body = (await before.clone().json()) as Record<string, unknown>;
		const etag = await etagOf(before);
		moveTo(moment - SECOND);
		await ask(via, scene.firewall, query);
		expect((await ask(via, scene.firewall, query, etag)).status).toBe(304);
		moveTo(moment);
		const answer = await ask(via, scene.firewall, query, etag);
		expect(answer.status).toBe(200);
		const { products, messages } = (await answer.json()) as Record<string, unknown>;
		expect({ products, messages }).not.toEqual({ products: body["products"], messages: body["messages"] });
	}

	test("a license ends and its grace begins", async () => {
		const scene = await newScene({ ends_at: timeAfter(600 * SECOND), grace_days: 1 });
		await expectEndsAt(scene, `?installed=${scene.product}@1.0.0`, 600 * SECOND);
	});

	test("a grace ends", async () => {
		const scene = await newScene({ ends_at: timeAfter(600 * SECOND), grace_days: 1 });
		moveTo(DAY);
		await scene.firewall.authenticate();
		await expectEndsAt(scene, `?installed=${scene.product}@1.0.0`, DAY + 600 * SECOND);
	});

	test("the URL in an offer runs out, so that there is a new one", async () => {
		const scene = await newScene({ ends_at: timeAfter(20 * DAY) });
		await expectEndsAt(scene, `?installed=${scene.product}`, 300 * SECOND);
	});

	test("a release grows old enough", async () => {
		const scene = await newScene({ ends_at: timeAfter(20 * DAY), delay_hours: 0.5 });
		await expectEndsAt(scene, `?installed=${scene.product}`, 1800 * SECOND);
	});

	test.each([
		["a message starts", { starts_at: 900, ends_at: 5000 }],
		["a message ends", { ends_at: 900 }],
	])("%s", async (_, times: Record<string, number>) => {
		const scene = await newScene({ ends_at: timeAfter(20 * DAY) });
		const window = Object.fromEntries(Object.entries(times).map(([name, value]) => [name, timeAfter(value * SECOND)]));
		await operated("POST", "/v1/messages", { severity: "info", title: "News", body: "Read", ...window });
		await expectEndsAt(scene, `?installed=${scene.product}@1.0.0`, 900 * SECOND);
	});
});

test("a 304 costs one log line, which names the device by its pseudonym only", async () => {
	const scene = await newScene({ ends_at: timeAfter(DAY) });
	const via = serviceWith(AT_THE_EDGE);
	const etag = await etagOf(await ask(via, scene.firewall, ""));
	const log = vi.spyOn(console, "log").mockImplementation(() => {});
	try {
		expect((await ask(via, scene.firewall, "", etag)).status).toBe(304);
		expect(log).toHaveBeenCalledTimes(1);
		const line = String(log.mock.calls[0]?.[0]);
		expect(JSON.parse(line)).toMatchObject({ route: "/v1/check", status: 304, outcome: "unchanged" });
		expect(line).not.toContain(scene.firewall.clientId);
	} finally {
		log.mockRestore();
	}
});
