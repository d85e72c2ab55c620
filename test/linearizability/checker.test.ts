// The checker on histories of a register and of a box with seats whose answer is known: those of the literature, and those
// in which an answer was lost.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Call, checkLinearizable, type Specification } from "./checker.ts";

type RegisterCall = Call<string, string>;

/** "write x" answers "ok", "read" what was written last. */
const REGISTER: Specification<string, string, string> = {
	initial: "0",
	next(value, { input, output }) {
		const [name, written = ""] = input.split(" ");
		if (name === "read") return output === undefined || output === value ? [value] : [];
		return output === undefined || output === "ok" ? [written] : [];
	},
	isReading: ({ input }) => input === "read",
	keyOf: (value) => value,
};

/**
 * @param lines one per caller; the column is the time. `|write 1|` has an answer ("ok", or what stands after `=`), `|write 1~`
 * has none
 */
function history(...lines: readonly string[]): RegisterCall[] {
	return lines.flatMap((line) =>
		[...line.matchAll(/\|([^|~=]+?)(?:=(\w+))?\s*([|~])/g)].map(
			({ index: invoked, 0: text, 1: input = "", 2: output = "ok", 3: end }) => {
				const isLost = end === "~";
				const returned = isLost ? null : invoked + text.length - 1;
				return { input, invoked, returned, output: isLost ? undefined : output };
			},
		),
	);
}

const read = (output: string, at: number) => ({ input: "read", invoked: at, returned: at + 5, output });
const isLinearizable = (calls: readonly RegisterCall[]) => checkLinearizable(REGISTER, calls).ok;

describe("a register", () => {
	it("may answer what is being written, or what was there before", () => {
		expect(isLinearizable(history("|write 1      |", "   |read=0|"))).toBe(true);
		expect(isLinearizable(history("|write 1      |", "   |read=1|"))).toBe(true);
		expect(isLinearizable(history("|write 1      |", "   |read=2|"))).toBe(false);
	});

	it("never goes back to what was there before a write that has ended", () => {
		expect(isLinearizable(history("|write 1|", "           |read=0|"))).toBe(false);
		expect(isLinearizable(history("|write 1|", "           |read=1|"))).toBe(true);
	});

	it("does not show a new value to one reader, and the old one to the next", () => {
		expect(isLinearizable(history("|write 1             |", "  |read=1|  |read=0|"))).toBe(false);
		expect(isLinearizable(history("|write 1             |", "  |read=0|  |read=1|"))).toBe(true);
	});

	it("shows two writes at once to all readers in the same order", () => {
		const writes = ["|write 1|", " |write 2|"];
		expect(isLinearizable(history(...writes, "           |read=1|", "                    |read=1|"))).toBe(true);
		expect(isLinearizable(history(...writes, "           |read=1|", "                    |read=2|"))).toBe(false);
	});
});

describe("a call whose answer was lost", () => {
	it("may have taken effect, or not", () => {
		expect(isLinearizable(history("|write 1~", "            |read=1|"))).toBe(true);
		expect(isLinearizable(history("|write 1~", "            |read=0|"))).toBe(true);
	});

	it("may take effect long after, but once", () => {
		const reads = (first: number, second: number, third: number) =>
			isLinearizable(history("|write 1~", `            |read=${first}| |read=${second}| |read=${third}|`));
		expect(reads(0, 0, 1)).toBe(true);
		expect(reads(0, 1, 0)).toBe(false);
	});

	it("takes no effect any more when it has lapsed", () => {
		const reads = [read("0", 30), read("1", 40)];
		const written = (lapsed: number) => ({ input: "write 1", invoked: 0, returned: null, output: undefined, lapsed });
		expect(isLinearizable([written(35), ...reads])).toBe(true);
		expect(isLinearizable([written(25), ...reads])).toBe(false);
		// Who reads 0 could do so at once, but then nobody could have read 1.
		const undone = { input: "write 0", invoked: 12, returned: 70, output: "ok" };
		const readers = [{ ...read("1", 10), returned: 100 }, read("0", 30)];
		expect(isLinearizable([written(25), undone, ...readers])).toBe(true);
	});

	it("takes no effect before it was made", () => {
		expect(isLinearizable(history("           |write 1~", "|read=1|"))).toBe(false);
	});

	it("is in the order that explains the answers only where something needs it", () => {
		const [used, unused] = [0, 1].map((value) =>
			checkLinearizable(REGISTER, history("|write 1~", `            |read=${1 - value}|`)),
		);
		expect(used?.ok && used.order.map(({ input }) => input)).toEqual(["write 1", "read"]);
		expect(unused?.ok && unused.order.map(({ input }) => input)).toEqual(["read"]);
	});
});

/** "take" answers yes or no, "leave" ok; the state is how many seats are left. */
const TWO_SEATS: Specification<number, string, string> = {
	initial: 2,
	next(left, { input, output }) {
		const answer = input === "leave" ? "ok" : left > 0 ? "yes" : "no";
		if (output !== undefined && output !== answer) return [];
		return [answer === "no" ? left : left + (input === "leave" ? 1 : -1)];
	},
	isReading: ({ output }) => output === "no",
	keyOf: String,
};
const seatsExplain = (calls: readonly RegisterCall[], maxSteps?: number) =>
	checkLinearizable(TWO_SEATS, calls, maxSteps);

describe("two seats", () => {
	it("are given to two of those who ask at once, and a third is explained by nothing", () => {
		expect(seatsExplain(history("|take=yes|", "|take=no |", "|take=yes|")).ok).toBe(true);
		const verdict = seatsExplain(history("|take=yes|", "|take=yes|", "|take=yes|"));
		expect(verdict).toMatchObject({ ok: false, reason: "not_linearizable" });
		expect(verdict.ok || verdict.longest).toHaveLength(2);
	});

	it("may be full because of one whose answer was lost, and are not full without", () => {
		const after = "             |take=no|";
		expect(seatsExplain(history("|take=yes|", "|take~", after)).ok).toBe(true);
		expect(seatsExplain(history("|take=yes|", after)).ok).toBe(false);
	});

	it("may be free again because of one who left without an answer", () => {
		const taken = ["|take=yes|", "|take=yes|"];
		expect(seatsExplain(history(...taken, "           |leave~", "              |take=yes|")).ok).toBe(true);
		expect(seatsExplain(history(...taken, "           |leave~", "              |take=yes| |take=yes|")).ok).toBe(false);
	});

	it("are undecided, and not in order, when the search is too long", () => {
		const calls = history("|take=yes|", "|take=yes|", "|take=yes|");
		expect(seatsExplain(calls, 3)).toMatchObject({ ok: false, reason: "undecided" });
	});
});

describe("against all orders, tried one by one", () => {
	const call = fc.record({
		input: fc.constantFrom("write 1", "write 2", "read"),
		output: fc.constantFrom("0", "1", "2"),
		invoked: fc.integer({ min: 0, max: 12 }),
		lasts: fc.option(fc.integer({ min: 1, max: 6 })),
		lapses: fc.option(fc.integer({ min: 0, max: 6 })),
	});
	const calls = fc.array(call, { maxLength: 6 }).map((drawn) =>
		drawn.map(({ input, output, invoked, lasts, lapses }, place): RegisterCall => {
			const answer = input === "read" ? output : "ok";
			// No two at the same time.
			return {
				input,
				invoked: invoked * 10 + place,
				returned: lasts === null ? null : (invoked + lasts) * 10 + place,
				output: lasts === null ? undefined : answer,
				...(lasts === null && lapses !== null && { lapsed: (invoked + lapses) * 10 + place }),
			};
		}),
	);

	function* ordersOf(left: readonly RegisterCall[], latest = 0): Generator<readonly RegisterCall[]> {
		if (left.every(({ returned }) => returned === null)) yield [];
		for (const next of left) {
			const others = left.filter((other) => other !== next);
			if (others.some(({ returned }) => returned !== null && returned < next.invoked)) continue;
			if (latest > (next.lapsed ?? Number.POSITIVE_INFINITY)) continue;
			for (const rest of ordersOf(others, Math.max(latest, next.invoked))) yield [next, ...rest];
		}
	}

	function explains(order: readonly RegisterCall[]): boolean {
		let value: string | undefined = REGISTER.initial;
		for (const one of order) {
			[value] = REGISTER.next(value, one, one);
			if (value === undefined) return false;
		}
		return true;
	}

	it("it says the same", () => {
		let linearizable = 0;
		fc.assert(
			fc.property(calls, (drawn) => {
				const expected = [...ordersOf(drawn)].some(explains);
				if (expected) linearizable += 1;
				expect(isLinearizable(drawn)).toBe(expected);
			}),
			{ numRuns: 2_000 },
		);
		expect(linearizable).toBeGreaterThan(400);
		expect(linearizable).toBeLessThan(1_900);
	});
});
