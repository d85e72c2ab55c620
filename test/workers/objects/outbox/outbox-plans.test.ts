// What an outbox costs that has much to deliver: no query reads every row, whatever is asked.
import { expect, it } from "vitest";
import { OutboxRows } from "../../../../src/objects/outbox/outbox-rows.ts";
import { allow, deny, head, onBench, record } from "./outbox-bench.ts";

interface Statement {
	readonly query: string;
	readonly values: unknown[];
	readonly rowsRead: number;
}

/** Once per life of the object, so it may. */
const READS_ALL = ["dropLanesExcept"];

function listening(sql: SqlStorage): { sql: SqlStorage; heard: Statement[] } {
	const heard: Statement[] = [];
	const exec = (query: string, ...values: unknown[]) => {
		const rows = sql.exec(query, ...values);
		const all = rows.toArray();
		heard.push({ query, values, rowsRead: rows.rowsRead });
		return { toArray: () => all, one: () => all[0] };
	};
	return { sql: { exec } as unknown as SqlStorage, heard };
}

function fill(rows: OutboxRows): void {
	for (let number = 0; number < 1_000; number += 1) {
		rows.add("kv", record(`device:dev-${number}`, 1));
		rows.add("redis", record(`device:dev-${number}`, 1));
		rows.add("directory", deny(`dev-${number}`, 1));
	}
}

/** Each method of the rows, as an outbox calls it. */
const CALLS: Readonly<Record<string, (rows: OutboxRows) => unknown>> = {
	add: (rows) => {
		rows.add("kv", record("device:dev-500", 2));
		rows.add("directory", allow("dev-500", 2));
	},
	first: (rows) => rows.first("kv"),
	leading: (rows) => rows.leading("kv", 6, 700),
	has: (rows) => rows.has(7),
	denialsFrom: (rows) => rows.denialsFrom("directory", 1_000, 6),
	firstDenial: (rows) => rows.firstDenial("directory"),
	hasBefore: (rows) => rows.hasBefore("kv", 2_000),
	owes: (rows) => [rows.owes("device:dev-7", "kv"), rows.owes("device:dev-7", null)],
	isEmpty: (rows) => rows.isEmpty(),
	remove: (rows) => rows.remove(7),
	countFailure: (rows) => rows.countFailure("kv", 8),
	mostFailures: (rows) => rows.mostFailures("kv"),
};

it("names each method of the rows", () => {
	const methods = Object.getOwnPropertyNames(OutboxRows.prototype).filter((name) => name !== "constructor");
	expect(methods.toSorted()).toEqual([...Object.keys(CALLS), "count", ...READS_ALL].toSorted());
});

it.each(Object.entries(CALLS))("%s scans nothing and reads a few rows, with 3,000 waiting", (_, call) =>
	onBench(async ({ state }) => {
		fill(new OutboxRows(state.storage.sql));
		const { sql, heard } = listening(state.storage.sql);
		call(new OutboxRows(sql));
		expect(heard.length).toBeGreaterThan(0);
		for (const { query, values, rowsRead } of heard) {
			expect(rowsRead, query).toBeLessThanOrEqual(20);
			expect(scansOf(state.storage.sql, query, values), query).toEqual([]);
		}
	}),
);

it("counts a lane in its index, and reads no other lane", () =>
	onBench(async ({ state }) => {
		fill(new OutboxRows(state.storage.sql));
		const { sql, heard } = listening(state.storage.sql);
		expect(new OutboxRows(sql).count("kv")).toBe(1_000);
		expect(heard[0]?.rowsRead).toBeLessThanOrEqual(1_001);
		for (const { query, values } of heard) expect(scansOf(state.storage.sql, query, values)).toEqual([]);
	}));

it("scans nothing from the first step to the last, failures, doubts and denials among them", () =>
	onBench(
		async ({ state, outbox, kv, clock, alarm, truth }) => {
			// The first delivery of a life looks for lanes that are no more.
			await outbox.deliver();
			const { heard, end } = listenToAll(state.storage.sql);
			kv.break("before");
			truth.set("device:dev-a", record("device:dev-a", 1));
			outbox.add([record("device:dev-a", 1), record("product:crs@1", 1), head("crs", 1), deny("dev-a", 1)]);
			await outbox.deliver();
			kv.repair();
			await outbox.deliver();
			clock.ms += 400_000;
			await alarm().ring();
			await outbox.deliver();
			expect(outbox.isEmpty()).toBe(true);
			end();
			const queries = new Map(heard.filter(({ query }) => /\boutbox/.test(query)).map((one) => [one.query, one]));
			expect(queries.size).toBeGreaterThan(12);
			for (const { query, values } of queries.values())
				expect(scansOf(state.storage.sql, query, values), query).toEqual([]);
		},
		{ lanes: ["kv", "redis"] },
	));

it("looks for lanes that the deployment no longer has once in a life", () =>
	onBench(async ({ state, outbox, restart }) => {
		const { heard, end } = listenToAll(state.storage.sql);
		for (const [life, one] of [outbox, restart()].entries()) {
			one.add([record("device:dev-a", 2 * life + 1)]);
			await one.deliver();
			one.add([record("device:dev-a", 2 * life + 2)]);
			await one.deliver();
		}
		end();
		expect(heard.filter(({ query }) => query.includes("NOT IN"))).toHaveLength(2 * 2);
	}));

/** @returns the steps of a query's plan that walk through a whole table or index */
function scansOf(sql: SqlStorage, query: string, values: unknown[]): string[] {
	const plan = sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values).toArray();
	return plan.map(({ detail }) => detail).filter((detail) => detail.startsWith("SCAN"));
}

/** Hears every statement of all objects until its end. */
function listenToAll(sql: SqlStorage): { heard: Pick<Statement, "query" | "values">[]; end: () => void } {
	const heard: Pick<Statement, "query" | "values">[] = [];
	const prototype: SqlStorage = Object.getPrototypeOf(sql);
	const { exec } = prototype;
	prototype.exec = function listened<T extends Record<string, SqlStorageValue>>(
		this: SqlStorage,
		query: string,
		...values: unknown[]
	) {
		heard.push({ query, values });
		return exec.call(this, query, ...values) as SqlStorageCursor<T>;
	};
	return {
		heard,
		end: () => {
			prototype.exec = exec;
		},
	};
}
