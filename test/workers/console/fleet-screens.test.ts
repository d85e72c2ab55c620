// The console's screens of the whole fleet: from a version to the accounts that have it and their devices, and from a day to who stops
// updating by then.
import { runInDurableObject } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import { silentFor } from "../../../src/console/lists.tsx";
import { createFleet, publish } from "../../support/fleet.ts";
import { freshProduct } from "../../support/fresh-names.ts";
import { bindings } from "../../support/object-bindings.ts";
import { operated } from "../../support/service.ts";
import { Edge } from "../support/edge.ts";
import { newFirewall } from "../support/fixtures.ts";
import { Browser, newKey } from "./browser.ts";

/** Said by a device. */
const ROOT = '" onmouseover="alert(1)';
const IN_40_DAYS = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 10);

let product: string;
/** ids of accounts: the first with two firewalls, the second with one */
let accounts: string[];
/** ids of the firewalls, of the first account first */
let devices: string[];
let operator: Browser;

beforeAll(async () => {
	product = freshProduct().name;
	await operated("POST", "/v1/products", { product, plan: "immediate" });
	const edge = new Edge();
	const fleets = [await createFleet({ products: [product] }), await createFleet({ products: [product] })];
	accounts = fleets.map(({ account }) => account);
	devices = [];
	for (const [fleet, version] of [
		[fleets[0], "4.26.0"],
		[fleets[0], "4.27.0"],
		[fleets[1], "4.26.1"],
	] as const) {
		const firewall = await newFirewall(fleet?.code ?? "", false);
		const tlsRoot = { sha256: "ab".repeat(32), name: ROOT, ends: `${IN_40_DAYS}T12:00:00Z` };
		const anchors: Record<string, string> = version.startsWith("4.26")
			? { anchors: JSON.stringify({ tls_root: tlsRoot }) }
			: {};
		expect((await edge.token(firewall, false, anchors)).status).toBe(200);
		expect((await edge.get(firewall, `/v1/check?installed=${product}@${version}`)).status).toBe(200);
		devices.push(firewall.clientId);
	}
	await edge.settled();
	for (const account of accounts) await operated("POST", `/v1/accounts/${account}/fleet`, {});
	operator = await new Browser().signIn();
});

/** Addresses of links whose text is this. */
function linksOf(page: string, text: string): string[] {
	return Array.from(page.matchAll(/<a href="([^"]*)"[^>]*>([^<]*)<\/a>/g))
		.filter(([, , name]) => name === text)
		.map(([, href = ""]) => href.replaceAll("&amp;", "&"));
}

test("from the beginning of a version one comes to its accounts, and from each to the devices that have it", async () => {
	const page = await operator.read(`/console/fleet/installed?product=${product}&installed=4.26*`);
	expect(page).toContain("2 of 3 devices");
	const lists = linksOf(page, "which they are");
	expect(lists.map((href) => new URLSearchParams(href.split("?")[1]).get("account")).toSorted()).toEqual(
		accounts.toSorted(),
	);
	const shown = (await Promise.all(lists.map((href) => operator.read(href)))).join("");
	expect(devices.map((device) => shown.includes(device))).toEqual([true, false, true]);
	const [exact = ""] = linksOf(page, "4.26.1");
	expect(await operator.read(exact)).toContain("1 of 3 devices");
});

test("the fleet in numbers leads to who has a version", async () => {
	const [href = ""] = linksOf(await operator.read(`/console/fleet?product=${product}`), "4.26.0");
	expect(href).toBe(`/console/fleet/installed?product=${product}&installed=4.26.0`);
});

test("by a day one sees which accounts stop updating, what ends, what to do, and which devices these are", async () => {
	const before = await operator.read(`/console/fleet/trust?breaks_at=${IN_40_DAYS}`);
	for (const account of accounts) expect(before).not.toContain(`account=${account}`);
	const page = await operator.read("/console/fleet/trust");
	expect(page).toContain("TLS root &quot; onmouseover=&quot;alert(1)");
	expect(page).toContain("the root of another CA");
	const lists = linksOf(page, "which they are").filter((href) => accounts.some((account) => href.includes(account)));
	expect(lists).toHaveLength(2);
	const shown = (await Promise.all(lists.map((href) => operator.read(href)))).join("");
	expect(devices.map((device) => shown.includes(device))).toEqual([true, false, true]);
});

test("an account's fleet says why its updates failed, where, and of which devices", async () => {
	const [account = "", other = ""] = accounts;
	const [device = ""] = devices;
	const said = {
		...{ kind: "reported" as const, product, from: "4.26.0", version: "4.28.0" },
		...{ outcome: "failed" as const, reason: "disk" as const, detail: null },
	};
	const at = Math.floor(Date.now() / 1_000);
	const word = { device, at, country: "BR", colo: "GRU", said };
	await bindings.ACCOUNT.getByName(account.slice(5, 15)).hearDevices([word]);
	const page = await operator.read(`/console/fleet?account=${account}&product=${product}`);
	expect(page).toContain("make room on the devices");
	expect(page).toMatch(/Brazil<\/a><\/th><td>1<\/td><td><span class="mark red">1<\/span>/);
	const [list = ""] = linksOf(page, "1").filter((href) => href.includes("outcome=failed"));
	const shown = await operator.read(list);
	expect(devices.map((one) => shown.includes(one))).toEqual([true, false, false]);
	expect(await operator.read(`/console/fleet?account=${account}&country=AR`)).toContain("No last update failed");
	expect(await operator.read(`/console/fleet?account=${account}&country=br`)).toContain("make room on the devices");
	expect(await operator.read("/console/fleet?country=br")).toContain('name="country" value="BR"');
	expect(await operator.read(`/console/fleet?account=${other}`)).toContain("No last update failed");
	const { key } = await newKey([`read:${account}`]);
	expect(await (await new Browser().signIn(key)).read("/console/fleet")).toContain("make room on the devices");
});

test("versions over time are words until there is a history, and a chart from then on, for which alone its script is loaded", async () => {
	await publish(product, "4.26.0", "rules");
	const path = `/console/fleet/products/${product}`;
	const before = await operator.read(path);
	expect([before.includes("Counted once so far"), before.includes("<figure")]).toEqual([true, false]);
	const unused = freshProduct().name;
	await operated("POST", "/v1/products", { product: unused, plan: "immediate" });
	expect(await operator.read(`/console/fleet/products/${unused}`)).toContain("There is no history yet");
	expect(before).not.toContain("uPlot");
	await runInDurableObject(bindings.CENSUS.getByName("census"), (_, { storage }) => {
		const hours = [2, 1].map((ago) => Math.floor(Date.now() / 1_000) - ago * 3_600);
		for (const at of hours) storage.sql.exec("INSERT INTO samples VALUES (?, '4.26.0', ?, ?)", product, at, at % 7);
	});
	const page = await operator.read(path);
	expect([page.includes("Counted once so far"), page.includes('<figure class="chart"')]).toEqual([false, true]);
	for (const file of ["uPlot.iife.min.js", "uPlot.min.css"]) expect(page).toContain(file);
	for (const other of ["/console/rollouts", "/console/trail", "/console/devices"])
		expect([other, (await operator.read(other)).includes("uPlot")]).toEqual([other, false]);
});

test("by a day one sees which accounts, and which devices, were not seen since", async () => {
	const dayAt = (ms: number) => new Date(ms).toISOString().slice(0, 10);
	const [monthAgo, tomorrow] = [dayAt(Date.now() - 30 * 86_400_000), dayAt(Date.now() + 86_400_000)];
	expect(silentFor("2026-11-23", Date.parse("2026-11-24T01:00:00Z") / 1_000)).toBe(String(25 * 3_600));
	const fleet = await operator.read(`/console/fleet?not_seen_since=${monthAgo}`);
	expect(fleet).toContain(`Not seen since ${monthAgo}`);
	expect(fleet).toContain("Every account is heard of.");
	const shown = async (day: string) => {
		const page = await operator.read(`/console/devices?account=${accounts[0]}&not_seen_since=${day}`);
		expect(page).toContain(`name="not_seen_since" value="${day}"`);
		return devices.map((one) => page.includes(one));
	};
	expect(await shown(monthAgo)).toEqual([false, false, false]);
	expect(await shown("")).toEqual([true, true, false]);
	for (const day of [tomorrow, "monday", "1999-01-01"])
		for (const path of ["/console/fleet?", `/console/devices?account=${accounts[0]}&`])
			expect([day, (await operator.get(`${path}not_seen_since=${day}`)).status]).toEqual([day, 422]);
});

test("a key of one account opens neither", async () => {
	const { key } = await newKey([`read:${accounts[0]}`]);
	const browser = await new Browser().signIn(key);
	for (const path of ["/console/fleet/installed", "/console/fleet/trust"]) {
		const answer = await browser.get(path);
		expect([path, answer.status]).toEqual([path, 403]);
		expect(await answer.text()).not.toContain(accounts[1]);
	}
});
