// What an isolate gathers of devices' words: in order, in batches, once more where an account does not take them, and never for ever.
import { describe, expect, it } from "vitest";
import { type DeviceWord, MAX_WORDS } from "../../../../src/fleet/device-state.ts";
import { createWordQueue } from "../../../../src/routes/http/word-queue.ts";
import { VirtualClock } from "../../../support/stand-ins/virtual-clock.ts";

const word = (device: string): DeviceWord => ({
	...{ device, at: 1_790_000_000, country: null, colo: null },
	said: { kind: "refused", problem: "not_entitled" },
});

function start(failures = 0, gatherMs = 1_000) {
	const clock = new VirtualClock(1_790_000_000_000);
	const sent: string[][] = [];
	let [left, lost] = [failures, 0];
	const send = async (account: string, words: readonly DeviceWord[]) => {
		if (left-- > 0) throw new Error("the account is not there");
		sent.push([account, ...words.map(({ device }) => device)]);
	};
	const queue = createWordQueue({ send, clock, gatherMs, lost: (count) => (lost += count) });
	return { clock, queue, sent, lost: () => lost };
}

describe("a queue of words", () => {
	it("sends what comes within a second together, each account's by itself, in order", async () => {
		const { clock, queue, sent } = start();
		const behind = [queue.add("a", word("1")), queue.add("b", word("2")), queue.add("a", word("3"))];
		expect(behind[2]).toBeUndefined();
		expect(sent).toEqual([]);
		await clock.advance(1_000);
		await Promise.all(behind);
		expect(sent).toEqual([
			["a", "1", "3"],
			["b", "2"],
		]);
	});

	it("sends no more words at once than an account takes", async () => {
		const { clock, queue, sent } = start();
		const behind = Array.from({ length: MAX_WORDS + 1 }, (_, at) => queue.add("a", word(String(at))));
		expect(behind.filter((one) => one !== undefined)).toHaveLength(2);
		await clock.advance(1_000);
		await Promise.all(behind);
		expect(sent.map((one) => one.length - 1).toSorted((a, b) => a - b)).toEqual([1, MAX_WORDS]);
	});

	it("tries once more, and then counts what is lost", async () => {
		for (const [failures, told, lost] of [
			[1, 1, 0],
			[2, 0, 1],
		]) {
			const { clock, queue, sent, lost: counted } = start(failures);
			const behind = queue.add("a", word("1"));
			await clock.advance(1_000);
			await clock.advance(2_000);
			await behind;
			expect([sent.length, counted()]).toEqual([told, lost]);
		}
	});

	it("takes over what a request that was thrown away has left", async () => {
		const { clock, queue, sent } = start();
		// Its timer goes with the request that has set it.
		const { after } = clock;
		clock.after = () => () => {};
		void queue.add("a", word("1"));
		clock.after = after;
		await clock.advance(10_000);
		const behind = queue.add("a", word("2"));
		await clock.advance(1_000);
		await behind;
		expect(sent).toEqual([["a", "1", "2"]]);
	});

	it("knows what a device has said in these six hours", () => {
		const { queue } = start();
		expect(queue.isKnown("dev-1", "crs@1", 0)).toBe(false);
		expect(queue.isKnown("dev-1", "crs@1", 60)).toBe(true);
		expect(queue.isKnown("dev-1", "crs@2", 60)).toBe(false);
		expect(queue.isKnown("dev-1", "crs@2", 7 * 3_600)).toBe(false);
	});
});
