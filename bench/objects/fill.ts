// A Product as large as it gets, for the benchmark and for the test that holds what its calls do: what its methods make once, and then copies of
// the rows. To be called inside the object, which has to begin anew afterwards.
import type { Product } from "../../src/objects/product/product.ts";
import {
	digestOf,
	LEASED,
	LEASED_AT,
	METADATA,
	PRODUCT_CALLS,
	RECORDED,
	rolloutOf,
	UNDER_WAY,
} from "./product-calls.ts";

const MAX_ROUNDS = 20;

/** @param now unix seconds @param leases all of one rollout */
export async function fillProduct(product: Product, sql: SqlStorage, now: number, leases: number): Promise<void> {
	const by = { actor: "publisher", now };
	const order = { round: 0, now, devices: 0 };
	const add = (version: string, number: number) =>
		product.addPackage({
			...{ ...by, version, sha256: digestOf(number), size: 1, name: "crs.tar" },
			claimedUntil: Number.MAX_SAFE_INTEGER,
		});
	const release = async (version: string, more: object) => {
		const given = { ...by, version, metadata: METADATA, salt: "s", allowSize: true, allowOlder: true, ...more };
		if (!(await product.release(given)).ok) throw new Error(`${version} is not released`);
	};
	await product.create(...PRODUCT_CALLS.create(order));
	await add("1.0.0", 0);
	await release("1.0.0", { plan: PRODUCT_CALLS.release(order)[0].plan });
	copyRows(sql, "releases", "version = '1.0.0'", RECORDED, {
		...{ version: "'1.0.' || i", sha256: "printf('%064x', i)", sequence: "t.sequence + i" },
	});
	for (const channel of ["stable", "beta"] as const) {
		for (let number = 0; number < UNDER_WAY; number++) {
			const version = rolloutOf(number, channel);
			await add(version, 5_000 + number + (channel === "beta" ? UNDER_WAY : 0));
			await release(version, { channel });
		}
	}
	for (let round = 0; round < MAX_ROUNDS; round++) await add(`4.${round}.0`, 7_000 + round);
	const [asked] = PRODUCT_CALLS.takePermit({ ...order, round: MAX_ROUNDS });
	if (!(await product.takePermit({ ...asked, version: LEASED })).ok) throw new Error("no permit is given");
	const device = "'dev-' || printf('%010d', i) || '-0123456789abcdef'";
	copyRows(sql, "leases", `version = '${LEASED}'`, leases, {
		...{ unit: device, device, model: "'FW-' || (i % 20)", site: "'site ' || (i / 10)" },
		at: String(LEASED_AT),
		// A tenth is still open, and a hundredth failed.
		outcome: "CASE WHEN i % 10 = 0 THEN NULL WHEN i % 100 = 1 THEN 'failed' ELSE 'healthy' END",
		outcome_at: "CASE WHEN i % 10 = 0 THEN NULL ELSE t.at END",
	});
	sql.exec("UPDATE step_counts SET permits = ?, healthy = ?, failed = 0", leases, 0.9 * leases);
}

/**
 * Writes a row again and again, number `i` from 1 on.
 * @param which condition; the first row that fulfils it is copied
 * @param columns SQL of those that differ; `t` is the row that is copied
 */
export function copyRows(
	sql: SqlStorage,
	table: string,
	which: string,
	count: number,
	columns: Readonly<Record<string, string>>,
): void {
	const all = sql.exec<{ name: string }>(`SELECT name FROM pragma_table_info('${table}')`).toArray();
	const values = all.map(({ name }) => columns[name] ?? `t.${name}`);
	sql.exec(
		`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO ${table} SELECT ${values.join(", ")} FROM n, (SELECT * FROM ${table} WHERE ${which} LIMIT 1) t`,
		count,
	);
}
