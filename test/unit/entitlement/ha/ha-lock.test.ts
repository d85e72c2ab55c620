// Whose turn it is in an HA group, and what a report makes of a permit. What groups come to over time: test/workers/objects/account/ha/ha-lock-law.test.ts.
import { describe, expect, it, test } from "vitest";
import {
	arrivalEndsAt,
	decideHaPermit,
	type HaMember,
	type HaPermit,
	type HaQuestion,
	type HaWord,
	haPermitState,
	hearHaReport,
} from "../../../../src/entitlement/ha/ha-lock.ts";

const NOW = 1_800_000_000;
const HOUR = 3_600;
const member = (device: string, words: Partial<HaMember> = {}): HaMember => ({
	...{ device, isAwaited: true, role: null, priority: null, installed: null },
	...words,
});
const ACTIVE = member("a", { role: "active" });
const PASSIVE = member("b", { role: "passive" });
const permit = (device: string, words: Partial<HaPermit> = {}): HaPermit => ({
	...{ device, version: "2", sequence: Number(words.version ?? "2"), at: NOW - HOUR, until: NOW + HOUR, outcome: null },
	...{ mark: null, ...words },
});
const ask = (device: string, words: Partial<HaQuestion> = {}) =>
	decideHaPermit(
		{
			...{ mode: "active-passive", sync: false, device, version: "2", sequence: 2, isOrderWaived: false },
			...{ failed: null, members: [ACTIVE, PASSIVE], permits: [], arriving: [], ...words },
		},
		NOW,
	);
const said = (decision: ReturnType<typeof ask>) => (decision.ok ? "given" : `${decision.reason} ${decision.peer}`);

test("nobody installs beside a device that may install what it was offered before it joined, but that device itself", () => {
	const arriving = ["b"];
	for (const words of [{}, { sync: true }, { isOrderWaived: true }, { mode: "active-active" as const }]) {
		expect(said(ask("a", { arriving, ...words }))).toBe("ha_peer_under_way b");
		expect(said(ask("b", { arriving, ...words }))).toBe("given");
	}
});

test("a device has installed what it was offered in no group once its download is over and a quarter of an hour has passed", () => {
	expect(arrivalEndsAt(NOW, 300)).toBe(NOW + 1_200);
});

describe("in an active-passive group", () => {
	test.each<[string, HaMember[], string, string]>([
		["the passive one goes first", [ACTIVE, PASSIVE], "given", "ha_peer_first b"],
		[
			"the order follows the roles of now",
			[member("a", { role: "passive" }), member("b", { role: "active" })],
			"ha_peer_first a",
			"given",
		],
		[
			"one that says that it is active waits for one of unknown role",
			[ACTIVE, member("b")],
			"given",
			"ha_peer_first b",
		],
		["one of unknown role waits for a passive one", [member("a"), PASSIVE], "given", "ha_peer_first b"],
		["where no role is known, whoever asks first is the first", [member("a"), member("b")], "given", "given"],
		[
			"where both say that they are active, whoever asks first is the first",
			[ACTIVE, member("b", { role: "active" })],
			"given",
			"given",
		],
		[
			"nobody waits for one that is suspended, or kept from the version",
			[ACTIVE, { ...PASSIVE, isAwaited: false }],
			"given",
			"given",
		],
		["nobody waits for one that runs the version already", [ACTIVE, { ...PASSIVE, installed: "2" }], "given", "given"],
		[
			"one that runs another version is waited for",
			[ACTIVE, { ...PASSIVE, installed: "3" }],
			"given",
			"ha_peer_first b",
		],
		[
			"priorities do not count",
			[
				{ ...ACTIVE, priority: 1 },
				{ ...PASSIVE, priority: 9 },
			],
			"given",
			"ha_peer_first b",
		],
	])("%s", (_, members, b, a) => {
		expect([said(ask("b", { members })), said(ask("a", { members }))]).toEqual([b, a]);
	});

	it("waits for each passive one of several", () => {
		const members = [ACTIVE, PASSIVE, member("c", { role: "passive" })];
		const permits = [permit("b", { outcome: "healthy" })];
		expect(said(ask("a", { members, permits }))).toBe("ha_peer_first c");
		expect(said(ask("c", { members, permits }))).toBe("given");
	});
});

describe("in an active-active group", () => {
	const pair = (a: number | null, b: number | null) => [
		member("a", { role: "active", priority: a }),
		member("b", { role: "active", priority: b }),
	];
	test.each<[string, HaMember[], string, string]>([
		["the lower priority goes first", pair(200, 100), "given", "ha_peer_first b"],
		["of the same priority, whoever asks first", pair(100, 100), "given", "given"],
		["where a priority is not known, whoever asks first", pair(100, null), "given", "given"],
		[
			"roles do not count",
			[member("a", { role: "passive", priority: 2 }), member("b", { role: "active", priority: 1 })],
			"given",
			"ha_peer_first b",
		],
	])("%s", (_, members, b, a) => {
		const words = { mode: "active-active", members } as const;
		expect([said(ask("b", words)), said(ask("a", words))]).toEqual([b, a]);
	});
});

describe("the permit of another device", () => {
	test.each<[string, HaPermit, string]>([
		["is under way until its end", permit("b", { until: NOW + 1 }), "ha_peer_under_way b"],
		["is under way for whatever version", permit("b", { version: "1" }), "ha_peer_under_way b"],
		["that ended without a word blocks its version", permit("b", { until: NOW }), "ha_peer_failed b"],
		["that failed blocks its version", permit("b", { outcome: "failed" }), "ha_peer_failed b"],
		[
			"that failed blocks no other version, for which the order counts again",
			permit("b", { outcome: "failed", version: "1" }),
			"ha_peer_first b",
		],
		["that was brought along is under way like any other", permit("b", { mark: "brought" }), "ha_peer_under_way b"],
		[
			"that failed after it was brought along blocks",
			permit("b", { mark: "brought", outcome: "failed" }),
			"ha_peer_failed b",
		],
		[
			"that was brought along and ended without a word is none",
			permit("b", { mark: "brought", until: NOW }),
			"ha_peer_first b",
		],
		["of one that was suspended is under way like any other", permit("b", { mark: "cut" }), "ha_peer_under_way b"],
		["of one that was suspended before it ended is none", permit("b", { mark: "cut", until: NOW }), "ha_peer_first b"],
		["that was healthy with the version lets the next one go", permit("b", { outcome: "healthy" }), "given"],
		["that was healthy long ago still does", permit("b", { outcome: "healthy", until: NOW - HOUR }), "given"],
	])("%s", (_, other, expected) => {
		expect(said(ask("a", { permits: [other] }))).toBe(expected);
	});

	it("that failed or fell silent does not keep its device from trying again", () => {
		for (const own of [permit("b", { outcome: "failed" }), permit("b", { until: NOW - 1 }), permit("b")])
			expect(said(ask("b", { permits: [own] }))).toBe("given");
	});

	it("that failed lets its device go back to an older version, past whoever would go before", () => {
		const back = { version: "1", sequence: 1 };
		for (const own of [permit("a", { outcome: "failed" }), permit("a", { until: NOW })])
			expect(said(ask("a", { ...back, permits: [own] }))).toBe("given");
		// What is no way back has its order: from a version that is well, or to one that is newer.
		expect(said(ask("a", { ...back, permits: [permit("a", { outcome: "healthy" })] }))).toBe("ha_peer_first b");
		const newer = { version: "3", sequence: 3, permits: [permit("a", { outcome: "failed" })] };
		expect(said(ask("a", newer))).toBe("ha_peer_first b");
		// Never two at once.
		const both = [permit("a", { outcome: "failed" }), permit("b", { version: "1" })];
		expect(said(ask("a", { ...back, permits: both }))).toBe("ha_peer_under_way b");
	});

	it("that failed is not waited for by who needs an older version: it may be dead", () => {
		const dead = [permit("b", { outcome: "failed" })];
		expect(said(ask("a", { version: "1", sequence: 1, permits: dead }))).toBe("given");
	});

	it("that failed stays in the way of its version when the device has gone back since", () => {
		const failed = "b";
		const back = [permit("b", { version: "1", outcome: "healthy" })];
		expect(said(ask("a", { failed, permits: back }))).toBe("ha_peer_failed b");
		expect(said(ask("b", { failed, permits: back }))).toBe("given");
		for (const which of ["sync", "isOrderWaived"] as const)
			expect(said(ask("a", { [which]: true, failed, permits: back }))).toBe("ha_peer_failed b");
	});

	it("says when to come back: soon where somebody is at work, later where somebody has to look", () => {
		expect(ask("a")).toMatchObject({ retryAfter: 300 });
		expect(ask("a", { permits: [permit("b")] })).toMatchObject({ retryAfter: 300 });
		expect(ask("a", { permits: [permit("b", { outcome: "failed" })] })).toMatchObject({ retryAfter: 3_600 });
	});
});

describe("without an order", () => {
	test.each(["sync", "isOrderWaived"] as const)(
		"by `%s` the active one may go first, but never beside another",
		(which) => {
			expect(said(ask("a", { [which]: true }))).toBe("given");
			expect(said(ask("a", { [which]: true, permits: [permit("b")] }))).toBe("ha_peer_under_way b");
			expect(said(ask("a", { [which]: true, permits: [permit("b", { outcome: "failed" })] }))).toBe("ha_peer_failed b");
		},
	);
});

describe("a report", () => {
	const open = permit("b");
	test.each<[string, HaPermit, HaWord, HaPermit["outcome"] | "nothing new" | "given back"]>([
		["that it is downloaded says nothing yet", open, "downloaded", "nothing new"],
		["that it is put off gives the permit back", open, "deferred", "given back"],
		["that it is declined gives the permit back", open, "declined", "given back"],
		["that there was none in the end gives the permit back", open, "released", "given back"],
		["that it is put off does not count after it failed", { ...open, outcome: "failed" }, "deferred", "nothing new"],
		["that it is installed says nothing yet", open, "installed", "nothing new"],
		["that it is healthy counts", open, "healthy", "healthy"],
		["that it is healthy counts after a silence", { ...open, until: NOW - HOUR }, "healthy", "healthy"],
		["that it failed counts", open, "failed", "failed"],
		["that it was rolled back is a failure", open, "rolled_back", "failed"],
		["that it failed counts after it was healthy", { ...open, outcome: "healthy" }, "failed", "failed"],
		["that it is healthy does not count after it failed", { ...open, outcome: "failed" }, "healthy", "nothing new"],
		["that comes twice says nothing new", { ...open, outcome: "healthy" }, "healthy", "nothing new"],
	])("%s", (_, before, reported, outcome) => {
		const after = hearHaReport(before, "2", before.at, reported);
		expect(after).toEqual(
			outcome === "nothing new" ? null : outcome === "given back" ? "given_back" : { ...before, outcome },
		);
	});

	it("on another permit of the device, or on another version, is not about this one", () => {
		expect(hearHaReport({ ...open, mark: "cut" }, "2", open.at - 1, "failed")).toBeNull();
		expect(hearHaReport({ ...open, mark: "brought" }, "1", open.at, "failed")).toBeNull();
		expect(hearHaReport(open, "2", open.at - 1, "failed")).toBeNull();
		expect(hearHaReport(open, "1", open.at, "failed")).toBeNull();
	});
});

test("a report on a permit that was brought along is found by its version: no lock gave its time", () => {
	const brought = permit("b", { mark: "brought" });
	expect(hearHaReport(brought, "2", brought.at - 1, "healthy")).toEqual({ ...brought, outcome: "healthy" });
});

test("a permit is under way until the second at which it ends", () => {
	expect([0, 1].map((more) => haPermitState(permit("b", { until: NOW + 1 }), NOW + more))).toEqual([
		"under_way",
		"silent",
	]);
});
