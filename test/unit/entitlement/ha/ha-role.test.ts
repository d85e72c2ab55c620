// Who of an HA group is active: a table of what happens to firewalls, and laws over whatever they may say.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { HaMode, HaRole } from "../../../../src/entitlement/ha/ha-group.ts";
import { hearRole, judgeRoles, type RoleOfMember } from "../../../../src/entitlement/ha/ha-role.ts";

type Word = readonly [device: string, said: HaRole];

const silent = (devices: readonly string[]): readonly RoleOfMember[] =>
	devices.map((device) => ({ device, said: null, role: null }));
const hear = (words: readonly Word[], mode: HaMode = "active-passive", devices: readonly string[] = ["a", "b"]) =>
	words.reduce((members, [device, said]) => hearRole(mode, members, device, said), silent(devices));
const rolesOf = (members: readonly RoleOfMember[]) =>
	Object.fromEntries(members.map(({ device, role }) => [device, role]));

/** What an Account does: it remembers who was active last. */
function follow(words: readonly Word[], mode: HaMode = "active-passive", devices: readonly string[] = ["a", "b"]) {
	let lastActive: string | null = null;
	let members = silent(devices);
	const failovers: string[] = [];
	for (const [device, said] of words) {
		members = hearRole(mode, members, device, said);
		const { active, failover } = judgeRoles(mode, members, lastActive);
		if (failover !== null) failovers.push(`${failover.from}>${failover.to}`);
		lastActive = active ?? lastActive;
	}
	return { members, failovers, ...judgeRoles(mode, members, lastActive) };
}

describe("an active-passive pair", () => {
	const cases: [string, Word[], object][] = [
		["that has said nothing has no active device", [], { active: null, failovers: [], splitBrain: [] }],
		["whose first becomes active has no failover", [["a", "active"]], { active: "a", failovers: [], splitBrain: [] }],
		[
			"whose active device dies and says no more fails over to the other",
			[
				["a", "active"],
				["b", "passive"],
				["b", "active"],
			],
			{ active: "b", failovers: ["a>b"], splitBrain: [] },
		],
		[
			"whose active device steps down first fails over when the other steps up",
			[
				["a", "active"],
				["b", "passive"],
				["a", "passive"],
				["b", "active"],
			],
			{ active: "b", failovers: ["a>b"], splitBrain: [] },
		],
		[
			"whose dead device comes back as passive is as it was",
			[
				["a", "active"],
				["b", "active"],
				["a", "passive"],
			],
			{ active: "b", failovers: ["a>b"], splitBrain: [] },
		],
		[
			"of which one says once more that it is active, though the other took over, is split",
			[
				["a", "active"],
				["b", "active"],
				["a", "active"],
			],
			{ active: null, failovers: ["a>b"], splitBrain: ["a", "b"] },
		],
		[
			"that is split stays so while both go on saying it",
			[
				["a", "active"],
				["b", "active"],
				["a", "active"],
				["b", "active"],
				["a", "active"],
			],
			{ active: null, failovers: ["a>b"], splitBrain: ["a", "b"] },
		],
		[
			"is whole again when the one that took over steps down, and that is a failover back",
			[
				["a", "active"],
				["b", "active"],
				["a", "active"],
				["b", "passive"],
			],
			{ active: "a", failovers: ["a>b", "b>a"], splitBrain: [] },
		],
		[
			"without an active device for a while has no failover when the same one returns",
			[
				["a", "active"],
				["a", "passive"],
				["a", "active"],
			],
			{ active: "a", failovers: [], splitBrain: [] },
		],
	];
	test.each(cases)("%s", (_, words, expected) => {
		expect(follow(words)).toMatchObject(expected);
	});

	test("forgets the active role of a device whose peer took over, until it speaks", () => {
		expect(
			rolesOf(
				hear([
					["a", "active"],
					["b", "active"],
				]),
			),
		).toEqual({ a: null, b: "active" });
	});
});

test("in an active-active group all may be active, and nobody takes over", () => {
	const words: Word[] = [
		["a", "active"],
		["b", "active"],
		["a", "passive"],
		["a", "active"],
	];
	expect(follow(words, "active-active")).toMatchObject({ failovers: [], splitBrain: [], active: null });
	expect(rolesOf(hear(words, "active-active"))).toEqual({ a: "active", b: "active" });
});

test("a group that becomes active-passive while two are active is split", () => {
	const members = hear(
		[
			["a", "active"],
			["b", "active"],
		],
		"active-active",
	);
	expect(judgeRoles("active-passive", members, null).splitBrain).toEqual(["a", "b"]);
});

test("the device that was active last may have left: the next one fails over from it", () => {
	expect(judgeRoles("active-passive", [{ device: "b", role: "active" }], "gone").failover).toEqual({
		from: "gone",
		to: "b",
	});
});

const device = fc.constantFrom("a", "b", "c");
const words = fc.array(fc.tuple(device, fc.constantFrom<HaRole>("active", "passive")), { maxLength: 30 });

describe("whatever three devices say,", () => {
	const told = (all: readonly Word[]) => follow(all, "active-passive", ["a", "b", "c"]);

	test("who spoke last has the role that it said, and saying it twice is saying it once", () => {
		fc.assert(
			fc.property(words, device, fc.constantFrom<HaRole>("active", "passive"), (before, one, said) => {
				const once = told([...before, [one, said]]).members;
				expect(rolesOf(once)[one]).toBe(said);
				expect(told([...before, [one, said], [one, said]]).members).toEqual(once);
			}),
		);
	});

	test("a role that counts is the last word of its device; nobody who said passive counts as active", () => {
		fc.assert(
			fc.property(words, (all) => {
				for (const { said, role } of told(all).members) expect([said, null]).toContain(role);
			}),
		);
	});

	test("who says active is active until it says otherwise or another one says it anew", () => {
		fc.assert(
			fc.property(words, words, device, (before, after, one) => {
				const quiet = after.filter(([who, said]) => who !== one && said === "passive");
				expect(rolesOf(told([...before, [one, "active"], ...quiet]).members)[one]).toBe("active");
			}),
		);
	});

	test("a split brain needs a device that says active although another one took over; changes of mind make none", () => {
		fc.assert(
			fc.property(words, (all) => {
				const last = new Map<string, HaRole>();
				const changesOfMind = all.filter(([who, said]) => {
					const isNew = last.get(who) !== said;
					last.set(who, said);
					return isNew;
				});
				expect(told(changesOfMind).splitBrain).toEqual([]);
			}),
		);
	});

	test("each failover is from the device that was active to another one", () => {
		fc.assert(
			fc.property(words, (all) => {
				let active: string | undefined;
				for (const failover of told(all).failovers) {
					const [from, to] = failover.split(">");
					expect(from).toBe(active ?? from);
					expect(to).not.toBe(from);
					active = to;
				}
			}),
		);
	});
});
