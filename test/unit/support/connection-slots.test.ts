// The limit of six connections as the simulation and the tests of outboxes have it.
import { expect, it } from "vitest";
import { VirtualTime } from "../../simulation/virtual-time.ts";
import { ConnectionSlots } from "../../support/stand-ins/connection-slots.ts";

it("six go at once, the seventh when one is through, in the order in which they came", async () => {
	const time = new VirtualTime(0);
	const slots = new ConnectionSlots(time);
	const begun: [number, number][] = [];
	for (let number = 0; number < 14; number++) {
		void slots.hold(async () => {
			begun.push([number, time.nowMs()]);
			await time.pass(300);
		});
	}
	await time.runUntil(10_000);
	expect(begun.map(([number]) => number)).toEqual(Array.from({ length: 14 }, (_, number) => number));
	expect(begun.map(([, atMs]) => atMs)).toEqual([...Array(6).fill(0), ...Array(6).fill(300), ...Array(2).fill(600)]);
	expect(slots.mostWanted).toBe(14);
});

it("an answer that never comes holds its place for a minute, and one that fails gives it back at once", async () => {
	const time = new VirtualTime(0);
	const slots = new ConnectionSlots(time);
	for (let count = 0; count < 5; count++) void slots.hold(() => new Promise(() => {}));
	const failed = slots.hold(async () => {
		await time.pass(10);
		throw new Error("503");
	});
	failed.catch(() => {});
	const begunMs: number[] = [];
	for (let count = 0; count < 2; count++) {
		void slots.hold(async () => {
			begunMs.push(time.nowMs());
			await time.pass(100_000);
		});
	}
	await time.runUntil(70_000);
	expect(begunMs).toEqual([10, 60_000]);
});
