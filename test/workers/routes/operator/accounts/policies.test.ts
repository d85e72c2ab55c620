// The customer's say, from the route to the firewall: what a check, a permit and an explanation make of it, and when.
import { describe, expect, test } from "vitest";
import { publish } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain } from "../../../support/explained.ts";
import { check, checkProduct, newFirewall, newScene, offerOf, type Scene } from "../../../support/fixtures.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter, moveTo, start } = useFrozenClock();
const pathOf = ({ account }: Pick<Scene, "account">) => `/v1/accounts/${account}/policy`;
const WEEK = 7 * DAY;
const DAYS = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];

/** A window of a time of day and a day, in UTC, so many ms after the begin of the test. */
function windowAfter(ms: number, hours: number) {
	const [from, until] = [ms, ms + hours * HOUR].map((after) => timeAfter(after).slice(11, 16));
	return { days: [DAYS[Math.floor((start() + ms) / DAY) % 7]], from, until };
}

/** A firewall that runs 1.0.0, and release 1.1.0 is there. */
async function scene() {
	const made = await newScene({ ends_at: timeAfter(60 * DAY), seats: 5 });
	const content = await publish(made.product, "1.1.0", "newer rules");
	const say = async (...rules: object[]) => {
		const policy = await operated<{ version: number; published: boolean }>("PUT", pathOf(made), { rules });
		expect(policy.published).toBe(true);
		await made.firewall.authenticate(true);
		return policy;
	};
	return { ...made, newer: content, say, ask: () => checkProduct(made.firewall, made.product, "1.0.0") };
}

describe("what is said", () => {
	test("is kept as it was said, with a version that rises with each change", async () => {
		const made = await scene();
		expect(await operated("GET", pathOf(made))).toEqual({ version: 0, changed_at: null, rules: [] });
		const rules = [
			{
				time_zone: "Europe/Zurich",
				windows: [{ days: ["sat"], from: "22:00", until: "04:00" }],
				passes: ["emergency"],
			},
			{ for: { labels: { site: "berlin" } }, min_age_hours: 12.5, pins: { [made.product]: { version: "1.0.0" } } },
			{ for: { device: made.firewall.clientId }, hold: true, windows: null },
			{ freezes: [{ from: timeAfter(DAY), until: timeAfter(2 * DAY), reason: "end of the year" }] },
		];
		const said = { version: 1, changed_at: timeAfter(0), rules };
		expect(await operated("PUT", pathOf(made), { rules })).toEqual({ ...said, published: true, changed: true });
		expect(await operated("GET", pathOf(made))).toEqual(said);
		expect(await operated("PUT", pathOf(made), { rules })).toMatchObject({ version: 1, changed: false });
		expect(await operated("PUT", pathOf(made), { rules: [], replaces: 1 })).toMatchObject({ version: 2, rules: [] });
		const refused = await expectProblem(await operate("PUT", pathOf(made), { rules, replaces: 1 }), "conflict");
		expect(refused["detail"]).toContain("version 2");
		const { events } = await operated<{ events: { type: string; detail: string }[] }>(
			"GET",
			`/v1/accounts/${made.account}/events`,
		);
		expect(events.filter(({ type }) => type === "account.policy")).toHaveLength(2);
	});

	test("is changed 20 times at once, and once in three minutes after that", async () => {
		const made = await newScene({ ends_at: timeAfter(60 * DAY), seats: 5 });
		const change = (hours: number) => operate("PUT", pathOf(made), { rules: [{ min_age_hours: hours }] });
		for (let hours = 1; hours <= 20; hours++) expect((await change(hours)).status).toBe(200);
		const refused = await change(21);
		expect(refused.headers.get("retry-after")).toBe("180");
		await expectProblem(refused, "rate_limited");
		// The same again is no change.
		expect((await change(20)).status).toBe(200);
		moveTo(180 * SECOND);
		expect((await change(21)).status).toBe(200);
		await expectProblem(await change(22), "rate_limited");
		expect(await operated("GET", pathOf(made))).toMatchObject({ version: 21 });
	});

	test.each([
		["a time zone that there is not", { time_zone: "Europe/Atlantis" }, "rules.0.time_zone"],
		["windows that never open", { windows: [] }, "rules.0.windows"],
		["a window of ten minutes", { windows: [{ from: "22:00", until: "22:10" }] }, "rules.0.windows.0.until"],
		["a freeze without an end", { freezes: [{ from: "2027-01-01T00:00:00Z", reason: "" }] }, "rules.0.freezes.0.until"],
		[
			"a freeze that ends before it begins",
			{ freezes: [{ from: "2027-01-02T00:00:00Z", until: "2027-01-01T00:00:00Z", reason: "" }] },
			"rules.0.freezes.0.until",
		],
	])("is refused with %s, and nothing is changed", async (_, rule, field) => {
		const made = await scene();
		const refused = await expectProblem(await operate("PUT", pathOf(made), { rules: [rule] }), "invalid_request");
		expect(refused["errors"]).toMatchObject([{ field }]);
		expect(await operated("GET", pathOf(made))).toMatchObject({ version: 0 });
	});

	test("is refused about another account's device", async () => {
		const [one, other] = [await scene(), await scene()];
		const rules = [{ for: { device: other.firewall.clientId }, hold: true }];
		await expectProblem(await operate("PUT", pathOf(one), { rules }), "not_found");
	});
});

describe("outside its window a firewall", () => {
	test("keeps what it has, is told when to come, comes then, and gets its permit", async () => {
		const made = await scene();
		const before = await offerOf(made.firewall, made.product, "1.0.0");
		// In fifty minutes: before its usual next check.
		await made.say({ windows: [windowAfter(50 * 60 * SECOND, 4)] });
		const answer = await made.ask();
		expect(answer).toMatchObject({ status: "current", reason: "outside_window", waiting: { version: "1.1.0" } });
		const { waiting } = answer as unknown as { waiting: { until: string } };
		const opens = Date.parse(waiting.until) - start();
		expect(opens).toBeGreaterThanOrEqual(50 * 60 * SECOND);
		expect(opens).toBeLessThan(110 * 60 * SECOND);
		expect((await check(made.firewall, `?installed=${made.product}@1.0.0`)).next_check_in).toBeLessThanOrEqual(
			opens / SECOND,
		);
		// An offer from before does not get around it.
		const old = await made.firewall.call("POST", "/v1/permits", { offer: before.capability });
		expect(old.status).not.toBe(201);

		expect(await explain(made, "&installed=1.0.0")).toMatchObject({
			answer: { status: "current", reason: "outside_window" },
			policy: { windows: [{ minutes: expect.any(Number) }], held: false },
			install: { at: waiting.until, version: "1.1.0" },
		});
		const { changes } = await explain(made, "&installed=1.0.0");
		expect(changes.map(({ what }) => what)).toEqual(["policy_opens", "policy_closes", "license_ends", "grace_ends"]);
		expect(changes[0]?.at).toBe(waiting.until);

		moveTo(opens);
		await made.firewall.authenticate(true);
		const { capability } = await offerOf(made.firewall, made.product, "1.0.0");
		const permit = await made.firewall.call("POST", "/v1/permits", { offer: capability });
		expect(permit.status).toBe(201);
		moveTo((50 + 240) * 60 * SECOND);
		await made.firewall.authenticate(true);
		expect(await made.ask()).toMatchObject({ status: "current", reason: "outside_window" });
	});

	test("gets no permit with an offer from inside it, and learns when to ask again", async () => {
		const made = await scene();
		await made.say({ windows: [windowAfter(-4 * HOUR, 4 + 5 / 60)] });
		const { capability } = await offerOf(made.firewall, made.product, "1.0.0");
		moveTo(6 * 60 * SECOND);
		const refused = await made.firewall.call("POST", "/v1/permits", { offer: capability });
		expect(refused.headers.get("retry-after")).toBe("3600");
		expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "outside_window" });
	});

	test("gets its first release all the same, and an emergency where the account lets that pass", async () => {
		const made = await scene();
		await made.say({ windows: [windowAfter(2 * DAY, 4)], passes: ["emergency"] });
		expect(await checkProduct(made.firewall, made.product)).toMatchObject({
			status: "offered",
			reason: "first_install",
		});
		await publish(made.product, "1.2.0", "the cure", { urgency: "emergency" });
		expect(await made.ask()).toMatchObject({ status: "offered", offer: { version: "1.2.0" } });
		const { capability } = await offerOf(made.firewall, made.product, "1.0.0");
		expect((await made.firewall.call("POST", "/v1/permits", { offer: capability })).status).toBe(201);
	});
});

test("a pin of a product that does not exist is refused; of a version that is not released yet it is kept", async () => {
	const made = await scene();
	const put = (product: string) =>
		operate("PUT", pathOf(made), { rules: [{ pins: { [product]: { version: "9.9.9" } } }] });
	expect(JSON.stringify(await expectProblem(await put("nothing-such"), "invalid_request"))).toContain("nothing-such");
	expect(await operated("GET", pathOf(made))).toMatchObject({ version: 0, rules: [] });
	expect((await put(made.product)).status).toBe(200);
});

test("a freeze ends by itself, a hold by a word, and a pin keeps to its version", async () => {
	const made = await scene();
	const device = { device: made.firewall.clientId };
	await made.say({ freezes: [{ from: timeAfter(0), until: timeAfter(HOUR), reason: "" }] });
	expect(await made.ask()).toMatchObject({ status: "current", reason: "frozen" });
	moveTo(2 * HOUR);
	await made.firewall.authenticate(true);
	expect(await made.ask()).toMatchObject({ status: "offered" });
	const { capability } = await offerOf(made.firewall, made.product, "1.0.0");
	const pin = { for: device, pins: { [made.product]: { version: "1.0.0" } } };
	await made.say(pin);
	expect(await made.ask()).toMatchObject({ status: "current", reason: "up_to_date" });
	const refused = await made.firewall.call("POST", "/v1/permits", { offer: capability });
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "pinned" });
	expect(await explain(made, "&installed=1.0.0")).toMatchObject({
		releases: [{ verdict: "not_pinned" }, { verdict: "chosen" }],
		policy: { pin: { version: "1.0.0", downgrade: false } },
		install: null,
	});
	await made.say({ for: device, pins: { [made.product]: { version: "7" } } });
	expect(await made.ask()).toMatchObject({ status: "unavailable", reason: "pin_unavailable" });
	await made.say({ for: device, hold: true });
	expect(await made.ask()).toMatchObject({ status: "current", reason: "held", waiting: { until: null } });
	await made.say();
	expect(await made.ask()).toMatchObject({ status: "offered" });
});

test("a minimum age counts where it is longer than the license's delay", async () => {
	const made = await scene();
	await made.say({ min_age_hours: 24 });
	expect(await made.ask()).toMatchObject({ status: "unavailable", reason: "none_old_enough" });
	moveTo(DAY);
	await made.firewall.authenticate(true);
	expect(await made.ask()).toMatchObject({ status: "offered" });
});

test("what is said of one device has no other ask for a new token, and reaches its permits at once", async () => {
	const made = await scene();
	const other = await newFirewall(made.code);
	const { capability } = await offerOf(made.firewall, made.product, "1.0.0");
	await operated("PUT", pathOf(made), { rules: [{ for: { device: made.firewall.clientId }, hold: true }] });
	expect((await other.call("GET", "/v1/check")).status).toBe(200);
	const refused = await made.firewall.call("POST", "/v1/permits", { offer: capability });
	expect(await expectProblem(refused, "exposure_limited")).toMatchObject({ rollout_code: "held" });
	await operated("PUT", pathOf(made), { rules: [{ hold: true }] });
	expect((await other.call("GET", "/v1/check")).status).toBe(401);
	await other.authenticate(true);
	expect(await checkProduct(other, made.product, "1.0.0")).toMatchObject({ reason: "held" });
});

test("more than a token has room for is read from the device's record", async () => {
	const made = await scene();
	const others = Array.from({ length: 15 }, () => freshProduct().name);
	for (const product of others) await operated("POST", "/v1/products", { product });
	const pins = Object.fromEntries(others.map((product) => [product, { version: "v".repeat(64) }]));
	await made.say({ pins }, { for: { device: made.firewall.clientId }, hold: true });
	expect(await made.ask()).toMatchObject({ status: "current", reason: "held" });
	moveTo(WEEK);
});
