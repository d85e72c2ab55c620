// The state of each device, as it follows from what the device says: written behind the answers, found by filters, shown with the
// device. A device's account that is down delays and fails nothing.
import { beforeEach, describe, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { operate, operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

interface State {
	readonly device: string;
	readonly seen_at: string | null;
	readonly products: readonly Record<string, unknown>[];
	readonly [field: string]: unknown;
}

let edge: Edge;
let scene: Scene;
beforeEach(async () => {
	edge = new Edge();
	scene = await newScene({ ends_at: timeAfter(100 * DAY) }, false);
});

async function check(firewall: Firewall, query: string): Promise<void> {
	expect((await edge.get(firewall, `/v1/check?${query}`)).status).toBe(200);
	await edge.settled();
}

async function report(permit: string, outcome: string, more: object = {}): Promise<Response> {
	const answer = await edge.sendJson("POST", "/v1/reports", scene.firewall.accessToken, { permit, outcome, ...more });
	await edge.settled();
	return answer;
}

async function permitted(): Promise<string> {
	const { permit } = await edge.permitted(scene.firewall, scene.product);
	await edge.settled();
	return permit;
}

const stateOf = (firewall: Firewall) => operated<State>("GET", `/v1/devices/${firewall.clientId}`);
const found = async (query: string) => {
	const { devices } = await operated<{ devices: State[] }>("GET", `/v1/accounts/${scene.account}/devices?${query}`);
	return devices.map(({ device }) => device);
};
const hourOf = (time: string) => time.replace(/:\d\d:\d\dZ$/, ":00:00Z");

describe("the state of a device", () => {
	test("is nothing before it is heard of", async () => {
		expect(await stateOf(scene.firewall)).toMatchObject({ seen_at: null, engine: null, products: [], has_seat: true });
	});

	test("is what an explanation to operators goes by, unless they say another", async () => {
		const { firewall, product } = scene;
		const explain = (more = "") =>
			operated("GET", `/v1/devices/${firewall.clientId}/explain?product=${product}${more}`);
		expect(await explain()).toMatchObject({ installed: null, engine: null, from_state: [] });
		await check(firewall, `installed=${product}@0.9.0&engine=11.1.4`);
		expect(await explain()).toMatchObject({
			...{ installed: "0.9.0", engine: "11.1.4", from_state: ["installed", "engine"] },
			answer: { status: "offered", reason: "installed_unknown" },
		});
		expect(await explain("&installed=1.0.0")).toMatchObject({ installed: "1.0.0", from_state: ["engine"] });
		const itself = await edge.get(firewall, `/v1/devices/${firewall.clientId}/explain?product=${product}`);
		expect(await itself.json()).toMatchObject({ installed: null, engine: null, from_state: [] });
	});

	test("follows its checks, its permits and its reports", async () => {
		const { firewall, product } = scene;
		await check(firewall, `installed=${product}@0.9.0&engine=11.1.4`);
		expect(await stateOf(firewall)).toMatchObject({
			...{ engine: "11.1.4", seen_at: hourOf(timeAfter(0)), problem: null },
			products: [{ product, installed: "0.9.0", offered: "1.0.0", permitted: null, outcome: null }],
		});
		const permit = await permitted();
		// Of a release that everybody may have, what becomes of it is told, and not that it was asked for.
		expect((await stateOf(firewall)).products).toMatchObject([{ permitted: null, permitted_at: null }]);
		moveTo(5 * SECOND);
		expect((await report(permit, "failed", { detail: "enospc", reason: "disk" })).status).toBe(202);
		expect((await stateOf(firewall)).products).toMatchObject([
			{ installed: null, outcome: "failed", outcome_version: "1.0.0", reason: "disk", detail: "enospc" },
		]);
		await report(permit, "healthy");
		expect((await stateOf(firewall)).products).toMatchObject([
			{ installed: "1.0.0", offered: null, outcome: "healthy", reason: null, detail: null },
		]);
	});

	test("has the last problem with a permit", async () => {
		const offer =
			(await edge.check(scene.firewall, `?installed=${scene.product}`)).products[0]?.offer?.capability ?? "";
		await operated("POST", `/v1/products/${scene.product}/releases/1.0.0/withdraw`, { reason: "bad" });
		moveTo(30 * SECOND);
		await expectProblem(await edge.permit(scene.firewall, offer), "release_withdrawn");
		await edge.settled();
		expect(await stateOf(scene.firewall)).toMatchObject({
			problem: "release_withdrawn",
			problem_at: timeAfter(30 * SECOND),
		});
	});

	test("is not told of again by an unchanged answer, nor by the same check", async () => {
		const query = `/v1/check?installed=${scene.product}@1.0.0`;
		const etag = (await edge.get(scene.firewall, query)).headers.get("etag") ?? "";
		await edge.settled();
		edge.account.heard = 0;
		expect((await edge.get(scene.firewall, query, { "if-none-match": etag })).status).toBe(304);
		await check(scene.firewall, `installed=${scene.product}@1.0.0`);
		expect([edge.account.heard, edge.account.calls]).toEqual([0, 0]);
	});

	test("that its account cannot take delays and fails no request", async () => {
		edge.account.mood = "fails";
		await check(scene.firewall, `installed=${scene.product}@0.9.0`);
		const permit = await permitted();
		expect((await report(permit, "installed")).status).toBe(202);
		edge.account.mood = "well";
		expect((await stateOf(scene.firewall)).products).toEqual([]);
	});

	test("names no product that its license does not", async () => {
		await check(scene.firewall, "installed=not-mine@1.0.0");
		expect((await stateOf(scene.firewall)).products).toEqual([]);
	});
});

describe("devices are found", () => {
	let other: Firewall;
	beforeEach(async () => {
		other = await newFirewall(scene.code, false);
		await check(scene.firewall, `installed=${scene.product}@0.9.0`);
		await check(other, `installed=${scene.product}@1.0.0`);
	});

	test("by the version that they have, and by the outcome of their update", async () => {
		expect(await found(`product=${scene.product}&installed=0.9.0`)).toEqual([scene.firewall.clientId]);
		expect(await found("installed=1.0.0")).toEqual([other.clientId]);
		await report(await permitted(), "failed", { reason: "engine_busy" });
		expect(await found("outcome=failed&reason=engine_busy")).toEqual([scene.firewall.clientId]);
		expect(await found("outcome=failed&reason=disk")).toEqual([]);
	});

	test.each([
		["0.9*", 1],
		["0.9.*", 1],
		["0.9.0*", 1],
		["0*", 1],
		["0.90*", 0],
		["0.9", 0],
		["1*", 2],
		["2*", 0],
	])("by what their version begins with: %j", async (installed, which) => {
		const expected = [scene.firewall, other][which - 1];
		expect(await found(`product=${scene.product}&installed=${installed}`)).toEqual(
			expected === undefined ? [] : [expected.clientId],
		);
	});

	test("by how long they have been silent", async () => {
		moveTo(13 * HOUR);
		await edge.authenticate(other);
		await check(other, `installed=${scene.product}@1.0.0`);
		expect(await found(`silent_for=${6 * 3_600}`)).toEqual([scene.firewall.clientId]);
		expect(await found(`silent_for=${48 * 3_600}`)).toEqual([]);
	});

	test("by serial number, its beginning, model, license, status and labels", async () => {
		const serial = String((await stateOf(other))["serial"]);
		await operated("PATCH", `/v1/devices/${other.clientId}`, { labels: { site: "oslo", "x.y": "1" } });
		for (const query of [
			...[
				`serial=${serial.toLowerCase()}`,
				`serial_prefix=${serial}`,
				"label=site%3Doslo",
				"label=site%3Doslo,x.y%3D1",
			],
			...[`serial=${serial}&license=${scene.license}&status=active&model=FW-100`],
		]) {
			expect([query, await found(query)]).toEqual([query, [other.clientId]]);
		}
		for (const query of ["model=FW-9", "license=lic-00000000", "status=revoked", "label=site%3Dbonn"]) {
			expect([query, await found(query)]).toEqual([query, []]);
		}
	});

	test("never by a filter that is mistyped", async () => {
		const list = (query: string) => operate("GET", `/v1/accounts/${scene.account}/devices?${query}`);
		for (const query of [
			"label=site",
			"silent_for=soon",
			"outcome=broken",
			"status=gone",
			"installed=",
			"installed=*",
			"installed=4*0",
		]) {
			await expectProblem(await list(query), "invalid_request");
		}
	});
});

describe("the labels of a device", () => {
	test("are changed as a whole, with a trail, and reach its record", async () => {
		const { firewall } = scene;
		const relabel = (labels: object) => operate("PATCH", `/v1/devices/${firewall.clientId}`, { labels });
		expect(await (await relabel({ site: "oslo" })).json()).toMatchObject({ labels: { site: "oslo" }, published: true });
		expect(await stateOf(firewall)).toMatchObject({ labels: { site: "oslo" } });
		expect((await relabel({})).status).toBe(200);
		expect(await stateOf(firewall)).toMatchObject({ labels: {} });
		await expectProblem(await relabel({ Site: "oslo" }), "invalid_request");
	});
});
