// What a permit and a report cost in a release that many have: no query of the leases reads each of them.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { copyRows } from "../../../../../bench/objects/fill.ts";
import { LeaseTables } from "../../../../../src/objects/product/rollouts/lease-tables.ts";
import { NOW, product, startRollout } from "../../../../support/rollouts/standard-rollout.ts";

const LEASES = 1_000;
const VERSION = "9.0.0";
const LEASE: Parameters<LeaseTables["save"]>[1] = {
	...{ unit: "dev-0", device: "dev-0", model: "FW-1", site: "site 0", region: null, step: 0, at: NOW, counts: true },
	...{ partners: [], deferrals: 0, outcome: "healthy", detail: null, outcomeAt: NOW },
};

/** Methods that write each row they read, or read those of a small step (`unitsOf`), are left out. */
const CALLS: Readonly<Record<string, (leases: LeaseTables) => unknown>> = {
	"those of a device": (leases) => leases.ofUnit(VERSION, "dev-5", ["dev-5"]),
	"those of a group": (leases) => leases.ofUnit(VERSION, "hag-5", ["dev-5", "dev-6"]),
	"the one of a device": (leases) => leases.ofDevice(VERSION, "dev-5"),
	"the newest of a site": (leases) => leases.siteSince(VERSION, "site 5"),
	"those that are overdue": (leases) => leases.overdue(VERSION, 0, NOW),
	"those that are open": (leases) => leases.openSince(VERSION, 0, NOW, 5),
	"the oldest open one": (leases) => leases.oldestOpen(VERSION, 0),
	"those that failed": (leases) => leases.failures(VERSION, 5),
	"whether there are any": (leases) => leases.hasAny(VERSION),
	"units of an account": (leases) => leases.unitsOfAccount(VERSION, 0, "one"),
};

it.each(Object.entries(CALLS))("%s are found among 1,000 without reading them", async (_, call) => {
	await startRollout();
	await runInDurableObject(product(), (__, { storage: { sql } }) => {
		const plain = new LeaseTables(sql);
		plain.forget(VERSION);
		plain.save(VERSION, LEASE);
		copyRows(sql, "leases", `version = '${VERSION}'`, LEASES, {
			...{ unit: "'dev-' || i", device: "'dev-' || i", site: "'site ' || i" },
		});
		let rowsRead = 0;
		const exec = (query: string, ...values: unknown[]) => {
			const rows = sql.exec(query, ...values);
			const all = rows.toArray();
			rowsRead += rows.rowsRead;
			return { toArray: () => all, one: () => all[0] };
		};
		call(new LeaseTables({ exec } as unknown as SqlStorage));
		expect(rowsRead).toBeLessThan(20);
	});
});
