// When a device is told to come back: at its own pace, sooner for an emergency, half as often while records cannot be read, and one
// after the other where an answer ends for thousands at one moment.
import { describe, expect, test } from "vitest";
import { publish } from "../../../../support/fleet.ts";
import { operated } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { type CheckBody, check, newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();
const INTERVAL = 600;

const ask = ({ firewall, product }: Scene, version: string) => check(firewall, `?installed=${product}@${version}`);
function expectAbout({ next_check_in: next }: CheckBody, seconds: number): void {
	expect(next).toBeGreaterThanOrEqual(seconds * 0.9 - 1);
	expect(next).toBeLessThanOrEqual(seconds * 1.1 + 1);
}

describe("a device comes back", () => {
	test("in a quarter of its interval while an emergency is offered, and at its usual pace once it is installed", async () => {
		const scene = await newScene({ ends_at: timeAfter(20 * DAY) });
		expectAbout(await ask(scene, "1.0.0"), INTERVAL);
		await publish(scene.product, "1.1.0", "rules against it", { urgency: "emergency" });
		moveTo(60 * SECOND);
		expectAbout(await ask(scene, "1.0.0"), INTERVAL / 4);
		expectAbout(await ask(scene, "1.1.0"), INTERVAL);
	});

	test("half as often while its answers come from old copies", async () => {
		const scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
		const edge = new Edge();
		const query = `?installed=${scene.product}@1.0.0`;
		expectAbout(await edge.check(scene.firewall, query), INTERVAL);
		edge.takeDown();
		moveTo(60 * SECOND);
		const degraded = await edge.check(scene.firewall, query);
		expect(degraded.degraded).toBe(true);
		expectAbout(degraded, 2 * INTERVAL);
		edge.restore();
		moveTo(120 * SECOND);
		expectAbout(await edge.check(scene.firewall, query), INTERVAL);
	});
});

test("devices whose answers end at one moment are quiet until different times after it", async () => {
	const scene = await newScene({ ends_at: timeAfter(20 * DAY) });
	const begins = timeAfter(1_000 * SECOND);
	const { id } = await operated<{ id: string }>("POST", "/v1/messages", {
		...{ severity: "info", title: "Soon", body: "At one moment for all.", audience: { accounts: [scene.account] } },
		...{ starts_at: begins, ends_at: timeAfter(DAY) },
	});
	moveTo(60 * SECOND);
	const firewalls = [scene.firewall];
	for (let count = 0; count < 5; count++) firewalls.push(await newFirewall(scene.code));
	const untils = await Promise.all(
		firewalls.map(async (firewall) => {
			const { until } = (await ask({ ...scene, firewall }, "1.0.0")) as CheckBody & { readonly until: string };
			return (Date.parse(until) - Date.parse(begins)) / SECOND;
		}),
	);
	expect(Math.min(...untils)).toBeGreaterThanOrEqual(0);
	expect(Math.max(...untils)).toBeLessThan(INTERVAL);
	expect(new Set(untils).size).toBeGreaterThan(3);
	await operated("DELETE", `/v1/messages/${id}`);
});
