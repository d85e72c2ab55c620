// A log that was tampered with shows it, and where.
import { beforeEach, describe, expect, it } from "vitest";
import { STANDARD } from "../../../src/rollout/built-in-plans.ts";
import { createRollout } from "../../../src/rollout/rollout.ts";
import { appendLog, type LogEntry, takeOrder, verifyLog } from "../../../src/rollout/rollout-log.ts";
import { PUBLISHER, START, TEAM } from "../../support/rollouts/rollout-worlds.ts";

const ROLLOUT = createRollout({
	...{ plan: STANDARD, salt: "s", publisher: PUBLISHER, team: TEAM, startsAt: START, now: START },
});
const HALT = { kind: "order", order: { kind: "halt", reason: "a customer called" }, by: "one" } as const;
const END = { kind: "order", order: { kind: "end", reason: "withdrawn" }, by: "two" } as const;

let log: LogEntry[];

beforeEach(async () => {
	const start = await appendLog(null, { at: START, input: { kind: "start", rollout: ROLLOUT }, turns: [] });
	const halted = takeOrder(ROLLOUT, HALT, START + 60);
	const halt = await appendLog(start, { at: START + 60, input: HALT, turns: halted.turns });
	const ended = takeOrder(halted.rollout, END, START + 120);
	log = [start, halt, await appendLog(halt, { at: START + 120, input: END, turns: ended.turns })];
});

const [FIRST, SECOND, THIRD] = [0, 1, 2];
const at = (index: number) => log[index] as LogEntry;

describe("a rollout's log", () => {
	it("is good as it was written, and says where the rollout stands", async () => {
		expect(await verifyLog(log)).toMatchObject({ ok: true, rollout: { phase: "ended", reason: "withdrawn" } });
		expect(await verifyLog(log.slice(0, 2))).toMatchObject({ ok: true, rollout: { phase: "halted" } });
	});

	it("is nothing without entries", async () => {
		expect(await verifyLog([])).toEqual({ ok: false, seq: 0, reason: "empty" });
	});

	it("shows who put another name to an order", async () => {
		log[SECOND] = { ...at(SECOND), input: { ...HALT, by: "somebody else" } };
		expect(await verifyLog(log)).toEqual({ ok: false, seq: 2, reason: "hash" });
	});

	it("shows an entry that was changed and hashed anew, at the one after it", async () => {
		const turned = { ...HALT, by: "two" };
		const { turns } = takeOrder(ROLLOUT, turned, START + 60);
		log[SECOND] = await appendLog(at(FIRST), { at: START + 60, input: turned, turns });
		expect(await verifyLog(log)).toEqual({ ok: false, seq: 3, reason: "order" });
	});

	it("shows an entry that was left out, doubled or exchanged", async () => {
		expect(await verifyLog([at(FIRST), at(THIRD)])).toEqual({ ok: false, seq: 3, reason: "order" });
		expect(await verifyLog([at(FIRST), at(SECOND), at(SECOND)])).toEqual({ ok: false, seq: 2, reason: "order" });
		expect(await verifyLog([at(FIRST), at(THIRD), at(SECOND)])).toEqual({ ok: false, seq: 3, reason: "order" });
		expect(await verifyLog(log.slice(1))).toEqual({ ok: false, seq: 2, reason: "order" });
	});

	it("shows a number that was changed along with the hash", async () => {
		const { seq: _, hash: __, previous: ___, ...entry } = at(THIRD);
		log[THIRD] = await appendLog({ seq: 3, hash: at(SECOND).hash }, entry);
		expect(await verifyLog(log)).toEqual({ ok: false, seq: 4, reason: "order" });
	});

	it("shows an outcome that the rules do not give, though all hashes are right", async () => {
		const turns = at(SECOND).turns.map((turn) => ({ ...turn, to: "done" as const }));
		const forged = await appendLog(at(FIRST), { at: START + 60, input: HALT, turns });
		expect(await verifyLog([at(FIRST), forged])).toEqual({ ok: false, seq: 2, reason: "turns" });
	});

	it("does not go back in time, or begin twice", async () => {
		const early = await appendLog(at(FIRST), { at: START - 1, input: HALT, turns: at(SECOND).turns });
		expect(await verifyLog([at(FIRST), early])).toEqual({ ok: false, seq: 2, reason: "order" });
		const again = await appendLog(at(FIRST), { at: START, input: { kind: "start", rollout: ROLLOUT }, turns: [] });
		expect(await verifyLog([at(FIRST), again])).toEqual({ ok: false, seq: 2, reason: "order" });
	});

	it("has one hash for one content, in whichever order its fields stand", async () => {
		const { at: when, input, turns } = at(SECOND);
		const turned = await appendLog(at(FIRST), {
			turns,
			input: { by: "one", order: HALT.order, kind: "order" },
			at: when,
		});
		expect(input).toEqual(HALT);
		expect(turned.hash).toBe(at(SECOND).hash);
	});
});
