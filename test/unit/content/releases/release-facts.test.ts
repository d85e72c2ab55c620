// What a publisher says of a release: what is taken, in which order it stands, and how far it interrupts.
import { describe, expect, it } from "vitest";
import {
	footprint,
	IMPACTS,
	interrupts,
	orderFacts,
	releaseClasses,
} from "../../../../src/content/releases/release-facts.ts";

it.each([{}, { disk: 0 }, { disk: 1.5 }, { disk: 2 ** 40 + 1 }, { ram: 1 }])("takes no footprint like %j", (said) => {
	expect(footprint.safeParse(said).success).toBe(false);
});

it.each([[[]], [["threat", "threat"]], [["other"]]])("takes no classes like %j", (said) => {
	expect(releaseClasses.safeParse(said).success).toBe(false);
});

it("stands in one order, whichever it was said in, without what is not said", () => {
	const said = orderFacts({
		...{ classes: ["behaviour", "threat"], impact: "reload" },
		footprint: { memory: 3, disk: 2, unpacked: 1 },
	});
	expect(JSON.stringify(said)).toBe(
		'{"footprint":{"unpacked":1,"disk":2,"memory":3},"impact":"reload","classes":["threat","behaviour"]}',
	);
	expect(orderFacts({ footprint: { disk: 1 } })).toEqual({ footprint: { disk: 1 } });
	expect(orderFacts({})).toEqual({});
});

describe("an impact", () => {
	it("is as much as itself and all that is less, and no more", () => {
		const table = IMPACTS.map((said) => IMPACTS.map((least) => interrupts(said, least)));
		const [y, n] = [true, false];
		expect(table).toEqual([
			[y, n, n, n],
			[y, y, n, n],
			[y, y, y, n],
			[y, y, y, y],
		]);
	});

	it("that is not said may be any", () => {
		expect(IMPACTS.map((least) => interrupts(undefined, least))).toEqual([true, true, true, true]);
	});
});
