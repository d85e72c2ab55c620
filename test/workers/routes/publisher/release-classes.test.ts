// Classes of a release, as those meet them who go by them: a customer's minimum ages, and words that a product asks for.
import { beforeEach, describe, expect, test } from "vitest";
import { makePackage, publish, upload } from "../../../support/fleet.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { explain } from "../../support/explained.ts";
import { checkProduct, newScene, type Scene } from "../../support/fixtures.ts";
import { DAY, HOUR, useFrozenClock } from "../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

interface Rollout {
	readonly phase: string;
	readonly class_approvals: number;
	readonly waits_for: readonly object[];
}

let scene: Scene;
beforeEach(async () => {
	scene = await newScene({ starts_at: timeAfter(-DAY), ends_at: timeAfter(100 * DAY) });
});

describe("a customer who waits a day for what changes behaviour", () => {
	beforeEach(async () => {
		const rules = [{ min_age_hours_by_class: { behaviour: 24 } }];
		await operated("PUT", `/v1/accounts/${scene.account}/policy`, { rules });
		moveTo(2 * DAY);
		await scene.firewall.authenticate();
	});
	const installed = () => checkProduct(scene.firewall, scene.product, "1.0.0");

	test("is offered threats at once, and the rest a day later", async () => {
		await publish(scene.product, "1.1.0", "newer rules", { classes: ["threat"] });
		await publish(scene.product, "1.2.0", "newest rules", { classes: ["threat", "behaviour"] });
		expect(await installed()).toMatchObject({ status: "offered", offer: { version: "1.1.0", classes: ["threat"] } });
		const told = await explain(scene, "&installed=1.0.0");
		expect(told.releases[0]).toMatchObject({ verdict: "too_young", ready_at: timeAfter(3 * DAY) });
		expect(told).toMatchObject({ policy: { min_age_hours_by_class: { behaviour: 24 } } });
		moveTo(3 * DAY);
		await scene.firewall.authenticate();
		expect(await installed()).toMatchObject({ status: "offered", offer: { version: "1.2.0" } });
	});

	test("waits for a release that does not say its classes", async () => {
		await publish(scene.product, "1.1.0", "newer rules");
		expect(await installed()).toMatchObject({ status: "current" });
	});

	test("gets no permit by an offer from before the customer said so", async () => {
		await operated("PUT", `/v1/accounts/${scene.account}/policy`, { rules: [] });
		await scene.firewall.authenticate();
		await publish(scene.product, "1.1.0", "newer rules", { classes: ["behaviour"] });
		const { offer } = await installed();
		const rules = [{ min_age_hours_by_class: { behaviour: 24 } }];
		await operated("PUT", `/v1/accounts/${scene.account}/policy`, { rules });
		moveTo(2 * DAY + HOUR / 60);
		const answer = await scene.firewall.call("POST", "/v1/permits", { offer: offer?.capability });
		const refused = await expectProblem(answer, "exposure_limited");
		expect(refused).toMatchObject({ rollout_code: "too_young" });
	});
});

describe("a product that asks for two words on what changes behaviour", () => {
	const pathOf = (version: string) => `/v1/products/${scene.product}/releases/${version}`;
	beforeEach(async () => {
		const asked = { class_approvals: { behaviour: 2 } };
		expect(await operated("PATCH", `/v1/products/${scene.product}`, asked)).toMatchObject(asked);
	});

	async function release(body: object) {
		await upload(scene.product, "1.1.0", await makePackage("newer rules"));
		return operated<{ status: string; rollout: Rollout }>("PUT", pathOf("1.1.0"), body);
	}

	test.each([
		[["behaviour"], "waiting", 2],
		[undefined, "waiting", 2],
		[["threat"], "current", 0],
	] as const)("a release of the classes %j is %s under a plan without a gate", async (classes, status, words) => {
		const released = await release({ ...(classes && { classes }) });
		expect([released.status, released.rollout.class_approvals]).toEqual([status, words]);
		const waits = words === 0 ? [] : [{ kind: "words", of: "approve", count: words }];
		expect(released.rollout.waits_for).toMatchObject(waits);
	});

	test("its trail says so, and a release that is under way keeps what it began with", async () => {
		await release({ classes: ["behaviour"] });
		await operated("PATCH", `/v1/products/${scene.product}`, { class_approvals: null });
		expect(await operated("GET", `${pathOf("1.1.0")}/rollout`)).toMatchObject({ class_approvals: 2, phase: "waiting" });
		const { events } = await operated<{ events: object[] }>("GET", `/v1/products/${scene.product}/events?order=newest`);
		expect(events).toContainEqual(expect.objectContaining({ type: "product.class_approvals", detail: "null" }));
	});

	test.each([{ behaviour: 11 }, { other: 1 }, { threat: -1 }])("takes no words like %j", async (asked) => {
		const answer = await operate("PATCH", `/v1/products/${scene.product}`, { class_approvals: asked });
		await expectProblem(answer, "invalid_request");
	});
});
