// Copies of one device: how they are told from a lost answer, a lost word and a snapshot that was put back.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	continueLineage,
	type DeviceLines,
	dayOf,
	hearStep,
	type Lineage,
	resolveFork,
} from "../../../../src/entitlement/devices/lineage.ts";

const DAY = 86_400;
const DEVICE = "dev-7f1sap46he-zdrcryv5zxqy7947";
const place = (at: number, country = "DE") => ({ at, country, colo: "FRA" });

/** @param steps `a>b`: b came with a's value */
function hearAll(steps: string): DeviceLines {
	let lines: DeviceLines | null = null;
	for (const [at, step] of steps.split(" ").entries()) {
		const [before = "", anchor = ""] = step.split(">");
		lines = hearStep(lines, { before, anchor }, place(at));
	}
	if (lines === null) throw new Error("nothing was said");
	return lines;
}

describe("the lines of a device", () => {
	it.each([
		["one that goes on", "0>a a>b b>c c>d", "d", false],
		["an answer that was lost, once", "0>a a>b a>c c>d d>e", "e", false],
		["an answer that was lost again and again", "0>a a>b a>c a>d d>e e>f", "f", false],
		["words that were lost", "0>a b>c c>d f>g g>h h>i", "i", false],
		["a word that came twice", "0>a a>b a>b b>c b>c", "c", false],
		["a snapshot that was put back, and no one else", "0>a a>b b>c c>d a>x x>y y>z", "z", false],
		["two snapshots, one long after the other", "0>a a>b b>c a>x x>y y>z z>w x>m m>n n>o", "o", false],
		["a lost answer long after another", "0>a a>b a>c c>d d>e d>f f>g g>h", "h", false],
		["a copy that is started once", "0>a a>b a>x b>c c>d", "d", false],
		["a copy that goes on for a day", "0>a a>b a>x b>c x>y", "c", true],
		["a copy of long ago", "0>a a>b b>c c>d a>x d>e x>y e>f", "f", true],
		["one whose first line was away for a while", "0>a a>b a>x x>y y>z b>c", "z", true],
		["one that lost its value, and began anew beside a copy", "0>a a>b q>r b>c r>s", "c", true],
	])("%s: %s", (_, steps, main, isFork) => {
		const lines = hearAll(steps);
		expect([lines.main.anchor, lines.forkedAt !== null]).toEqual([main, isFork]);
	});

	it("forked, they are told with where each was last seen, and stay so until somebody says which it is", () => {
		const forked = hearAll("0>a a>b a>x b>c x>y c>d y>z q>r");
		expect(forked).toMatchObject({ main: { anchor: "d" }, rival: { anchor: "z" }, forkedAt: 4 });
		const kept = resolveFork(forked, "z");
		expect(kept).toEqual({ main: { anchor: "z", hasGoneOn: false, ...place(6) }, rival: null, forkedAt: null });
		expect(resolveFork(forked, "a")).toBeNull();
		if (kept === null) throw new Error("there is such a line");
		const again = ["d>e", "z>w", "e>f"].reduce<DeviceLines>((lines, step) => {
			const [before = "", anchor = ""] = step.split(">");
			return hearStep(lines, { before, anchor }, place(9));
		}, kept);
		expect(again.forkedAt).toBe(9);
	});
});

/** A device as it carries its value; `fork` is the disk, copied. */
function simulate() {
	let lines: DeviceLines | null = null;
	let made = 0;
	const ask = (brought: Lineage | null, at: number, isHeard: boolean) => {
		made += 1;
		const { lineage, step } = continueLineage(DEVICE, brought, `n${made}`, at);
		if (step !== null && isHeard) lines = hearStep(lines, step, place(at));
		return lineage;
	};
	return { ask, isForked: () => lines?.forkedAt != null };
}

/** What one appliance does in six hours. */
const act = fc.constantFrom("asks", "asks", "asks", "loses the answer", "its word is lost", "is off", "is put back");

describe("laws of copies", () => {
	it("one appliance is never two, whatever is lost and however often it is put back to an earlier state", () => {
		fc.assert(
			fc.property(fc.array(fc.tuple(act, fc.nat(20)), { maxLength: 120 }), (acts) => {
				const world = simulate();
				const snapshots: (Lineage | null)[] = [null];
				for (const [index, [what, back]] of acts.entries()) {
					const held = snapshots.at(-1) ?? null;
					if (what === "is off") continue;
					// Put back at most once in a week: each time it must first be seen which of the lines goes on.
					if (what === "is put back") {
						if (index % 28 === 0) snapshots.push(snapshots[Math.max(0, snapshots.length - 1 - back)] ?? null);
						continue;
					}
					const got = world.ask(held, index * DAY * 0.25, what !== "its word is lost");
					if (what !== "loses the answer") snapshots.push(got);
				}
				expect(world.isForked()).toBe(false);
			}),
		);
	});

	it("two that both ask each day are a fork on the third day at the latest", () => {
		fc.assert(
			fc.property(fc.nat(30), fc.nat(3), fc.nat(3), (daysBefore, one, other) => {
				const world = simulate();
				let held: Lineage | null = null;
				let at = 0;
				for (; at < (daysBefore + 2) * DAY; at += DAY / 4) held = world.ask(held, at, true);
				let [first, second] = [held, held];
				for (const end = at + 3 * DAY; at < end; at += DAY / 4) {
					first = world.ask(first, at + one, true);
					second = world.ask(second, at + 10 + other, true);
				}
				expect(world.isForked()).toBe(true);
			}),
		);
	});
});

describe("a value", () => {
	const day = dayOf(DEVICE, 100 * DAY);
	it.each([
		["of today", day, false],
		["of a day that an edge with a later clock began", day + 1, false],
		["of yesterday", day - 1, true],
	])("%s is replaced and told: %s", (_, of, isTold) => {
		const brought = { anchor: "a", day: of };
		const { lineage, step } = continueLineage(DEVICE, brought, "b", 100 * DAY);
		expect(step).toEqual(isTold ? { anchor: "b", before: "a" } : null);
		expect(lineage).toEqual(isTold ? { anchor: "b", day } : brought);
	});

	it("is begun where none was brought, and nothing is told", () => {
		expect(continueLineage(DEVICE, null, "b", 100 * DAY)).toEqual({ lineage: { anchor: "b", day }, step: null });
	});
});
