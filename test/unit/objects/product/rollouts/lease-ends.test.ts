// The end of leases while the accounts of their devices are asked, and others report meanwhile.
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { expect, it } from "vitest";
import { ControlTables } from "../../../../../src/objects/product/rollouts/control-tables.ts";
import { LeaseEnds } from "../../../../../src/objects/product/rollouts/lease-ends.ts";
import { LeaseTables } from "../../../../../src/objects/product/rollouts/lease-tables.ts";
import { RolloutTables } from "../../../../../src/objects/product/rollouts/rollout-tables.ts";
import { PRODUCT_SCHEMA } from "../../../../../src/objects/product/schema.ts";
import { RAPID } from "../../../../../src/rollout/built-in-plans.ts";
import { createRollout } from "../../../../../src/rollout/rollout.ts";

const VERSION = "2.0.0";
const START = 1_795_000_000;
/** More than one run of the alarm ends. */
const DEVICES = 600;
const deviceOf = (number: number) => `dev-${String(number).padStart(10, "0")}-0123456789abcdef`;

it("counts a lease as silent only where its device's account was asked", async () => {
	const database = new DatabaseSync(":memory:");
	for (const statement of PRODUCT_SCHEMA.tables) database.exec(statement);
	const exec = (query: string, ...values: SQLInputValue[]) => {
		const rows = database.prepare(query).all(...values);
		return { toArray: () => rows, one: () => rows[0] };
	};
	const sql = { exec } as unknown as SqlStorage;
	const [rollouts, leases] = [new RolloutTables(sql), new LeaseTables(sql)];
	const from = { plan: RAPID, channel: "stable", salt: "salt", publisher: "ci", team: null, startsAt: 0 } as const;
	rollouts.save(VERSION, { ...createRollout({ ...from, now: START }), phase: "running" });
	for (let number = 0; number < DEVICES; number++) {
		leases.save(VERSION, {
			...{ unit: deviceOf(number), device: deviceOf(number), model: "FW-1", site: null, region: null },
			...{
				step: 0,
				at: START + number,
				counts: true,
				partners: [],
				deferrals: 0,
				outcome: null,
				detail: null,
				outcomeAt: null,
			},
		});
	}
	const asked: string[] = [];
	const ends = new LeaseEnds({
		...{ rollouts, leases, controls: new ControlTables(sql) },
		storage: { transactionSync: (work: () => void) => work() } as unknown as DurableObjectStorage,
		// All of them were given up; while that is asked, fifty report that they are well.
		givenUp: async (ended) => {
			const devices = ended.map(({ device }) => device);
			asked.push(...devices);
			for (const device of devices.slice(0, 50)) {
				const lease = leases.ofDevice(VERSION, device);
				if (lease !== null) {
					const healthy = { ...lease, outcome: "healthy", outcomeAt: START + 1 } as const;
					ends.settle(VERSION, { lease: healthy, count: ["healthy"] });
				}
			}
			return new Set(devices);
		},
	});
	const later = START + 30 * 86_400;
	await ends.endSilent(VERSION, later);
	expect(asked).toHaveLength(500);
	expect(rollouts.counts(VERSION)[0]).toMatchObject({ healthy: 50, excused: 450, silent: 0 });
	await ends.endSilent(VERSION, later);
	expect(rollouts.counts(VERSION)[0]).toMatchObject({ healthy: 100, excused: 500, silent: 0 });
	database.close();
});
