// Alarms of an account that tests ring. One is always set: an account waits to tell of the ends of its licenses.
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { Account } from "../../../src/objects/account/account.ts";

const HOUR_MS = 3_600_000;

/** @returns when the account has something to do, other than to tell the Census what has changed: that is done. Unix ms, or null */
export async function nextAlarm(account: DurableObjectStub<Account>): Promise<number | null> {
	await account.fleet(Math.floor(Date.now() / 1_000), true);
	return runInDurableObject(account, (_, { storage }) => storage.getAlarm());
}

/** Rings as long as the account has something to do within the hour. */
export async function ringAll(account: DurableObjectStub<Account>): Promise<void> {
	for (;;) {
		const at = await runInDurableObject(account, (_, { storage }) => storage.getAlarm());
		if (at === null || at > Date.now() + HOUR_MS) return;
		await runDurableObjectAlarm(account);
	}
}
