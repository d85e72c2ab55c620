// The console's screens over a small fleet: each is there, whatever its address says; what devices and people wrote is text on it; its
// actions are calls of the API, by the scopes of the key, with their entry in the trail.
import { beforeAll, describe, expect, test } from "vitest";
import type { Plan } from "../../../src/rollout/plan.ts";
import type { Firewall } from "../../support/firewall.ts";
import { createFleet, publish } from "../../support/fleet.ts";
import { freshProduct } from "../../support/fresh-names.ts";
import { operated } from "../../support/service.ts";
import { Edge } from "../support/edge.ts";
import { newFirewall } from "../support/fixtures.ts";
import { Browser, hiddenFields, newKey } from "./browser.ts";

const MARKUP = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`;
/** Of a message, which may have no brackets. */
const QUOTES = `" onmouseover="alert(1)`;
/** Fits where a label may stand; a device's own word may have no markup at all. */
const WORD = "<b>x</b>";
const IN_A_WEEK = new Date(Date.now() + 7 * 86_400_000).toISOString();
const PLAN: Plan = {
	name: "own",
	overrides: 1,
	steps: [
		{
			...{ name: "one", cohort: { units: 1 }, bake: 60, fillWithin: null, expect: 60, lease: 600 },
			gate: { kind: "count", maxFailures: 0, minHealthy: 1 },
			approvals: { team: null, count: 1 },
		},
		{
			...{ name: "all", cohort: { fraction: 1 }, bake: 0, fillWithin: null, expect: 60, lease: 600 },
			gate: { kind: "count", maxFailures: 0, minHealthy: 0 },
			approvals: { team: null, count: 1 },
		},
	],
};

let product: string;
let account: string;
let firewall: Firewall;
let message: string;
let license: string;
let operator: Browser;

beforeAll(async () => {
	product = freshProduct().name;
	await operated("POST", "/v1/products", { product, plan: "immediate" });
	const fleet = await createFleet({ products: [product] });
	account = fleet.account;
	license = fleet.license;
	firewall = await newFirewall(fleet.code, false);
	await publish(product, "1.0.0", "old rules", { notes: MARKUP });
	await operated("PATCH", `/v1/products/${product}`, { plan: PLAN });
	await operated("PATCH", `/v1/devices/${firewall.clientId}`, { labels: { site: WORD } });
	const edge = new Edge();
	const { permit } = await edge.permitted(firewall, product);
	const reported = { permit, outcome: "failed", detail: "disk_full" };
	expect((await edge.sendJson("POST", "/v1/reports", firewall.accessToken, reported)).status).toBe(202);
	await edge.settled();
	const text = { severity: "warning", title: QUOTES, body: QUOTES, ends_at: IN_A_WEEK };
	message = (await operated<{ id: string }>("POST", "/v1/messages", text)).id;
	await operated("POST", `/v1/accounts/${account}/fleet`, {});
	operator = await new Browser().signIn();
});

/** Sends 2.0.0 on its way: it waits for a word. */
async function newRollout(version: string): Promise<string> {
	await publish(product, version, `rules ${version}`, { notes: MARKUP });
	return `/console/rollouts/${product}/${version}`;
}

const screens = () => [
	"/console/rollouts",
	"/console/rollouts?state=needs_somebody",
	`/console/rollouts?product=${product}`,
	`/console/rollouts/${product}/1.0.0/revert`,
	"/console/fleet",
	`/console/fleet?account=${account}`,
	`/console/fleet?product=${product}&country=BR`,
	`/console/fleet/products/${product}`,
	"/console/fleet/installed",
	`/console/fleet/installed?product=${product}&installed=1*`,
	"/console/fleet/trust",
	"/console/fleet/trust?breaks_at=2037-06-01",
	"/console/devices",
	`/console/devices?account=${account}`,
	`/console/devices?account=${account}&outcome=failed&silent_for=&label=`,
	`/console/devices/${firewall.clientId}`,
	`/console/devices/${firewall.clientId}/suspend`,
	"/console/releases",
	`/console/releases?product=${product}`,
	"/console/devices?serial=SN-of-nobody",
	"/console/devices/forks",
	`/console/devices/forks?account=${account}`,
	`/console/releases/${product}/1.0.0`,
	`/console/releases?product=${product}&status=current`,
	"/console/licenses",
	`/console/licenses/${license}?account=${account}`,
	`/console/messages/${message}`,
	`/console/messages/${message}?state=not_seen`,
	`/console/licenses?account=${account}`,
	"/console/messages",
	"/console/messages/new",
	`/console/messages/new?${new URLSearchParams({ title: MARKUP, body: MARKUP, ends_at: MARKUP })}`,
	`/console/messages/${message}/take-down`,
	"/console/traffic",
	"/console/traffic?minutes=60",
	"/console/trail",
	`/console/trail?account=${account}`,
	`/console/trail?account=${account}&device=${firewall.clientId}`,
	`/console/trail?product=${product}`,
	`/console/trail?account=${account}&order=oldest`,
];

test("each screen is there, and shows what people and devices wrote as text", async () => {
	for (const path of screens()) {
		const page = await operator.read(path);
		expect([path, page.includes("<img"), page.includes("<b>"), page.includes("alert(1)</script>")]).toEqual([
			path,
			false,
			false,
			false,
		]);
	}
	expect(await operator.read(`/console/devices/${firewall.clientId}`)).toContain("&lt;b&gt;x&lt;/b&gt;");
	expect(await operator.read("/console/messages")).not.toContain(QUOTES);
	expect(await operator.read(`/console/releases?product=${product}`)).toContain("&lt;img src=x");
});

test("a device that failed comes first, with its reason and the whole of its explanation", async () => {
	const page = await operator.read(`/console/devices/${firewall.clientId}?product=${product}`);
	for (const text of ["failed", "All of the explanation", "license_epoch_known", "Its trail"])
		expect(page).toContain(text);
	expect(await operator.read(`/console/devices?account=${account}&outcome=failed`)).toContain(firewall.clientId);
	expect(await operator.read(`/console/devices?account=${account}&outcome=healthy`)).not.toContain(firewall.clientId);
});

test.each([
	"?product=%00",
	`?product=${"x".repeat(2_000)}`,
	"?account=acct-nothing",
	"?account=../../v1/keys",
	"?account=%F0%9F%92%A9",
	"?after=%3Cscript%3E",
	"?type=%FF",
	"?order=latest",
	"?label=x&silent_for=-1&status=none&outcome=1e9",
	"?from=-1",
	"?from=1e999",
	"?minutes=0",
	"?problems_from=-1&accounts_from=1e999&releases_from=x&answers_from=1e9",
	"?at=yesterday",
	"?country=%3Cb%3E",
	"?installed=*",
	"?breaks_at=2037-99-99&trust_ends_by=soon&installed=%3Cb%3E",
	"?product=a&product=b&__proto__=x&constructor=y",
	"?limit=0&form=x",
	"?%",
])("an odd address %j is a page, and never a failure of the service", async (query) => {
	const names = [
		"rollouts",
		"fleet",
		"devices",
		"releases",
		"licenses",
		"messages",
		"messages/new",
		"traffic",
		"trail",
		"x/y/z",
	];
	const deep = [
		`devices/${firewall.clientId}`,
		`rollouts/${product}/1.0.0`,
		`fleet/products/${product}`,
		"fleet/installed",
		"fleet/trust",
		"devices/%2e%2e%2fkeys",
	];
	for (const name of [...names, ...deep]) {
		const answer = await operator.get(`/console/${name}${query}`);
		const text = await answer.text();
		expect([name, answer.status < 500, text.includes("</html>")]).toEqual([name, true, true]);
		expect(text).not.toMatch(/<b>|<script(?! src="\/console\/files\/)/);
	}
});

describe("a rollout", () => {
	test("is shown with each step of its plan, and in the list of its state alone", async () => {
		const path = await newRollout("1.5.0");
		const list = (state: string) => operator.read(`/console/rollouts?product=${product}&state=${state}`);
		const page = await list("waiting");
		expect(page).toMatch(/<li class="now" aria-current="step">one<\/li><li class="ahead">all<\/li>/);
		expect(await list("needs_somebody")).toContain(path);
		expect(await list("halted")).not.toContain(path);
		const own = await operator.read(path);
		for (const text of ["Plan own", "1 unit", "everybody", "1 person", "at 1 failure; passes with 1 healthy"])
			expect(own).toContain(text);
	});

	test("is approved from the page that asks, for the evidence that it showed, by the holder of the key", async () => {
		const path = await newRollout("2.0.0");
		expect(await operator.read("/console/rollouts")).toContain(`${product} 2.0.0`);
		const { key } = await newKey([`release:${product}`]);
		const browser = await new Browser().signIn(key);
		expect(await browser.read(path)).toContain(`${path}/approve`);
		const answer = await browser.submit(`${path}/approve`);
		expect([answer.status, answer.headers.get("location")]).toEqual([303, path]);
		const rollout = await operated<{ words: object[] }>("GET", `/v1/products/${product}/releases/2.0.0/rollout`);
		expect(rollout.words).toMatchObject([{ by: "olivia", kind: "approve" }]);
		const again = await browser.post(`${path}/approve`, {
			...hiddenFields(await browser.read("/console/rollouts")),
			evidence: "old",
		});
		expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('role="alert"')]);
	});

	test("is halted with a reason, and then reverted; without a reason nothing is done", async () => {
		const path = await newRollout("3.0.0");
		const phase = async () =>
			(await operated<{ phase: string }>("GET", `/v1/products/${product}/releases/3.0.0/rollout`)).phase;
		const refused = await operator.submit(`${path}/halt`, { reason: " " });
		expect([refused.status, await phase()]).toEqual([422, "waiting"]);
		expect((await operator.submit(`${path}/halt`, { reason: "tunnels drop" })).status).toBe(303);
		expect(await phase()).toBe("halted");
		expect(await operator.read(path)).toContain("tunnels drop");
		expect((await operator.submit(`${path}/revert`, { reason: "tunnels drop" })).status).toBe(303);
		expect(await phase()).toBe("ended");
		const { events } = await operated<{
			events: { type: string; actor: string; detail: string; request_id: string }[];
		}>("GET", `/v1/products/${product}/events`);
		const halted = events.filter(({ type }) => type === "rollout.halted");
		expect(halted.at(-1)).toMatchObject({ actor: "bootstrap", detail: expect.stringContaining("tunnels drop") });
		expect(halted.at(-1)?.request_id).toMatch(/^[0-9a-f-]{36}$/);
	});
});

test("a device is suspended and let in again, a message is put up and taken down", async () => {
	const path = `/console/devices/${firewall.clientId}`;
	const status = async () => (await operated<{ status: string }>("GET", `/v1/devices/${firewall.clientId}`)).status;
	expect((await operator.submit(`${path}/suspend`, { reason: "stolen" })).status).toBe(303);
	expect(await status()).toBe("suspended");
	expect((await operator.submit(`${path}/reinstate`)).status).toBe(303);
	expect(await status()).toBe("active");
	const form = hiddenFields(await operator.read("/console/rollouts"))["form"] ?? "";
	const page = await operator.read("/console/rollouts");
	const word = /name="form" value="([^"]*)"/.exec(page)?.[1] ?? form;
	const text = { severity: "info", title: "Hello from the console", body: "b", ends_at: IN_A_WEEK };
	expect((await operator.post("/console/messages", { form: word, ...text })).status).toBe(303);
	const { messages } = await operated<{ messages: { id: string; title: string }[] }>("GET", "/v1/messages/all");
	const made = messages.find(({ title }) => title === text.title);
	expect((await operator.submit(`/console/messages/${made?.id}/take-down`)).status).toBe(303);
	expect(await operator.read("/console/messages")).not.toContain(text.title);
});

test("a release is shown against the current one, with who signed it, and a license with its seats", async () => {
	await newRollout("3.5.0");
	const page = await operator.read(`/console/releases/${product}/3.5.0`);
	for (const text of ["Against", "1.0.0</a>, which everybody has", "the product has no role file", "Its rollout"])
		expect(page).toContain(text);
	expect((await operator.get(`/console/releases/${product}/9.9.9`)).status).toBe(404);
	expect(await operator.read(`/console/licenses/${license}?account=${account}`)).toContain("Most seats taken");
});

test("a device's timeline has what it did and what was done to it, newest first", async () => {
	const page = await operator.read(`/console/devices/${firewall.clientId}`);
	const timeline = page.slice(page.indexOf(">Timeline<"));
	expect(timeline.indexOf("disk")).toBeGreaterThan(0);
	expect(timeline.indexOf("device.new")).toBeGreaterThan(timeline.indexOf("first offered"));
});

test("a message is previewed and put up in each of its languages, and who has not seen it is a list", async () => {
	const text = { severity: "info", title: "Maintenance", body: "Tonight", ends_at: IN_A_WEEK, accounts: account };
	const german = { locale_1: "de", title_1: "Wartung", body_1: "Heute Nacht" };
	const preview = `/console/messages/new?${new URLSearchParams({ ...text, ...german })}`;
	expect(await operator.read(preview)).toMatch(/lang="de".*Wartung.*Heute Nacht/s);
	const word = /name="form" value="([^"]*)"/.exec(await operator.read(preview))?.[1] ?? "";
	expect((await operator.post("/console/messages", { form: word, ...text, ...german })).status).toBe(303);
	const { messages } = await operated<{ messages: { id: string; title: string; locales: object }[] }>(
		"GET",
		"/v1/messages/all",
	);
	const made = messages.find(({ title }) => title === text.title);
	expect(made?.locales).toEqual({ de: { title: "Wartung", body: "Heute Nacht" } });
	const path = `/console/messages/${made?.id}`;
	expect(await operator.read(`${path}?state=not_seen`)).toContain(firewall.clientId);
	expect(await operator.read(`${path}?state=acknowledged`)).not.toContain(firewall.clientId);
	expect((await operator.submit(`${path}/take-down`)).status).toBe(303);
});

test("the trail begins with what happened last, or with what happened first", async () => {
	for (const reason of ["the earlier reason", "the later reason"]) {
		await operated("POST", `/v1/devices/${firewall.clientId}/suspend`, { reason });
		await operated("POST", `/v1/devices/${firewall.clientId}/reinstate`, {});
	}
	const placesIn = (page: string) => ["account.create", "the earlier", "the later"].map((text) => page.indexOf(text));
	const [created = 0, earlier = 0, later = 0] = placesIn(await operator.read(`/console/trail?account=${account}`));
	expect([later > 0, earlier > later, created > earlier]).toEqual([true, true, true]);
	const oldest = placesIn(await operator.read(`/console/trail?account=${account}&order=oldest`));
	expect([oldest, oldest[0] === -1]).toEqual([oldest.toSorted((one, two) => one - two), false]);
});

describe("what a key may see and do", () => {
	test("with read:<account> it sees that account alone, and may do nothing", async () => {
		const { account: other } = await createFleet({ products: [product] });
		const { key } = await newKey([`read:${account}`]);
		const browser = await new Browser().signIn(key);
		const device = `/console/devices/${firewall.clientId}`;
		for (const path of ["/console/devices", "/console/fleet", "/console/licenses", "/console/trail", device])
			expect(await browser.read(path)).not.toMatch(/href="\/console\/(rollouts|releases|messages)/);
		expect(await browser.read("/console/devices")).toContain(firewall.clientId);
		expect(await browser.read(device)).not.toContain(`${device}/suspend`);
		expect((await browser.submit(`${device}/suspend`, { reason: "x" })).status).toBe(403);
		for (const path of [`/console/devices?account=${other}`, "/console/rollouts", "/console/messages"])
			expect([path, (await browser.get(path)).status]).not.toEqual([path, 200]);
	});

	test("with operate:<account> it acts in that account", async () => {
		const { key } = await newKey([`operate:${account}`]);
		const browser = await new Browser().signIn(key);
		const device = `/console/devices/${firewall.clientId}`;
		expect(await browser.read(device)).toContain(`${device}/suspend`);
		expect((await browser.submit(`${device}/suspend`)).status).toBe(303);
		expect((await browser.submit(`${device}/reinstate`)).status).toBe(303);
	});

	test("with read it sees everything and is offered nothing to do", async () => {
		const path = await newRollout("4.0.0");
		const { key } = await newKey(["read"]);
		const browser = await new Browser().signIn(key);
		expect(await browser.read(path)).not.toContain(`${path}/halt`);
		expect((await browser.submit(`${path}/halt`, { reason: "x" })).status).toBe(403);
	});
});
