// What is kept of requests under an Idempotency-Key: whatever breaks off between two steps, a change is made once in a day, and its first
// outcome and answer are the ones that count.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import {
	HELD_SECONDS,
	KEPT_PER_SUBJECT,
	KEPT_SECONDS,
	ONCE_TABLES,
	OnceDesk,
	type OnceRequest,
} from "../../../../src/objects/product/once-desk.ts";

const REQUEST: OnceRequest = { subject: "ci", route: "POST /withdraw", key: "one", fingerprint: "body" };
const ANSWER = { status: 200, body: '{"changed":true}' };

let now: number;
let desk: OnceDesk;
let changes: number;
beforeEach(() => {
	now = 1_000_000;
	changes = 0;
	desk = openDesk();
});

function openDesk(): OnceDesk {
	const database = new DatabaseSync(":memory:");
	for (const statement of ONCE_TABLES) database.exec(statement);
	const exec = (query: string, ...values: SQLInputValue[]) => {
		const rows = database.prepare(query).all(...values);
		return { toArray: () => rows };
	};
	const transactionSync = <T>(work: () => T): T => work();
	const storage = { sql: { exec }, transactionSync } as unknown as DurableObjectStorage;
	return new OnceDesk(storage, () => now);
}

const change = () => ({ ok: true, place: ++changes });

describe("a request under a key", () => {
	it("is carried out, and answered the same from then on", () => {
		expect(desk.ask(REQUEST)).toEqual({ kind: "go" });
		expect(desk.run(REQUEST, change)).toEqual({ ok: true, place: 1 });
		desk.keep(REQUEST, ANSWER);
		expect(desk.ask(REQUEST)).toEqual({ kind: "answered", answer: ANSWER });
	});

	it("is under way for as long as a request can take, and goes on after that", () => {
		desk.ask(REQUEST);
		now += HELD_SECONDS - 1;
		expect(desk.ask(REQUEST)).toEqual({ kind: "under_way", seconds: 1 });
		now += 1;
		expect(desk.ask(REQUEST)).toEqual({ kind: "go" });
	});

	it("is known by its change where its answer was never kept, or is too large to be", () => {
		desk.ask(REQUEST);
		desk.run(REQUEST, change);
		desk.keep(REQUEST, { status: 200, body: "x".repeat(70_000) });
		expect(desk.ask(REQUEST)).toEqual({ kind: "go" });
		expect(desk.isDone(REQUEST)).toBe(true);
		expect(desk.run(REQUEST, change)).toEqual({ ok: true, place: 1 });
		expect(changes).toBe(1);
	});

	it("that was refused is judged anew", () => {
		desk.ask(REQUEST);
		expect(desk.run(REQUEST, () => ({ ok: false }))).toEqual({ ok: false });
		desk.letGo(REQUEST);
		expect(desk.ask({ ...REQUEST, fingerprint: "other body" })).toEqual({ kind: "go" });
	});

	it("that failed after its change keeps it", () => {
		desk.ask(REQUEST);
		desk.run(REQUEST, change);
		desk.letGo(REQUEST);
		expect(desk.ask({ ...REQUEST, fingerprint: "other body" })).toEqual({ kind: "other_request" });
		expect(desk.ask(REQUEST)).toEqual({ kind: "go" });
		expect(desk.run(REQUEST, change)).toEqual({ ok: true, place: 1 });
	});

	it.each([
		["another body", { fingerprint: "other body" }, "other_request"],
		["another caller", { subject: "olivia" }, "go"],
		["another route", { route: "POST /halt" }, "go"],
		["another key", { key: "two" }, "go"],
	])("is another one with %s", (_, other, kind) => {
		desk.ask(REQUEST);
		desk.keep(REQUEST, ANSWER);
		expect(desk.ask({ ...REQUEST, ...other }).kind).toBe(kind);
	});

	it("is forgotten after a day, to the second", () => {
		desk.ask(REQUEST);
		desk.keep(REQUEST, ANSWER);
		now += KEPT_SECONDS - 1;
		expect(desk.ask(REQUEST).kind).toBe("answered");
		now += 1;
		expect(desk.ask({ ...REQUEST, fingerprint: "other body" }).kind).toBe("go");
	});

	it("takes the place of its caller's oldest, where those are many, and of nobody else's", () => {
		const other = { ...REQUEST, subject: "olivia" };
		for (const request of [REQUEST, other]) {
			desk.ask(request);
			desk.keep(request, ANSWER);
		}
		for (let count = 1; count <= KEPT_PER_SUBJECT; count++) {
			now++;
			desk.ask({ ...REQUEST, key: `key ${count}` });
			const kinds = [REQUEST, other].map((request) => count < KEPT_PER_SUBJECT && desk.ask(request).kind);
			if (count < KEPT_PER_SUBJECT) expect(kinds).toEqual(["answered", "answered"]);
		}
		expect(desk.ask(other).kind).toBe("answered");
		expect(desk.ask(REQUEST).kind).toBe("go");
	});
});

it("makes a change once in a day, wherever who asks, who answers and the time between break off", () => {
	const step = fc.record({
		/** how far one try gets before it breaks off: asked, changed, answered */
		reaches: fc.constantFrom("asked", "refused", "changed", "failed", "answered"),
		/** seconds until the next one */
		pause: fc.integer({ min: 0, max: 2 * HELD_SECONDS }),
	});
	fc.assert(
		fc.property(fc.array(step, { maxLength: 30 }), (tries) => {
			desk = openDesk();
			changes = 0;
			for (const { reaches, pause } of tries) {
				const asked = desk.ask(REQUEST);
				if (asked.kind === "answered") expect(asked.answer).toEqual(ANSWER);
				// One that was told to wait, or broke off long ago, may come through all the same.
				if (reaches === "refused" && asked.kind === "go" && !desk.isDone(REQUEST)) desk.letGo(REQUEST);
				else if (reaches !== "asked") {
					expect(desk.run(REQUEST, change)).toEqual({ ok: true, place: 1 });
					if (reaches === "failed") desk.letGo(REQUEST);
					if (reaches === "answered") desk.keep(REQUEST, ANSWER);
				}
				now += pause;
			}
			expect(changes).toBeLessThanOrEqual(1);
		}),
	);
});
