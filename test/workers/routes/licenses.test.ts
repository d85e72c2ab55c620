// Time and licenses: active, then grace, then refused; and the delay tier, which waits for each release on its own.
import { describe, expect, test } from "vitest";
import type { Firewall } from "../../support/firewall.ts";
import { publish } from "../../support/fleet.ts";
import { expectProblem } from "./expectations.ts";
import { checkProduct, newScene, offerOf } from "./fixtures.ts";
import { DAY, useFrozenClock } from "./frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

interface Entitled {
	products: { decision: string; code: string; until: string; grace_until: string }[];
}
const entitlements = async (firewall: Firewall) =>
	((await (await firewall.call("GET", "/v1/entitlements")).json()) as Entitled).products[0];

test.each([
	["on its last second", -1000, "active", "offered"],
	["when it ends", 0, "grace", "offered"],
	["on the last second of the grace", 5 * DAY - 1000, "grace", "offered"],
	["when the grace is over", 5 * DAY, "refused", "refused"],
	["a year later", 365 * DAY, "refused", "refused"],
])("a license %s", async (_, afterEndMs, decision, status) => {
	const { firewall, product } = await newScene({ ends_at: timeAfter(10 * DAY), grace_days: 5 });
	moveTo(10 * DAY + afterEndMs);
	await firewall.authenticate();
	expect(await checkProduct(firewall, product)).toMatchObject({ decision, status });
	expect(await entitlements(firewall)).toEqual({
		product,
		decision,
		code: decision === "refused" ? "expired" : decision,
		from: timeAfter(0),
		until: timeAfter(10 * DAY),
		grace_until: timeAfter(15 * DAY),
	});
});

test("a token and an offer from before the end buy nothing after it", async () => {
	const { firewall, product } = await newScene({ ends_at: timeAfter(10 * DAY), grace_days: 5 });
	moveTo(15 * DAY - 60_000);
	await firewall.authenticate();
	const { capability } = await offerOf(firewall, product);
	moveTo(15 * DAY);
	expect(await checkProduct(firewall, product)).toMatchObject({ status: "refused", reason: "expired" });
	const problem = await expectProblem(
		await firewall.call("POST", "/v1/permits", { offer: capability }),
		"not_entitled",
	);
	expect(problem).toMatchObject({ entitlement_code: "expired", valid_until: timeAfter(10 * DAY) });
	expect(problem).not.toHaveProperty("url");
});

test("a license that has not started takes devices and gives them nothing until it does", async () => {
	const { firewall, product } = await newScene({ starts_at: timeAfter(1_800_000), ends_at: timeAfter(10 * DAY) });
	expect(await checkProduct(firewall, product)).toMatchObject({ status: "refused", reason: "not_yet_valid" });
	moveTo(1_800_000);
	expect((await checkProduct(firewall, product)).status).toBe("offered");
});

test("a product that the license does not name is refused beside one that it names", async () => {
	const license = { ends_at: timeAfter(10 * DAY) };
	const { firewall, product } = await newScene(license);
	const other = await newScene(license);
	const answer = await firewall.call("GET", `/v1/check?installed=${product},${other.product}`);
	const { products } = (await answer.json()) as { products: { status: string; reason: string }[] };
	expect(products.map(({ status, reason }) => [status, reason])).toEqual([
		["offered", "first_install"],
		["refused", "not_included"],
	]);
});

describe("under a license that waits 24 hours for each release", () => {
	test("a release is offered when it is a day old, to the second", async () => {
		const { firewall, product } = await newScene({ ends_at: timeAfter(10 * DAY), delay_hours: 24 });
		expect(await checkProduct(firewall, product)).toMatchObject({ status: "unavailable", reason: "none_old_enough" });
		moveTo(DAY - 1000);
		await firewall.authenticate();
		expect((await checkProduct(firewall, product)).status).toBe("unavailable");
		moveTo(DAY);
		expect((await checkProduct(firewall, product)).offer?.version).toBe("1.0.0");
	});

	test("a busy publisher cannot starve it: the newest that is old enough is offered", async () => {
		const { firewall, product } = await newScene({ ends_at: timeAfter(10 * DAY), delay_hours: 24 });
		for (const [halfDays, version] of [
			[1, "2"],
			[2, "3"],
			[3, "4"],
		] as const) {
			moveTo(halfDays * (DAY / 2));
			await publish(product, version, `rules ${version}`);
		}
		await firewall.authenticate();
		// Now is a day and a half: 1.0.0 is 36 h old, 2 is 24 h, 3 is 12 h.
		expect((await checkProduct(firewall, product)).offer?.version).toBe("2");
	});
});
