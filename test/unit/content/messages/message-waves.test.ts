// To whom a message is shown that is for a fraction of all, and what becomes of it when the fraction grows.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
	decideRaise,
	fractionOf,
	MAX_WAVES,
	sequenceFor,
	type Waves,
} from "../../../../src/content/messages/message-waves.ts";
import { selectMessages } from "../../../../src/content/messages/select-messages.ts";
import { bucketsOf } from "../../../../src/content/releases/rollout-place.ts";
import { bucketOf } from "../../../../src/rollout/bucket.ts";
import { DEVICE, makeMessage, NOW } from "../content-fixtures.ts";

const NOWHERE = { engine: null, country: null };
const TENTH = [{ upTo: 0.1, sequence: 3 }];
const THEN_HALF = [...TENTH, { upTo: 0.5, sequence: 8 }];

describe("a unit has a message", () => {
	it.each<[Waves, number | undefined, number | null]>([
		[TENTH, 0, 3],
		[TENTH, 0.0999, 3],
		[TENTH, 0.1, null],
		[TENTH, undefined, null],
		[THEN_HALF, 0.0999, 3],
		[THEN_HALF, 0.1, 8],
		[THEN_HALF, 0.5, null],
		[[...THEN_HALF, { upTo: 1, sequence: 9 }], 0.999, 9],
		[[{ upTo: 1, sequence: 4 }], undefined, 4],
	])("of %j, with bucket %j, as number %j", (waves, bucket, sequence) => {
		expect(sequenceFor(waves, bucket)).toBe(sequence);
	});

	it("by the rule of releases: the message's id is the salt, and an HA group has it as a whole", async () => {
		const message = makeMessage(3, { waves: TENTH });
		for (const [id, haGroup] of [
			["dev-a", null],
			["dev-b", "ha-1"],
			["dev-c", "ha-1"],
		] as const) {
			const buckets = await bucketsOf([], { ...DEVICE, id, haGroup }, [message]);
			expect([...buckets]).toEqual([[message.id, await bucketOf(message.id, haGroup ?? id)]]);
		}
		expect((await bucketsOf([], DEVICE, [makeMessage(3)])).size).toBe(0);
	});

	it("only where it belongs to the audience as well", () => {
		const others = makeMessage(3, { waves: TENTH, audience: { models: ["FW-900"] } });
		const shown = selectMessages([others], DEVICE, NOWHERE, new Map([[others.id, 0]]), NOW);
		expect(shown.messages).toEqual([]);
	});
});

describe("a raise", () => {
	it.each([
		[0.1, "same"],
		[0.0999, "shrinks"],
		[0.1001, "raise"],
		[1, "raise"],
	] as const)("from a tenth to %f: %s", (fraction, decision) => {
		expect(decideRaise(TENTH, fraction)).toBe(decision);
	});

	it("is taken so often, and once more for everybody", () => {
		const many = Array.from({ length: MAX_WAVES }, (_, at) => ({ upTo: (at + 1) / 100, sequence: at + 1 }));
		expect(decideRaise(many.slice(1), 0.5)).toBe("raise");
		expect(decideRaise(many, 0.5)).toBe("too_many_waves");
		expect(decideRaise(many, 1)).toBe("raise");
	});

	const anyRaises = fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 });
	const bucket = fc.double({ min: 0, max: 0.999_999, noNaN: true });

	it("only adds: who has a message keeps it under its number, who comes in has not read it, whatever they have read", () => {
		fc.assert(
			fc.property(anyRaises, bucket, ([first = 1, ...raises], one) => {
				let sequence = 1;
				let waves: Waves = [{ upTo: first, sequence }];
				for (const fraction of raises) {
					const before = sequenceFor(waves, one);
					const reached = fractionOf(waves);
					if (decideRaise(waves, fraction) === "raise") {
						sequence += 2;
						waves = [...waves, { upTo: fraction, sequence }];
					}
					const after = sequenceFor(waves, one);
					if (before !== null) expect(after).toBe(before);
					else if (after !== null) expect(after).toBe(sequence);
					expect(fractionOf(waves)).toBe(Math.max(reached, fraction));
					expect(after !== null).toBe(one < fractionOf(waves));
				}
			}),
		);
	});
});
