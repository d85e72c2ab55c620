// The laws of any sequence of permits, reports and silence.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NO_STEP_EVIDENCE, openLeases, type StepEvidence } from "../../../src/rollout/evidence.ts";
import {
	decidePermit,
	decideReport,
	endLease,
	type Lease,
	REPORTED,
	type ReportEffect,
} from "../../../src/rollout/lease.ts";
import { ASKED, evidenceAt, leaseOf, NOW, standing } from "./leases.ts";

type Event =
	| { readonly kind: "ask" | "silence" | "giveUp"; readonly device: number }
	| { readonly kind: "report"; readonly device: number; readonly reported: (typeof REPORTED)[number] };

const anyEvents = fc.array(
	fc.oneof(
		fc.record({ kind: fc.constantFrom("ask" as const, "silence" as const, "giveUp" as const), device: fc.nat(11) }),
		fc.record({ kind: fc.constant("report" as const), device: fc.nat(11), reported: fc.constantFrom(...REPORTED) }),
	) as fc.Arbitrary<Event>,
	{ maxLength: 60, size: "max" },
);

/** Six groups of two devices in a step for two units. */
function play(events: readonly Event[]) {
	const leases = new Map<string, Lease>();
	const counts = { ...NO_STEP_EVIDENCE };
	let mostTogether = 0;
	const raise = (names: readonly (keyof StepEvidence | "relapsed")[]) => {
		for (const name of names) {
			if (name === "relapsed") counts.healthy--;
			else counts[name]++;
		}
	};
	for (const event of events) {
		const device = String(event.device);
		const unit = String(event.device >> 1);
		const unitLeases = [...leases.values()].filter((lease) => lease.unit === unit);
		const own = leases.get(device);
		const hasNoPlace = own?.counts === false || own?.outcome === "excused";
		const isHolder = ({ device: other, counts, outcome }: Lease) => other !== device && counts && outcome !== "excused";
		const holders = hasNoPlace ? unitLeases.filter(isHolder) : [];
		const over = holders.filter(({ outcome }) => outcome !== null);
		const holder = over.find(({ outcome }) => outcome === "healthy") ?? over[0] ?? holders[0] ?? null;
		const keep = (effect: ReportEffect) => {
			if (effect.yields !== undefined) leases.set(effect.yields.device, effect.yields);
			leases.set(device, effect.lease);
			raise(effect.count);
		};
		if (event.kind === "ask") {
			const question = { ...ASKED, device, peers: [String(event.device ^ 1)], unitLeases };
			const decision = decidePermit(standing("running"), evidenceAt(0, counts), question, NOW);
			if (!decision.ok || decision.kind !== "given") continue;
			leases.set(device, { ...leaseOf(device, null, decision.counts), unit, partners: [String(event.device ^ 1)] });
			if (decision.counts) raise(["permits"]);
		} else if (own !== undefined && event.kind === "report") {
			const effect = decideReport(own, event.reported, null, NOW, holder);
			if (effect !== null) keep(effect);
		} else if (own?.outcome === null) {
			keep(endLease(own, event.kind === "giveUp", NOW, holder));
		}
		const open = [...leases.values()].filter(({ outcome }) => outcome === null);
		expect(new Set(open.map((lease) => lease.unit)).size).toBe(open.length);
		mostTogether = Math.max(mostTogether, open.filter((lease) => lease.counts).length);
	}
	return { leases: [...leases.values()], counts, mostTogether };
}

describe("whatever devices ask, say and keep silent about,", () => {
	const check = (law: (played: ReturnType<typeof play>) => void) =>
		fc.assert(
			fc.property(anyEvents, (events) => law(play(events))),
			{ numRuns: 500 },
		);

	it("no two devices of a group are under way at once, and never more units than the step has places", () => {
		check(({ mostTogether }) => {
			expect(mostTogether).toBeLessThanOrEqual(2);
		});
	});

	it("the counts add up: what is open is what has a lease and no outcome", () => {
		check(({ leases, counts }) => {
			const open = leases.filter((lease) => lease.outcome === null && lease.counts).length;
			expect(openLeases(counts)).toBe(open);
		});
	});

	it("as many count as healthy as are, in places of their own", () => {
		check(({ leases, counts }) => {
			const healthy = leases.filter((lease) => lease.outcome === "healthy" && lease.counts).length;
			expect(counts.healthy).toBe(healthy);
		});
	});

	it("no group counts as failed more than once", () => {
		check(({ leases, counts }) => {
			const failed = leases.filter(({ outcome }) => outcome === "failed" || outcome === "silent");
			expect(counts.failed + counts.silent).toBe(new Set(failed.map(({ unit }) => unit)).size);
		});
	});

	it("no group counts as healthy of which a device failed or fell silent", () => {
		check(({ leases }) => {
			const failed = leases.filter(({ outcome }) => outcome === "failed" || outcome === "silent");
			const units = new Set(failed.map(({ unit }) => unit));
			expect(leases.filter((one) => one.counts && one.outcome === "healthy" && units.has(one.unit))).toEqual([]);
		});
	});
});
