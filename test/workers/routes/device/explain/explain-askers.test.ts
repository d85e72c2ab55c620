// Who is told why a firewall gets what it gets, and that it shows where an edge is behind.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Firewall } from "../../../../support/firewall.ts";
import { TEST_SECRETS } from "../../../../support/secrets.ts";
import { operate, operated } from "../../../../support/service.ts";
import { readStored, sealedText } from "../../../../support/stored-record.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { type Explained, explainToItself, newLicensedScene, pathOf } from "../../../support/explained.ts";
import { newFirewall, type Scene, setStatus } from "../../../support/fixtures.ts";
import { SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const clock = useFrozenClock();
const { timeAfter, moveTo } = clock;
const inForce = () => newLicensedScene(clock);

describe("who may ask", () => {
	let scene: Scene;
	beforeEach(async () => {
		scene = await inForce();
	});

	test("a device not about another one, be it of its own account, of another, or of nobody", async () => {
		const sibling = await newFirewall(scene.code);
		const stranger = (await inForce()).firewall;
		const about = (id: string) => sibling.call("GET", `/v1/devices/${id}/explain?product=${scene.product}`);
		for (const id of [scene.firewall.clientId, stranger.clientId, "garbage"]) {
			await expectProblem(await about(id), "not_found");
		}
		expect((await about(sibling.clientId)).status).toBe(200);
	});

	test("an operator about every device that there is", async () => {
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "desk", scopes: ["operate"] });
		expect((await operate("GET", pathOf(scene), undefined, key)).status).toBe(200);
		await expectProblem(await operate("GET", `/v1/devices/garbage/explain?product=crs`), "invalid_identifier");
	});

	test("a publisher not at all", async () => {
		const scopes = [`publish:${scene.product}`];
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "ci", scopes });
		await expectProblem(await operate("GET", pathOf(scene), undefined, key), "insufficient_scope");
	});

	test("a device with a bearer token too", async () => {
		await scene.firewall.authenticate(false);
		expect((await explainToItself(scene)).answer).toMatchObject({ status: "offered" });
	});

	test("nobody with a token from before a change of the license", async () => {
		await operated("PATCH", `/v1/accounts/${scene.account}/licenses/${scene.license}`, { delay_hours: 5 });
		await expectProblem(await scene.firewall.call("GET", pathOf(scene)), "unauthenticated");
	});

	test.each([
		["no product", ""],
		["a product name that is none", "?product=../crs"],
		["a time that is none", "?product=crs&at=tomorrow"],
		["a version that is none", "?product=crs&installed=.."],
	])("nobody with %s", async (_, query) => {
		const path = `/v1/devices/${scene.firewall.clientId}/explain${query}`;
		await expectProblem(await operate("GET", path), "invalid_request");
	});

	test("each not too often: it asks an object", async () => {
		const limit = async () => ({ success: false });
		const edge = new Edge("kv", { RATE_TOKEN: { limit } });
		await scene.firewall.authenticate(false);
		await expectProblem(await edge.get(scene.firewall, pathOf(scene)), "rate_limited");
		expect(edge.account.calls).toBe(0);
		const strict = new Edge("kv", { RATE_PUBLISH: { limit } });
		const asOperator = { headers: { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}` } };
		await expectProblem(await strict.send(pathOf(scene), asOperator), "rate_limited");
		expect((await strict.get(scene.firewall, pathOf(scene))).status).toBe(200);
	});
});

describe("where this edge is behind", () => {
	const asOperator = { headers: { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}` } };
	async function ask(edge: Edge, scene: { firewall: Firewall; product: string }): Promise<Explained> {
		const answer = await edge.send(pathOf(scene), asOperator);
		expect(answer.status).toBe(200);
		return answer.json();
	}

	test("a suspension that has not arrived shows: suspended in truth, active by the copy", async () => {
		const scene = await inForce();
		const edge = new Edge();
		await edge.kv.freeze();
		await setStatus(scene.firewall, "suspend");
		const told = await ask(edge, scene);
		expect(told).toMatchObject({ status: "suspended", answer: { status: "refused", reason: "suspended" } });
		expect(told.edge).toMatchObject({
			version: 2,
			denied: null,
			stores: [{ state: "behind", version: 1, code: "active", outdated: false }],
		});
	});

	test("a renewal of which the edge knows, but not by the device's record, makes the copy outdated", async () => {
		const scene = await inForce();
		const edge = new Edge();
		const { clientId } = scene.firewall;
		await edge.kv.freeze();
		const tellOld = edge.kv.tell;
		edge.kv.tell = (key, text) => (key === `device:${clientId}` ? tellOld(key, text) : text);
		await operated("PATCH", `/v1/accounts/${scene.account}/licenses/${scene.license}`, { ends_at: timeAfter(SECOND) });
		moveTo(2 * SECOND);
		const told = await ask(edge, scene);
		expect(told.entitlement).toMatchObject({ code: "grace" });
		expect(told.edge).toMatchObject({
			license_epoch: 1,
			license_epoch_known: 1,
			stores: [{ state: "behind", license_epoch: 0, outdated: true, code: "active" }],
		});
	});

	test.each<[string, (edge: Edge, key: string) => unknown]>([
		["missing", (edge, key) => (edge.kv.tell = (asked, text) => (asked === key ? null : text))],
		["unreadable", (edge, key) => (edge.kv.tell = (asked, text) => (asked === key ? "<html>" : text))],
		[
			"ahead",
			async (edge, key) => {
				const { body } = readStored(key, (await env.RECORDS.get(key)) ?? "");
				const ahead = await sealedText(key, { version: 9, body });
				edge.kv.tell = (asked, text) => (asked === key ? ahead : text);
			},
		],
	])("a copy that is %s", async (state, spoil) => {
		const scene = await inForce();
		const edge = new Edge();
		await spoil(edge, `device:${scene.firewall.clientId}`);
		const told = await ask(edge, scene);
		expect(told.answer).toMatchObject({ status: "offered" });
		expect(told.edge.stores).toMatchObject([{ store: "kv", state, version: state === "ahead" ? 9 : null }]);
	});

	test("a record of another form is unreadable, with its version", async () => {
		const scene = await inForce();
		const edge = new Edge();
		const key = `device:${scene.firewall.clientId}`;
		const other = await sealedText(key, { version: 1, body: {} });
		edge.kv.tell = (asked, text) => (asked === key ? other : text);
		expect((await ask(edge, scene)).edge.stores).toMatchObject([{ state: "unreadable", version: 1, code: null }]);
	});

	test("a store that fails, beside one that does not", async () => {
		const scene = await inForce();
		const edge = new Edge("redis,kv");
		edge.redis.mood = "fails";
		expect((await ask(edge, scene)).edge.stores).toMatchObject([
			{ store: "redis", state: "unreachable", version: null, code: null },
			{ store: "kv", state: "current", code: "active" },
		]);
	});

	test("when all that is shared is from an old copy, that is said too", async () => {
		const scene = await inForce();
		const edge = new Edge();
		await ask(edge, scene);
		edge.setStores("fails");
		edge.product.mood = "fails";
		edge.directory.mood = "fails";
		moveTo(60 * SECOND);
		expect(await ask(edge, scene)).toMatchObject({
			degraded: true,
			as_of: timeAfter(0),
			edge: { stores: [{ state: "unreachable" }] },
		});
	});

	test("without its Account there is no explanation", async () => {
		const scene = await inForce();
		const edge = new Edge();
		edge.account.mood = "fails";
		await expectProblem(await edge.send(pathOf(scene), asOperator), "unavailable");
	});
});
