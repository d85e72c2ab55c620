// Devices with a seat each in such numbers that they are written into the tables of an account at once.
import { runInDurableObject } from "cloudflare:test";
import type { Account } from "../../../src/objects/account/account.ts";

/**
 * Devices number 1 to `count` under a license, as if each had been activated.
 * @param name of the account's object @param until end of their leases; null = for good
 */
export async function fillSeats(
	account: DurableObjectStub<Account>,
	name: string,
	{ license, count, until = null }: { license: string; count: number; until?: number | null },
): Promise<void> {
	await runInDurableObject(account, (_, { storage: { sql } }) => {
		const numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)";
		const id = "'dev-' || ? || '-' || printf('%016d', i)";
		sql.exec(
			`INSERT INTO devices (id, version, status, license, serial, model, labels, jkt, jwk, dpop_bound, activated_at)
			${numbers} SELECT ${id}, 1, 'active', ?, 'FW-' || i, 'PA-440', '{}', 'thumbprint-' || i, '{}', 0, 0 FROM n`,
			...[count, name, license],
		);
		sql.exec(`INSERT INTO seats ${numbers} SELECT ${id}, ?, ? FROM n`, count, name, license, until);
		const add = "INSERT INTO seat_counts (license, taken) VALUES (?, ?) ON CONFLICT DO UPDATE SET taken = taken + ?";
		sql.exec(add, license, count, count);
	});
}
