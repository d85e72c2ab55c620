// When a device may be replaced by another appliance, and which labels the successor has.
import { describe, expect, it } from "vitest";
import { decideReplacement, type ReplacementFacts } from "../../../../src/entitlement/devices/replacement.ts";
import { labels, mergeLabels } from "../../../../src/names.ts";

const AWAITED: ReplacementFacts = { replacedBy: null, successor: null, serial: "FW-2", model: null };
const THERE = { id: "dev-2", status: "active", model: "PA-440" } as const;

describe("a request to replace a device by another appliance", () => {
	it.each<[string, Partial<ReplacementFacts>, object]>([
		["waits for it", {}, { ok: true, kind: "awaited" }],
		["is done at once where it is there already", { successor: THERE }, { ok: true, kind: "now", by: "dev-2" }],
		["of the model it should be", { successor: THERE, model: "PA-440" }, { ok: true, kind: "now", by: "dev-2" }],
		[
			"is refused where it is of another model",
			{ successor: THERE, model: "PA-220" },
			{ ok: false, reason: "other_model", by: "dev-2" },
		],
		[
			"is refused where it is suspended",
			{ successor: { ...THERE, status: "suspended" } },
			{ ok: false, reason: "successor_suspended", by: "dev-2" },
		],
		[
			"is answered again when it was done before",
			{ replacedBy: { id: "dev-2", serial: "FW-2" }, successor: { ...THERE, status: "suspended" } },
			{ ok: true, kind: "done", by: "dev-2" },
		],
		[
			"is refused when another one took the place before",
			{ replacedBy: { id: "dev-3", serial: "FW-3" } },
			{ ok: false, reason: "already_replaced", by: "dev-3" },
		],
	])("%s", (_, change, decision) => {
		expect(decideReplacement({ ...AWAITED, ...change })).toEqual(decision);
	});
});

describe("labels of a device that takes another's place", () => {
	it("are its own, and of the other's what it has none of itself", () => {
		expect(mergeLabels({ site: "bonn" }, { site: "berlin", rack: "7" })).toEqual({ site: "bonn", rack: "7" });
	});

	it("are never more than a device may have", () => {
		const many = (name: string) => Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`${name}-${at}`, "x"]));
		const { "own-7": _, ...seven } = many("own");
		expect(labels.safeParse(mergeLabels(seven, many("old"))).success).toBe(true);
		expect(mergeLabels(many("own"), many("old"))).toEqual(many("own"));
		expect(Object.keys(mergeLabels(seven, many("old")))).toContain("old-0");
	});
});
