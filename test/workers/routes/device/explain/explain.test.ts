// Why a firewall gets what it gets: every code, every verdict, and what time will change.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { accountObjectName } from "../../../../../src/entitlement/ids.ts";
import { ringAll } from "../../../../support/accounts/alarms.ts";
import { publish } from "../../../../support/fleet.ts";
import { operated, send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { type Explained, explain, explainToItself, newLicensedScene, pathOf } from "../../../support/explained.ts";
import { checkProduct, newProduct, type Scene, setStatus } from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const clock = useFrozenClock();
const { timeAfter, moveTo } = clock;
const inForce = (license: Record<string, unknown> = {}) => newLicensedScene(clock, license);
const verdictsOf = ({ releases }: Explained) => releases.map(({ version, verdict }) => [version, verdict]);

test("the whole trace of a device that is offered its first release", async () => {
	const scene = await inForce({ seats: 7, delay_hours: 2 });
	const { firewall, product, account, license } = scene;
	moveTo(2 * HOUR);
	expect(await explain(scene, "&engine=11.1")).toEqual({
		device: firewall.clientId,
		account,
		product,
		at: timeAfter(2 * HOUR),
		model: "FW-100",
		channel: "stable",
		engine: "11.1",
		disk_free: null,
		memory: null,
		installed: null,
		status: "active",
		replaces: null,
		replaced_by: null,
		ha_group: null,
		holds_seat: true,
		seat_holder: scene.firewall.clientId,
		lease_until: null,
		hold: null,
		policy: null,
		install: { at: timeAfter(2 * HOUR), version: "1.0.0" },
		suspensions: [],
		trust: null,
		license: {
			license,
			status: "active",
			products: [product],
			product_validity: {},
			seats: 7,
			seats_taken: 1,
			starts_at: timeAfter(-DAY),
			ends_at: timeAfter(10 * DAY),
			grace_days: 5,
			critical_days: 3,
			delay_hours: 2,
			emergency_delay_hours: 0,
			overage: "refuse",
			kind: "fixed",
			lease_minutes: 0,
		},
		ha: null,
		entitlement: {
			product,
			decision: "active",
			code: "active",
			title: "The license covers the product",
			fix: "Nothing to do.",
			from: timeAfter(-DAY),
			until: timeAfter(10 * DAY),
			grace_until: timeAfter(15 * DAY),
			critical_until: timeAfter(18 * DAY),
			changes_at: timeAfter(10 * DAY),
		},
		from_state: [],
		disabled_rules: [],
		releases: [
			{
				version: "1.0.0",
				sequence: 1,
				released_at: timeAfter(0),
				urgency: "routine",
				channel: "stable",
				installed: false,
				withdrawn: false,
				...{ footprint: null, impact: null, classes: null },
				regressed: false,
				held_by_validator: null,
				verdict: "chosen",
				requires: [],
				ready_at: null,
				rollout: null,
			},
		],
		answer: {
			code: "active",
			status: "offered",
			reason: "first_install",
			version: "1.0.0",
			downgrade: false,
			download: "in_offer",
			after: [],
		},
		changes_at: timeAfter(10 * DAY),
		changes: [
			{ at: timeAfter(10 * DAY), what: "license_ends", answer: expect.objectContaining({ code: "grace" }) },
			{ at: timeAfter(15 * DAY), what: "grace_ends", answer: expect.objectContaining({ code: "critical_only" }) },
			{ at: timeAfter(18 * DAY), what: "critical_ends", answer: expect.objectContaining({ code: "expired" }) },
		],
		edge: {
			license_epoch: 0,
			license_epoch_known: 0,
			version: 1,
			denied: null,
			product_revision: expect.any(Number),
			stores: [{ store: "kv", state: "current", version: 1, license_epoch: 0, outdated: false, code: "active" }],
		},
	});
});

describe("every code of an entitlement is told to an operator, and to the device where it is let in:", () => {
	const license = async ({ account, license }: Scene, action: string) => {
		await operated("POST", `/v1/accounts/${account}/licenses/${license}/${action}`, { reason: "a test" });
		// Until the device's record is written anew.
		const object = env.ACCOUNT.getByName(accountObjectName(account));
		await ringAll(object);
	};
	const deactivate = async ({ firewall }: Scene) => {
		const headers = { authorization: `Bearer ${firewall.registrationToken}` };
		expect((await send(`/oauth2/register/${firewall.clientId}`, { method: "DELETE", headers })).status).toBe(204);
	};
	test.each<[string, boolean, (scene: Scene) => unknown]>([
		["active", true, () => {}],
		["grace", true, () => moveTo(10 * DAY)],
		["critical_only", true, () => moveTo(15 * DAY)],
		["expired", true, () => moveTo(18 * DAY)],
		["license_suspended", true, (scene) => license(scene, "suspend")],
		["license_revoked", true, (scene) => license(scene, "revoke")],
		["suspended", false, ({ firewall }) => setStatus(firewall, "suspend")],
		["revoked", false, ({ firewall }) => setStatus(firewall, "revoke")],
		["deactivated", false, deactivate],
	])("%s", async (code, isLetIn, happen) => {
		const scene = await inForce();
		await happen(scene);
		const told = await explain(scene);
		expect(told.entitlement).toMatchObject({ code, title: expect.any(String), fix: expect.any(String) });
		expect(told.edge.stores).toMatchObject([{ state: "current", code }]);
		const isRefused = told.entitlement["decision"] === "refused";
		expect(told.answer).toMatchObject(isRefused ? { status: "refused", reason: code } : { status: "offered" });
		expect(told.releases.length).toBe(isRefused ? 0 : 1);
		if (!isLetIn) {
			const status = code === "revoked" || code === "deactivated" ? [code, false] : [code, true];
			expect([told["status"], told["holds_seat"]]).toEqual(status);
			expect(told.edge.denied).toEqual({ until: expect.any(String) });
			await expectProblem(await scene.firewall.call("GET", pathOf(scene)), "device_refused");
			return;
		}
		await scene.firewall.authenticate();
		const { at: _, ...itself } = await explainToItself(scene);
		const { at: __, ...toldToOperators } = told;
		// By whom and why is for operators.
		expect(itself).toEqual({ ...toldToOperators, suspensions: [] });
		expect(told.edge.denied).toBeNull();
		expect(told["hold"]).toBe(code.startsWith("license_") ? code : null);
		expect(await checkProduct(scene.firewall, scene.product)).toMatchObject({
			code,
			status: told.answer["status"],
			reason: told.answer["reason"],
		});
	});

	test("not_yet_valid, and what comes when it starts", async () => {
		const scene = await inForce({ starts_at: timeAfter(DAY) });
		const { entitlement, answer, changes_at, changes } = await explain(scene);
		expect([entitlement["code"], answer["status"], changes_at]).toEqual(["not_yet_valid", "refused", timeAfter(DAY)]);
		expect(changes[0]).toMatchObject({ what: "license_starts", answer: { status: "offered", version: "1.0.0" } });
	});

	test("not_included, also of a product that there is not", async () => {
		const scene = await inForce();
		for (const product of [await newProduct(), "unheard-of"]) {
			const told = await explainToItself({ firewall: scene.firewall, product });
			expect(told.entitlement).toMatchObject({ code: "not_included", from: null });
			expect(told).toMatchObject({ releases: [], changes_at: null, changes: [], edge: { product_revision: null } });
		}
	});
});

describe("with releases of every kind", () => {
	let scene: Scene;
	beforeEach(async () => {
		scene = await inForce({ delay_hours: 2 });
		const { product } = scene;
		await publish(product, "2.0.0", "rules 2");
		await publish(product, "3.0.0", "rules 3", { models: ["FW-900"] });
		await publish(product, "4.0.0", "rules 4", { engine: { min: "12" } });
		await publish(product, "5.0.0", "rules 5");
		await operated("POST", `/v1/products/${product}/releases/5.0.0/withdraw`, { reason: "false positives" });
		moveTo(3 * HOUR);
		await publish(product, "6.0.0", "rules 6");
		await scene.firewall.authenticate();
	});

	test("each says why it was passed over, newest first", async () => {
		const told = await explainToItself(scene, "&installed=1.0.0&engine=11.1");
		expect(verdictsOf(told)).toEqual([
			["6.0.0", "too_young"],
			["5.0.0", "withdrawn"],
			["4.0.0", "incompatible_engine"],
			["3.0.0", "incompatible_model"],
			["2.0.0", "chosen"],
			["1.0.0", "older_than_choice"],
		]);
		expect(told.releases.map(({ ready_at }) => ready_at)).toEqual([timeAfter(5 * HOUR), ...Array(5).fill(null)]);
		expect(told.releases.filter(({ installed }) => installed).map(({ version }) => version)).toEqual(["1.0.0"]);
		expect(told.answer).toMatchObject({ status: "offered", reason: "newer", version: "2.0.0", downgrade: false });
		expect(told.changes_at).toBe(timeAfter(5 * HOUR));
		expect(told.changes[0]).toMatchObject({ what: "release_ready", answer: { version: "6.0.0" } });
	});

	test("another engine gets another one, as in a check", async () => {
		const { answer } = await explainToItself(scene, "&engine=12.1");
		expect(answer).toMatchObject({ status: "offered", version: "4.0.0" });
		const check = await scene.firewall.call("GET", `/v1/check?installed=${scene.product}&engine=12.1`);
		expect(await check.json()).toMatchObject({ products: [{ offer: { version: "4.0.0" } }] });
	});

	test("what is withdrawn is left, and what is new enough is current", async () => {
		const [withdrawn, current] = [await explain(scene, "&installed=5.0.0"), await explain(scene, "&installed=6.0.0")];
		expect(withdrawn.answer).toMatchObject({ reason: "installed_withdrawn", version: "2.0.0", downgrade: true });
		expect(current.answer).toMatchObject({ status: "current", reason: "newer_installed", version: null });
	});

	test("tomorrow's answer is the one that will come tomorrow", async () => {
		const at = 5 * HOUR;
		const [before, foreseen] = await Promise.all(
			[at - SECOND, at].map((time) => explain(scene, `&engine=11.1&at=${timeAfter(time)}`)),
		);
		expect([before?.answer["version"], foreseen?.answer["version"]]).toEqual(["2.0.0", "6.0.0"]);
		expect(foreseen?.["at"]).toBe(timeAfter(at));
		moveTo(at);
		expect(await explain(scene, "&engine=11.1")).toEqual(foreseen);
	});

	test("and after the grace what came out since is not licensed", async () => {
		moveTo(16 * DAY);
		await publish(scene.product, "7.0.0", "rules 7");
		const told = await explain(scene, `&at=${timeAfter(17 * DAY)}`);
		expect(verdictsOf(told).slice(0, 2)).toEqual([
			["7.0.0", "not_licensed"],
			["6.0.0", "chosen"],
		]);
		expect(told.entitlement).toMatchObject({ code: "critical_only" });
	});
});

test("a release that the product's validator holds is told as that, and offered to nobody", async () => {
	const scene = await inForce();
	const { product } = scene;
	await operated("PUT", `/v1/products/${product}/validator`, { url: "https://validator.example.com/" });
	const { sha256 } = await publish(product, "2.0.0", "other rules");
	const held = async () => (await explain(scene)).releases.find(({ version }) => version === "2.0.0");
	expect(await held()).toMatchObject({ held_by_validator: "pending", verdict: "rollout_closed" });
	await operated("PUT", `/v1/products/${product}/releases/2.0.0/validation`, { result: "failed", sha256 });
	expect(await held()).toMatchObject({ held_by_validator: "failed" });
	expect((await checkProduct(scene.firewall, product)).offer?.version).not.toBe("2.0.0");
	await operated("PUT", `/v1/products/${product}/releases/2.0.0/validation`, { result: "passed", sha256 });
	expect(await held()).toMatchObject({ held_by_validator: null });
});
