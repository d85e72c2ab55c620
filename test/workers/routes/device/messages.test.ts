// Message of the day: who sees which, in what language, from when until when.
import { beforeEach, describe, expect, test } from "vitest";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet } from "../../../support/fleet.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { check, newProduct } from "../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();
let product: string;
let account: string;
let other: { product: string; account: string };
let firewall: Firewall;

beforeEach(async () => {
	product = await newProduct();
	const license = { ends_at: timeAfter(500 * DAY) };
	const fleet = await createFleet({ products: [product], license });
	account = fleet.account;
	const elsewhere = await newProduct();
	other = { product: elsewhere, account: (await createFleet({ products: [elsewhere], license })).account };
	firewall = await Firewall.create();
	await firewall.activate(fleet.code, { model: "FW-200", labels: { site: "berlin", ring: "1" } });
	await firewall.authenticate();
});

const draft = (more: object = {}) => ({
	severity: "warning",
	title: "Maintenance",
	body: "Updates pause at noon",
	ends_at: timeAfter(DAY),
	...more,
});
interface Shown {
	id: string;
	sequence: number;
	severity: string;
	title: string;
	body: string;
}
const putUp = (more: object = {}) => operated<Shown>("POST", "/v1/messages", draft(more));

async function read(query = "", headers: Record<string, string> = {}): Promise<{ messages: Shown[]; last: number }> {
	const answer = await firewall.call("GET", `/v1/messages${query}`, undefined, headers);
	expect(answer.status).toBe(200);
	return answer.json();
}

test("a device sees what is put up, newest first, and the check counts what it has not shown", async () => {
	expect(await read()).toEqual({ messages: [], last: 0 });
	const first = await putUp({ title: "First" });
	const second = await putUp({ title: "Second" });
	expect(second.sequence).toBeGreaterThan(first.sequence);
	const { messages, last } = await read();
	expect(messages.map(({ id, title }) => [id, title])).toEqual([
		[second.id, "Second"],
		[first.id, "First"],
	]);
	expect(last).toBe(second.sequence);
	expect((await check(firewall, "")).messages).toEqual({ unread: 2, last });
	expect((await check(firewall, `?seen=${first.sequence}`)).messages).toEqual({ unread: 1, last });
	expect((await check(firewall, `?seen=${last}`)).messages).toEqual({ unread: 0, last });
});

test("what is taken down is gone, for devices and operators", async () => {
	const { id } = await putUp();
	await operated("DELETE", `/v1/messages/${id}`);
	expect(await read()).toEqual({ messages: [], last: 0 });
	await expectProblem(await operate("DELETE", `/v1/messages/${id}`), "not_found");
	expect((await operated<{ messages: [] }>("GET", "/v1/messages/all")).messages).toEqual([]);
});

test.each([
	["before it starts", HOUR - SECOND, 0],
	["from its first second", HOUR, 1],
	["to its last second", 2 * HOUR - SECOND, 1],
	["but not when it ends", 2 * HOUR, 0],
])("a message shows %s", async (_, ms, count) => {
	await putUp({ starts_at: timeAfter(HOUR), ends_at: timeAfter(2 * HOUR) });
	moveTo(ms);
	await firewall.authenticate();
	expect((await read()).messages).toHaveLength(count);
});

describe("an audience", () => {
	test.each([
		["everybody", () => ({}), true],
		["this account", () => ({ accounts: [account] }), true],
		["another account", () => ({ accounts: [other.account] }), false],
		["this model among others", () => ({ models: ["FW-100", "FW-200"] }), true],
		["another model", () => ({ models: ["FW-100"] }), false],
		["the licensed product", () => ({ products: [product, other.product] }), true],
		["another product", () => ({ products: [other.product] }), false],
		["one of its labels", () => ({ labels: { site: "berlin" } }), true],
		["both of its labels", () => ({ labels: { site: "berlin", ring: "1" } }), true],
		["a label with another value", () => ({ labels: { site: "paris" } }), false],
		["a label that it does not have", () => ({ labels: { floor: "1" } }), false],
		["this engine", () => ({ engine: { min: "11.1", max: "11.1.4" } }), true],
		["a newer engine", () => ({ engine: { min: "11.1.4-h1" } }), false],
		["nobody", () => ({ models: [] }), false],
		["this model with another label", () => ({ models: ["FW-200"], labels: { site: "paris" } }), false],
		["a country, where the edge says none", () => ({ countries: ["ZZ"] }), false],
	])("of %s", async (_, audience, isShown) => {
		await putUp({ audience: audience() });
		expect((await read("?engine=11.1.4")).messages).toHaveLength(isShown ? 1 : 0);
	});

	test("of an engine is not met by a device that does not name its own", async () => {
		await putUp({ audience: { engine: { min: "1" } } });
		expect((await read()).messages).toHaveLength(0);
	});
});

test.each([
	["", "Maintenance"],
	["?locale=de", "Wartung"],
	["?locale=de-AT", "Wartung"],
	["?locale=pt-BR", "Manutenção"],
	["?locale=pt", "Maintenance"],
	["?locale=fr", "Maintenance"],
])("the language of %s is %s", async (query, title) => {
	await putUp({
		locales: { de: { title: "Wartung", body: "Um zwölf" }, "pt-BR": { title: "Manutenção", body: "Ao meio-dia" } },
	});
	expect((await read(query)).messages[0]?.title).toBe(title);
});

test("the same messages are 304 under their ETag, until the messages or the language change", async () => {
	await putUp({ locales: { de: { title: "Wartung", body: "Um zwölf" } } });
	const etag = (await firewall.call("GET", "/v1/messages")).headers.get("etag") ?? "";
	const ask = (query: string, value: string) =>
		firewall.call("GET", `/v1/messages${query}`, undefined, { "if-none-match": value });
	for (const value of [etag, etag.slice("W/".length), `"other", ${etag}`, "*"]) {
		const answer = await ask("", value);
		expect([value, answer.status, await answer.text()]).toEqual([value, 304, ""]);
		expect(answer.headers.get("etag")).toBe(etag);
	}
	expect((await ask("?locale=de", etag)).status).toBe(200);
	expect((await ask("", `${etag.slice(0, -1)}x"`)).status).toBe(200);
	await putUp();
	expect((await ask("", etag)).status).toBe(200);
});

describe("a message for a fraction", () => {
	const IN = 0.9999999;
	const nearlyNobody = () => putUp({ fraction: 1e-9 });
	const raise = (id: string, fraction: number) =>
		operated<Shown & { fraction: number; changed: boolean; published: boolean }>("PATCH", `/v1/messages/${id}`, {
			fraction,
		});

	test("is for whose bucket lies below it, and unread for who comes in later, whatever they have read", async () => {
		const few = await nearlyNobody();
		expect(few).toMatchObject({ fraction: 1e-9 });
		expect(await read()).toEqual({ messages: [], last: 0 });
		const later = await putUp({ title: "Later" });
		const { last } = await read();
		expect(last).toBe(later.sequence);

		const raised = await raise(few.id, IN);
		expect(raised).toMatchObject({ id: few.id, fraction: IN, changed: true, published: true });
		expect(raised.sequence).toBeGreaterThan(last);
		expect((await check(firewall, `?seen=${last}`)).messages).toEqual({ unread: 1, last: raised.sequence });
		expect((await read()).messages.map(({ id }) => id)).toEqual([few.id, later.id]);

		// Who has it keeps it under its number: nothing is unread, and the ETag holds.
		const etag = (await firewall.call("GET", "/v1/messages")).headers.get("etag") ?? "";
		await raise(few.id, 1);
		expect((await check(firewall, `?seen=${raised.sequence}`)).messages).toEqual({ unread: 0, last: raised.sequence });
		expect((await firewall.call("GET", "/v1/messages", undefined, { "if-none-match": etag })).status).toBe(304);
	});

	test("only grows, and again the same changes nothing", async () => {
		const { id, sequence } = await putUp({ fraction: 0.5 });
		expect(await raise(id, 0.5)).toMatchObject({ sequence, fraction: 0.5, changed: false, published: true });
		const less = await operate("PATCH", `/v1/messages/${id}`, { fraction: 0.4 });
		await expectProblem(less, "conflict");
		for (const fraction of [0, -1, 1.1, "0.5", null]) {
			await expectProblem(await operate("PATCH", `/v1/messages/${id}`, { fraction }), "invalid_request");
			await expectProblem(await operate("POST", "/v1/messages", draft({ fraction })), "invalid_request");
		}
		expect(await operated("GET", "/v1/messages/all")).toMatchObject({ messages: [{ id, sequence, fraction: 0.5 }] });
	});

	test("that is none, has ended or was taken down is not raised", async () => {
		const ended = await putUp({ fraction: 0.5, ends_at: timeAfter(HOUR) });
		const gone = await nearlyNobody();
		await operated("DELETE", `/v1/messages/${gone.id}`);
		moveTo(HOUR);
		for (const { id } of [ended, gone]) {
			await expectProblem(await operate("PATCH", `/v1/messages/${id}`, { fraction: 1 }), "not_found");
		}
		await expectProblem(await operate("PATCH", "/v1/messages/msg-nope", { fraction: 1 }), "invalid_identifier");
	});

	test("is raised so often, and then to everybody", async () => {
		const { id } = await nearlyNobody();
		for (let wave = 1; wave < 20; wave++) await raise(id, wave / 100);
		await expectProblem(await operate("PATCH", `/v1/messages/${id}`, { fraction: 0.5 }), "conflict");
		expect(await raise(id, 1)).toMatchObject({ fraction: 1, changed: true });
	});
});
