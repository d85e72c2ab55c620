// Time and licenses: active, then grace, then refused; and the delay tier, which waits for each release on its own.
import { describe, expect, test } from "vitest";
import { DECISION_CODES, type DecisionCode } from "../../../../../src/entitlement/decision-codes.ts";
import type { Firewall } from "../../../../support/firewall.ts";
import { publish } from "../../../../support/fleet.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { checkProduct, newScene, offerOf } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

interface Entitled {
	products: Record<string, unknown>[];
}
const entitlements = async (firewall: Firewall) =>
	((await (await firewall.call("GET", "/v1/entitlements")).json()) as Entitled).products[0];

// Ten days, five of grace, three of emergency releases.
test.each([
	["on its last second", 10 * DAY - SECOND, "active", "active", "offered", 10 * DAY],
	["when it ends", 10 * DAY, "grace", "grace", "offered", 15 * DAY],
	["on the last second of the grace", 15 * DAY - SECOND, "grace", "grace", "offered", 15 * DAY],
	["when the grace is over", 15 * DAY, "critical", "critical_only", "offered", 18 * DAY],
	["on the last second of emergency releases", 18 * DAY - SECOND, "critical", "critical_only", "offered", 18 * DAY],
	["when those are over", 18 * DAY, "refused", "expired", "refused", null],
	["a year later", 365 * DAY, "refused", "expired", "refused", null],
])("a license %s", async (_, time, decision, code, status, changesAfter) => {
	const { firewall, product } = await newScene({ ends_at: timeAfter(10 * DAY), grace_days: 5, critical_days: 3 });
	moveTo(time);
	await firewall.authenticate();
	expect(await checkProduct(firewall, product)).toMatchObject({ decision, code, status });
	const described = {
		product,
		decision,
		code,
		...DECISION_CODES[code as DecisionCode],
		from: timeAfter(0),
		until: timeAfter(10 * DAY),
		grace_until: timeAfter(15 * DAY),
		critical_until: timeAfter(18 * DAY),
		changes_at: changesAfter === null ? null : timeAfter(changesAfter),
	};
	expect(await entitlements(firewall)).toEqual(described);
	const one = await firewall.call("GET", `/v1/entitlements/${product}`);
	expect(await one.json()).toMatchObject(described);
});

test("after the grace a device gets emergency releases, and nothing else that is new", async () => {
	const { firewall, product } = await newScene({ ends_at: timeAfter(DAY), grace_days: 0, critical_days: 10 });
	moveTo(2 * DAY);
	await publish(product, "1.1.0", "routine rules");
	await firewall.authenticate();
	expect(await checkProduct(firewall, product, "1.0.0")).toMatchObject({ status: "current", reason: "up_to_date" });
	await publish(product, "1.2.0", "rules in an emergency", { urgency: "emergency" });
	const { offer } = await checkProduct(firewall, product, "1.0.0");
	expect(offer?.version).toBe("1.2.0");
	expect((await firewall.call("POST", "/v1/permits", { offer: offer?.capability })).status).toBe(201);
});

test("an offer from the last second of the grace is no way to a release from after it", async () => {
	const { firewall, product } = await newScene({ ends_at: timeAfter(DAY), grace_days: 0, critical_days: 10 });
	moveTo(DAY - SECOND);
	await publish(product, "1.1.0", "the last rules in time");
	await firewall.authenticate();
	const { capability } = await offerOf(firewall, product, "1.0.0");
	moveTo(DAY + SECOND);
	expect((await firewall.call("POST", "/v1/permits", { offer: capability })).status).toBe(201);
});

test("a license until the end of all years has times that every client can read, also of its grace", async () => {
	const { firewall } = await newScene({ ends_at: "9999-12-31T23:59:59Z" });
	expect(await entitlements(firewall)).toMatchObject({ grace_until: "9999-12-31T23:59:59Z" });
});

test("whatever is asked of one product, the answer is 200 with a reason", async () => {
	const { firewall } = await newScene({ ends_at: timeAfter(DAY) });
	const answer = await firewall.call("GET", "/v1/entitlements/unheard-of");
	expect(answer.status).toBe(200);
	expect(await answer.json()).toMatchObject({
		decision: "refused",
		code: "not_included",
		from: null,
		changes_at: null,
	});
	await expectProblem(await firewall.call("GET", "/v1/entitlements/x.css"), "invalid_identifier");
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

	test.each([
		[undefined, "0.9.1"],
		[12, undefined],
	])("an emergency release waits for no tier, unless the license says so (%s hours)", async (hours, version) => {
		const terms = { ends_at: timeAfter(10 * DAY), delay_hours: 24, emergency_delay_hours: hours };
		const { firewall, product } = await newScene(terms);
		await publish(product, "0.9.1", `rules in an emergency ${hours}`, { urgency: "emergency", allow_older: true });
		expect((await checkProduct(firewall, product)).offer?.version).toBe(version);
		if (hours === undefined) return;
		moveTo(hours * (DAY / 24));
		await firewall.authenticate();
		expect((await checkProduct(firewall, product)).offer?.version).toBe("0.9.1");
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
