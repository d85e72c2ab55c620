// What a soak calls lost, wrong, growing and failed: each made to happen once.
import { describe, expect, it } from "vitest";
import { AFTERMATH_MS, budgetOf, type Exchange, injectedShare } from "../../../../bench/soak/budget.ts";
import { type EndState, judgeEnd, judgeMemory, type MemorySample } from "../../../../bench/soak/judge.ts";
import { type Acknowledged, type Entry, refusedSince } from "../../../../bench/soak/ledger.ts";

const HOLDER = { device: "dev-1", license: "lic-1" };
const entry = (atMs: number, what: Acknowledged): Entry => ({ atMs, what });
const released = (atMs: number, version: string) =>
	entry(atMs, { kind: "release", product: "rules", version, status: "released" });
const license = (atMs: number, products: readonly string[], isHeld = false) =>
	entry(atMs, { kind: "license", account: "acct-1", license: "lic-1", products, isHeld });
const device = (atMs: number, status: "suspended" | "active") =>
	entry(atMs, { kind: "device", device: "dev-1", account: "acct-1", status });
const BOTH = ["threats", "rules"];

const ENTRIES: readonly Entry[] = [
	released(1_000, "1.0.0"),
	released(2_000, "2.0.0"),
	entry(3_000, { kind: "permit", device: "dev-1", product: "rules", version: "2.0.0" }),
	entry(4_000, { kind: "healthy", device: "dev-1", product: "rules", version: "2.0.0" }),
	license(5_000, BOTH),
	device(6_000, "suspended"),
	device(7_000, "active"),
	entry(8_000, { kind: "message", id: "msg-1" }),
];

const release = (status: string, phase = "done", permits = 1, outcome: string | null = "healthy") => ({
	status,
	rollout: { phase, permits, places: 5, leases: [{ device: "dev-1", outcome }] },
});
const END: EndState = {
	firewalls: [
		{
			...{ ...HOLDER, status: "active" },
			runs: new Map([["rules", "2.0.0"]]),
			told: new Map([["rules", "2.0.0"]]),
		},
	],
	releases: new Map([
		["rules", new Map(Object.entries({ "1.0.0": release("superseded"), "2.0.0": release("current") }))],
	]),
	licenses: new Map([["lic-1", { products: BOTH, status: "active" }]]),
	messages: new Set(["msg-1"]),
	trails: new Map([
		["/v1/products/rules/events", new Set(["release.publish 1.0.0", "release.publish 2.0.0"])],
		["/v1/accounts/acct-1/events", new Set(["device.suspended dev-1", "device.active dev-1"])],
		["/v1/events", new Set(["message.create msg-1"])],
	]),
};
const withReleases = (found: Record<string, ReturnType<typeof release>>): EndState => ({
	...END,
	releases: new Map([["rules", new Map(Object.entries(found))]]),
});
const running = (version: string, told = version, entries = ENTRIES) =>
	judgeEnd(entries, {
		...END,
		firewalls: [
			{ ...{ ...HOLDER, status: "active" }, runs: new Map([["rules", version]]), told: new Map([["rules", told]]) },
		],
	});

describe("acknowledged", () => {
	it("and all there: nothing is lost or wrong", () => {
		expect(judgeEnd(ENTRIES, END)).toEqual({ lost: [], wrong: [] });
	});

	it.each([
		["a release that is not there", withReleases({ "1.0.0": release("current") }), /release rules 2\.0\.0/],
		[
			"a withdrawal that nobody made",
			withReleases({ "1.0.0": release("current"), "2.0.0": release("withdrawn") }),
			/rules 2\.0\.0 is withdrawn/,
		],
		[
			"a good release that was halted",
			withReleases({ "1.0.0": release("current"), "2.0.0": release("candidate", "halted") }),
			/halted/,
		],
		[
			"a place in a step",
			withReleases({ "1.0.0": release("superseded"), "2.0.0": release("current", "done", 0) }),
			/1 of 1 places of rules 2\.0\.0/,
		],
		[
			"an outcome",
			withReleases({ "1.0.0": release("superseded"), "2.0.0": release("current", "done", 1, null) }),
			/outcome of rules 2\.0\.0 on dev-1/,
		],
		[
			"a license's products",
			{ ...END, licenses: new Map([["lic-1", { products: ["rules"], status: "active" }]]) },
			/lic-1/,
		],
		["a license", { ...END, licenses: new Map() }, /lic-1 is not there/],
		["a message", { ...END, messages: new Set<string>() }, /message msg-1/],
		[
			"an event",
			{ ...END, trails: new Map([...END.trails, ["/v1/events", new Set<string>()]]) },
			/event message\.create/,
		],
		["a device", { ...END, firewalls: END.firewalls.map((one) => ({ ...one, told: null })) }, /device dev-1/],
		[
			"a device's status",
			{ ...END, firewalls: END.firewalls.map((one) => ({ ...one, status: "suspended" })) },
			/dev-1 is suspended, not active/,
		],
	] as const)("and lost: %s", (_, end, words) => {
		const { lost } = judgeEnd(ENTRIES, end);
		expect(lost.filter((one) => words.test(one))).toHaveLength(1);
	});

	it("and not lost: permits and outcomes that no step had places for", () => {
		const more = (["permit", "healthy"] as const).map((kind) =>
			entry(9_000, { kind, device: "dev-2", product: "rules", version: "2.0.0" }),
		);
		const rollout = { phase: "done", permits: 1, places: 1, leases: [{ device: "dev-1", outcome: "healthy" }] };
		const found = { "1.0.0": release("superseded"), "2.0.0": { status: "current", rollout } };
		expect(judgeEnd([...ENTRIES, ...more], withReleases(found)).lost).toEqual([]);
	});

	it("and lost: what a device said that it runs", () => {
		expect(running("2.0.0", "1.0.0").lost).toEqual(["dev-1 told of rules 2.0.0, its account knows 1.0.0"]);
	});
});

describe("a device", () => {
	it("on an older release than the newest is wrong", () => {
		expect(running("1.0.0").wrong).toEqual(["dev-1 runs rules 1.0.0, not 2.0.0"]);
	});

	it("may have the one before while a rollout is under way", () => {
		const found = { "1.0.0": release("current"), "2.0.0": release("candidate", "running") };
		const end = {
			...withReleases(found),
			firewalls: END.firewalls.map((one) => ({ ...one, runs: new Map([["rules", "1.0.0"]]) })),
		};
		expect(judgeEnd(ENTRIES, end).wrong).toEqual([]);
	});

	it("on a release that was withdrawn is wrong, and right on the one before it", () => {
		const withdrawn = entry(9_000, { kind: "release", product: "rules", version: "2.0.0", status: "withdrawn" });
		expect(running("2.0.0", "2.0.0", [...ENTRIES, withdrawn]).wrong).toEqual(["dev-1 runs rules 2.0.0, not 1.0.0"]);
		expect(running("1.0.0", "1.0.0", [...ENTRIES, withdrawn]).wrong).toEqual([]);
	});

	it("that is refused keeps what it had, and is wrong on what came long after", () => {
		const suspended = [...ENTRIES, device(10_000, "suspended")];
		expect(running("1.0.0", "1.0.0", suspended).wrong).toEqual([]);
		const later = [...suspended, released(10_000 + 121_000, "3.0.0")];
		expect(running("3.0.0", "3.0.0", later).wrong).toEqual(["dev-1 runs rules 3.0.0, which came after it was refused"]);
	});

	it.each([
		{ entries: [], since: null },
		{ entries: [device(1, "suspended")], since: 1 },
		{ entries: [device(1, "suspended"), device(2, "active")], since: null },
		{ entries: [license(3, ["threats"]), device(5, "suspended")], since: 3 },
		{ entries: [license(3, ["threats"]), license(4, BOTH)], since: null },
		{ entries: [license(3, BOTH, true)], since: 3 },
		{ entries: [license(3, BOTH, true), license(4, ["threats"])], since: 3 },
	])("is refused since $since after $entries.length changes", ({ entries, since }) => {
		expect(refusedSince(entries, HOLDER, "rules")).toBe(since);
	});
});

describe("memory", () => {
	const samples = (seconds: number, bytesAt: (second: number) => number, run = 1): MemorySample[] =>
		Array.from({ length: seconds + 1 }, (_, second) => ({ ms: second * 1_000, bytes: bytesAt(second), run }));

	it.each([
		{ name: "stays", bytesAt: () => 100, isFlat: true },
		{ name: "grows while it gets warm", bytesAt: (second: number) => Math.min(second, 60), isFlat: true },
		{ name: "grows and grows", bytesAt: (second: number) => 100 + second, isFlat: false },
	])("that $name is flat: $isFlat", ({ bytesAt, isFlat }) => {
		expect(judgeMemory(samples(300, bytesAt)).isFlat).toBe(isFlat);
	});

	it("is judged of the runtime that lived longest, where that was long enough", () => {
		const [first, second] = [samples(200, () => 100, 1), samples(60, (at) => at * 100, 2)];
		expect(judgeMemory([...first, ...second])).toMatchObject({ seconds: 160, isFlat: true });
		expect(judgeMemory(second).isFlat).toBeNull();
		expect(judgeMemory([])).toMatchObject({ seconds: 0, isFlat: null });
	});
});

describe("the error budget", () => {
	const failure = (fromMs: number, toMs: number, status = 503): Exchange => ({
		route: "GET /v1/check",
		status,
		fromMs,
		toMs,
	});

	it.each([
		{ name: "before it", of: failure(0, 999), failed: 1 },
		{ name: "that was under way when it began", of: failure(0, 1_000), failed: 0 },
		{ name: "right after it", of: failure(2_000 + AFTERMATH_MS, 9_000), failed: 0 },
		{ name: "long after it", of: failure(2_001 + AFTERMATH_MS, 9_000), failed: 1 },
	])("counts a failure $name: $failed", ({ of, failed }) => {
		expect(budgetOf(10, [of], [{ what: "kv", fromMs: 1_000, toMs: 2_000 }])).toMatchObject({
			...{ failed, injected: 1 - failed, share: failed / 10 },
		});
	});

	it("says of how much of the time failures are excused, what overlaps once", () => {
		const at = (fromMs: number, toMs: number | null) => ({ what: "kv", fromMs, toMs });
		expect(injectedShare([], 0, 100_000)).toBe(0);
		expect(injectedShare([at(20_000, 25_000), at(0, 5_000)], 0, 100_000)).toBeCloseTo(0.2);
		expect(injectedShare([at(0, 5_000), at(1_000, 2_000), at(8_000, 15_000)], 0, 100_000)).toBeCloseTo(0.2);
		expect(injectedShare([at(90_000, null)], 0, 100_000)).toBeCloseTo(0.1);
		expect(injectedShare([], 0, 0)).toBe(0);
	});

	it("has a row for each route and status", () => {
		const { byCode, share } = budgetOf(100, [failure(0, 1), failure(0, 1), failure(0, 1, 0)], []);
		expect(Object.fromEntries(byCode)).toEqual({ "GET /v1/check 503": 2, "GET /v1/check no answer": 1 });
		expect(share).toBe(0.03);
		expect(budgetOf(0, [], []).share).toBe(0);
	});
});
