// How much of a license is used, as operators see it: seats, devices, ends, refusals and the most of each day.
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { ringAll } from "../../../../support/accounts/alarms.ts";
import { createFleet } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newFirewall, newProduct, setStatus } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo } = useFrozenClock();

interface Usage extends Record<string, unknown> {
	readonly peaks: { day: string; taken: number }[];
}
const day = (ms: number) => timeAfter(ms).slice(0, 10);

async function licensed(license: Record<string, unknown> = {}, seats = 3) {
	const product = await newProduct();
	const terms = { ends_at: timeAfter(365 * DAY), ...license };
	const fleet = await createFleet({ products: [product], seats, license: terms });
	const path = `/v1/accounts/${fleet.account}/licenses/${fleet.license}`;
	return {
		...fleet,
		product,
		path,
		usage: (query = "") => operated<Usage>("GET", `${path}/usage${query}`),
		change: (terms: object) => operated("PATCH", path, terms),
	};
}

describe("the usage of a license", () => {
	test("is what it has, who holds it, and what there is of it", async () => {
		const { account, license, code, product, usage, change } = await licensed();
		const [first, second] = [await newFirewall(code), await newFirewall(code)];
		await newFirewall(code);
		await setStatus(first, "suspend");
		await setStatus(second, "revoke");
		const settings = { name: "Berlin", mode: "active-passive", license };
		await operated("POST", `/v1/accounts/${account}/ha-groups`, { ...settings, devices: [first.clientId] });
		const expected = {
			...{ license, status: "active", kind: "fixed", overage: "refuse" },
			...{ seats: 3, taken: 2, free: 1, over: 0, taken_by_ha_groups: 1 },
			devices: { active: 1, suspended: 1, deactivated: 0, revoked: 1 },
			ends: [{ ends_at: timeAfter(365 * DAY), days_left: 365, products: [product] }],
			refused_last_day: 0,
			peaks: [{ day: day(0), taken: 3 }],
		};
		expect(await usage()).toEqual(expected);
		expect(await operated("GET", `/v1/accounts/${account}/usage`)).toEqual({ licenses: [expected] });
		await change({ seats: 1 });
		expect(await usage()).toMatchObject({ seats: 1, taken: 2, free: 0, over: 1 });
	});

	test("counts whole days to each end, none after it", async () => {
		const other = await newProduct();
		const { product, usage } = await licensed({ ends_at: timeAfter(10 * DAY) });
		expect((await usage())["ends"]).toMatchObject([{ days_left: 10 }]);
		moveTo(SECOND);
		expect((await usage())["ends"]).toMatchObject([{ days_left: 9 }]);
		moveTo(11 * DAY);
		expect((await usage())["ends"]).toMatchObject([{ days_left: null, products: [product] }]);
		moveTo(0);
		const two = await licensed({ product_validity: {} });
		await two.change({
			products: [two.product, other],
			product_validity: { [other]: { ends_at: timeAfter(30 * DAY) } },
		});
		expect((await two.usage())["ends"]).toMatchObject([
			{ days_left: 30, products: [other] },
			{ days_left: 365, products: [two.product] },
		]);
	});

	test("has the most seats of each day, also of days on which nothing changed or leases just ended", async () => {
		const { account, code, usage } = await licensed({ kind: "elastic", lease_minutes: 1440 }, 10);
		await newFirewall(code);
		await newFirewall(code);
		moveTo(3 * DAY);
		await newFirewall(code);
		moveTo(6 * DAY);
		// The first two leases ended on the second day, which the third device noticed; its own ended on the fifth.
		await ringAll(env.ACCOUNT.getByName(account.slice(5, 15)));
		expect((await usage()).peaks).toEqual([
			{ day: day(0), taken: 2 },
			{ day: day(DAY), taken: 2 },
			{ day: day(2 * DAY), taken: 0 },
			{ day: day(3 * DAY), taken: 1 },
			{ day: day(4 * DAY), taken: 1 },
			{ day: day(5 * DAY), taken: 0 },
			{ day: day(6 * DAY), taken: 0 },
		]);
		expect((await usage("?days=2")).peaks.map((one) => one.day)).toEqual([day(5 * DAY), day(6 * DAY)]);
	});

	test("has the seats with which a day began, though on that day some were only given back", async () => {
		const { code, usage } = await licensed();
		const first = await newFirewall(code);
		await newFirewall(code);
		moveTo(2 * DAY);
		await setStatus(first, "revoke");
		expect((await usage()).peaks.map(({ taken }) => taken)).toEqual([2, 2, 2]);
		moveTo(3 * DAY);
		expect((await usage()).peaks.map(({ taken }) => taken)).toEqual([2, 2, 2, 1]);
	});

	test("counts who was refused within a day", async () => {
		const { code, usage } = await licensed({}, 1);
		await newFirewall(code);
		for (let count = 0; count < 3; count++) await newFirewall(code, false).catch(() => null);
		expect(await usage()).toMatchObject({ refused_last_day: 3, free: 0 });
		moveTo(DAY);
		expect(await usage()).toMatchObject({ refused_last_day: 0 });
	});

	test("knows how many were taken on each day, though nothing had changed for more than a year before", async () => {
		const { account, license, code, usage } = await licensed({ ends_at: timeAfter(900 * DAY) });
		await newFirewall(code);
		moveTo(450 * DAY);
		const later = await operated<{ code: string }>("POST", `/v1/accounts/${account}/codes`, { license });
		await newFirewall(later.code);
		const { peaks } = await usage("?days=30");
		expect(peaks).toHaveLength(30);
		expect(peaks.map(({ taken }) => taken)).toEqual([...Array(29).fill(1), 2]);
	});

	test.each(["?days=0", "?days=401", "?days=x"])("is refused with %s", async (query) => {
		const { path } = await licensed();
		await expectProblem(await operate("GET", `${path}/usage${query}`), "invalid_request");
	});

	test("of a license of another account is not there", async () => {
		const [one, other] = [await licensed(), await licensed()];
		await expectProblem(
			await operate("GET", `/v1/accounts/${one.account}/licenses/${other.license}/usage`),
			"not_found",
		);
	});
});
