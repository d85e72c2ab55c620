// How many records an outbox has under way at once, and in which order versions of one of them go.
import { describe, expect, it } from "vitest";
import { systemClock } from "../../../../src/storage/clock.ts";
import { ConnectionSlots } from "../../../support/stand-ins/connection-slots.ts";
import { onBench, record } from "./outbox-bench.ts";

describe("outbox, window", () => {
	/** A put that ends when the test says so. */
	function gate() {
		const open: (() => void)[] = [];
		const begun: string[] = [];
		const hold = (key: string, { version }: { version: number }) => {
			begun.push(`${key} ${version}`);
			return new Promise<void>((resolve) => open.push(resolve));
		};
		return { open, begun, hold };
	}

	it("has six records under way, and begins the next as soon as any of them is through", () =>
		onBench(async ({ outbox, kv }) => {
			const { open, begun, hold } = gate();
			kv.onPut = hold;
			outbox.add(["a", "b", "c", "d", "e", "f", "g", "h"].map((id) => record(`device:${id}`, 1)));
			const delivered = outbox.deliver();
			await expect.poll(() => begun.length).toBe(6);
			open[3]?.();
			await expect.poll(() => begun.at(-1)).toBe("device:g 1");
			expect(begun).toHaveLength(7);
			open[0]?.();
			await expect.poll(() => begun.length).toBe(8);
			for (const end of open) end();
			await delivered;
			expect(outbox.isEmpty()).toBe(true);
		}));

	it("gets through to two stores with the six connections of an invocation, of which mute webhooks hold two", () =>
		onBench(
			async ({ outbox, kv, redis }) => {
				const slots = new ConnectionSlots(systemClock);
				let end = () => {};
				const mute = new Promise<void>((resolve) => {
					end = resolve;
				});
				const webhooks = [slots.hold(() => mute), slots.hold(() => mute)];
				kv.onPut = redis.onPut = () => slots.hold(() => scheduler.wait(1));
				outbox.add(Array.from({ length: 90 }, (_, number) => record(`device:${number}`, 1)));
				await outbox.deliver();
				expect(outbox.isEmpty()).toBe(true);
				// Two lanes of six, beside the webhooks: what waits for its turn is never more than that.
				expect(slots.mostWanted).toBeGreaterThan(6);
				expect(slots.mostWanted).toBeLessThanOrEqual(14);
				end();
				await Promise.all(webhooks);
			},
			{ lanes: ["kv", "redis"] },
		));

	it("never has two versions of one record under way", () =>
		onBench(async ({ outbox, kv }) => {
			const { open, begun, hold } = gate();
			kv.onPut = hold;
			outbox.add([record("device:a", 1), record("device:b", 1)]);
			const delivered = outbox.deliver();
			await expect.poll(() => begun.length).toBe(2);
			outbox.add([record("device:a", 2)]);
			open[1]?.();
			await expect.poll(() => outbox.waitingIn("kv")).toBe(1);
			expect(begun).toEqual(["device:a 1", "device:b 1"]);
			open[0]?.();
			await expect.poll(() => begun).toEqual(["device:a 1", "device:b 1", "device:a 2"]);
			open[2]?.();
			await delivered;
			expect(outbox.isEmpty()).toBe(true);
		}));

	it("has what others point to wait for the records before it, and goes by itself", () =>
		onBench(async ({ outbox, kv }) => {
			const { open, begun, hold } = gate();
			kv.onPut = hold;
			outbox.add([record("device:a", 1), record("messages@1", 1), record("device:b", 1)]);
			const delivered = outbox.deliver();
			await expect.poll(() => begun).toEqual(["device:a 1"]);
			open[0]?.();
			await expect.poll(() => begun).toEqual(["device:a 1", "messages@1 1"]);
			open[1]?.();
			await expect.poll(() => begun.at(-1)).toBe("device:b 1");
			open[2]?.();
			await delivered;
			expect(outbox.isEmpty()).toBe(true);
		}));

	it("begins nothing more once one has failed, and keeps what the others have done", () =>
		onBench(async ({ outbox, kv }) => {
			const { open, begun, hold } = gate();
			kv.onPut = async (key, stored) => {
				await hold(key, stored);
				if (key === "device:a") throw new Error("KV PUT failed: 503");
			};
			outbox.add(["a", "b", "c", "d", "e", "f", "g"].map((id) => record(`device:${id}`, 1)));
			const delivered = outbox.deliver();
			await expect.poll(() => begun.length).toBe(6);
			open[0]?.();
			await expect.poll(() => outbox.failures()).toEqual([{ lane: "kv", failures: 1 }]);
			for (const end of open) end();
			await delivered;
			expect(begun).toHaveLength(6);
			expect(outbox.waitingIn("kv")).toBe(2);
		}));
});
