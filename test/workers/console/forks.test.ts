// A device of which two copies live, in the console: it is said first, and an operator picks the one that is the device.
import { expect, test } from "vitest";
import { operated } from "../../support/service.ts";
import { Edge } from "../support/edge.ts";
import { newScene } from "../support/fixtures.ts";
import { DAY, useFrozenClock } from "../support/frozen-clock.ts";
import { Browser, newKey } from "./browser.ts";

const { timeAfter, moveTo } = useFrozenClock();

test("a fork is shown on its account's page and its own, and is over once somebody has picked a line", async () => {
	const edge = new Edge();
	const { account, firewall } = await newScene({ ends_at: timeAfter(500 * DAY) }, false);
	const token = async (lineage?: string) => {
		const answer = await edge.token(firewall, false, lineage === undefined ? {} : { lineage });
		await edge.settled();
		return ((await answer.json()) as { lineage: string }).lineage;
	};
	const disk = await token();
	let [one, other] = [disk, disk];
	for (const day of [1, 2, 3]) {
		moveTo(day * DAY);
		one = await token(one);
		other = await token(other);
	}
	const { forks } = await operated<{ forks: { lines: { line: string }[] }[] }>("GET", `/v1/accounts/${account}/forks`);
	const line = forks[0]?.lines[1]?.line ?? "";
	const device = `/console/devices/${firewall.clientId}`;
	const list = `/console/devices/forks?account=${account}`;

	const reader = await new Browser().signIn((await newKey([`read:${account}`])).key);
	expect(await reader.read(device)).toContain("Two copies of it live");
	expect(await reader.read(device)).not.toContain(`${device}/resolve`);
	expect(await reader.read("/console/devices/forks")).toContain(firewall.clientId);
	expect((await reader.submit(`${device}/resolve`, { keep: line })).status).toBe(403);

	const operator = await new Browser().signIn();
	expect(await operator.read(list)).toContain(`${device}/resolve`);
	expect(await operator.read(device)).toContain("device.forked");
	expect(await operator.read(`${device}/resolve`)).toContain(`name="keep" value="${line}"`);
	expect((await operator.submit(`${device}/resolve`, { keep: "" })).status).toBe(422);
	expect((await operator.submit(`${device}/resolve`, { keep: line, reason: "the other is a test" })).status).toBe(303);
	const after = await operator.read(device);
	expect(after).not.toContain("Two copies of it live");
	expect(after).toContain(`${line}: the other is a test`);
	expect(await operator.read(list)).not.toContain(firewall.clientId);
	expect((await operator.get(`${device}/resolve`)).status).toBe(404);
});
