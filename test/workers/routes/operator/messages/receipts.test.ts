// Who has a message of the day: told by the request that fetches it, and by a word of its own; read by operators, over all accounts
// or of one, until some time after the message has ended.
import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test } from "vitest";
import type { Account } from "../../../../../src/objects/account/account.ts";
import type { Firewall } from "../../../../support/firewall.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();
let edge: Edge;
let scene: Scene;
let other: Firewall;
beforeEach(async () => {
	edge = new Edge();
	scene = await newScene({ ends_at: timeAfter(500 * DAY) }, false);
	other = await newFirewall(scene.code, false);
});

interface Receipts {
	readonly receipts: readonly Record<string, unknown>[];
	readonly counts: Record<string, number>;
	readonly next: string | null;
}
const putUp = async (more: object = {}) => {
	const draft = { severity: "warning", title: "Advisory", body: "Read this", ends_at: timeAfter(DAY), ...more };
	const audience = { accounts: [scene.account] };
	return (await operated<{ id: string }>("POST", "/v1/messages", { audience, ...draft })).id;
};
async function fetchMessages(firewall: Firewall): Promise<void> {
	expect((await edge.get(firewall, "/v1/messages")).status).toBe(200);
	await edge.settled();
}
const acknowledge = (firewall: Firewall, id: string, body: object = {}) =>
	edge.sendJson("POST", `/v1/messages/${id}/ack`, firewall.accessToken, body);
const read = (id: string, query = "") => operated<Receipts>("GET", `/v1/messages/${id}/receipts${query}`);
const states = async (id: string) =>
	Object.fromEntries((await read(id)).receipts.map(({ device, state }) => [device, state]));

test("a device has fetched a message once it has asked for it, without another request", async () => {
	const id = await putUp();
	expect(await states(id)).toEqual({ [scene.firewall.clientId]: "not_seen", [other.clientId]: "not_seen" });
	await fetchMessages(scene.firewall);
	expect(await states(id)).toEqual({ [scene.firewall.clientId]: "fetched", [other.clientId]: "not_seen" });
	const { receipts, counts } = await read(id, "?state=fetched");
	expect(receipts).toEqual([
		{
			...{ device: scene.firewall.clientId, account: scene.account, serial: expect.any(String), state: "fetched" },
			...{ fetched_at: timeAfter(0), acknowledged_at: null, acknowledged_by: null },
		},
	]);
	expect(counts).toEqual({ acknowledged: 0, fetched: 1, not_seen: 1 });
});

test("the first acknowledgement counts, with who gave it", async () => {
	const id = await putUp();
	const first = await acknowledge(scene.firewall, id, { by: "ada" });
	expect(await first.json()).toEqual({ message: id, acknowledged_at: timeAfter(0), acknowledged_by: "ada" });
	moveTo(SECOND);
	expect(await (await acknowledge(scene.firewall, id, { by: "bob" })).json()).toMatchObject({ acknowledged_by: "ada" });
	expect((await read(id, "?state=acknowledged")).receipts).toMatchObject([
		{ fetched_at: timeAfter(0), acknowledged_at: timeAfter(0), acknowledged_by: "ada" },
	]);
});

test.each([
	["that there is not", async () => "msg-00000000"],
	["that is for others", () => putUp({ audience: { labels: { site: "elsewhere" } } })],
	["that has not begun", () => putUp({ starts_at: timeAfter(DAY / 2) })],
])("no device acknowledges a message %s, and nothing is written", async (_, id) => {
	const message = await id();
	await expectProblem(await acknowledge(scene.firewall, message), "not_found");
	await runInDurableObject(bindings.ACCOUNT.getByName(scene.account.slice(5, 15)), (_object: Account, { storage }) => {
		expect(storage.sql.exec("SELECT * FROM message_receipts").toArray()).toEqual([]);
	});
});

test.each([[{ by: "" }], [{ by: "x".repeat(65) }], [{ by: "a\u202eb" }], [{ who: "ada" }]])(
	"an acknowledgement is refused as a whole: %j",
	async (body) => {
		await expectProblem(await acknowledge(scene.firewall, await putUp(), body), "invalid_request");
	},
);

test("pages over all accounts name each device once, and end", async () => {
	const id = await putUp({ audience: { products: [scene.product] } });
	await fetchMessages(other);
	const found: unknown[] = [];
	const counts = { fetched: 0, not_seen: 0 };
	let after: string | null = null;
	let pages = 0;
	do {
		const page: Receipts = await read(id, `?limit=1${after === null ? "" : `&after=${after}`}`);
		found.push(...page.receipts.map(({ device }) => device));
		counts.fetched += page.counts["fetched"] ?? 0;
		counts.not_seen += page.counts["not_seen"] ?? 0;
		after = page.next;
		pages += 1;
	} while (after !== null && pages < 200);
	expect(after).toBeNull();
	expect([...found].sort()).toEqual([scene.firewall.clientId, other.clientId].sort());
	expect(counts).toEqual({ fetched: 1, not_seen: 1 });
});

test("a customer reads of the own devices", async () => {
	const id = await putUp();
	await fetchMessages(other);
	const own = await operated<Receipts>("GET", `/v1/accounts/${scene.account}/messages/${id}/receipts?state=not_seen`);
	expect(own.receipts).toMatchObject([{ device: scene.firewall.clientId, account: scene.account }]);
});

test.each(["x", "acct-0000000000000000.", "dev-a-b", "."])(
	"refuses %j, which no page gave as its next",
	async (after) => {
		const id = await putUp();
		await expectProblem(await operate("GET", `/v1/messages/${id}/receipts?after=${after}`), "invalid_request");
	},
);

test("receipts go thirty days after the end of their message, with the daily round", async () => {
	const id = await putUp();
	await fetchMessages(other);
	const account = bindings.ACCOUNT.getByName(scene.account.slice(5, 15));
	moveTo(31 * DAY - SECOND);
	await account.tend("");
	expect((await read(id, "?state=fetched")).receipts).toHaveLength(1);
	moveTo(31 * DAY);
	await account.tend("");
	expect((await read(id, "?state=fetched")).receipts).toEqual([]);
});
