// Which device a pseudonym stands for. Nobody can compute that backwards: the service computes the pseudonyms of an account's devices
// for the month, a page at a time, until one is it.
import { z } from "zod";
import { anyAnswer } from "../../http/answers.ts";
import { readPages } from "../../http/lists.ts";
import type { OperatorApi } from "../../http/operator-api.ts";
import { queryOf } from "../../http/query.ts";

export interface Sought {
	/** or its first eight characters */
	readonly pseudonym: string;
	/** as "2026-11", tried one after the other */
	readonly months: readonly string[];
	/** id of an account, or the ten characters of it that rows have */
	readonly account: string;
}

const page = anyAnswer.pipe(z.looseObject({ device: z.string().nullable(), next: z.string().nullable() }));

/** @returns null = none of the account's devices was called so. @throws as `OperatorApi.call` */
export async function findDevice(api: OperatorApi, { pseudonym, months, account }: Sought) {
	const id = account.startsWith("acct-") ? account : await accountOf(api, account);
	if (id === null) return null;
	for (const month of months) {
		let after: string | undefined;
		do {
			const path = `/v1/accounts/${id}/pseudonyms/${pseudonym}${queryOf({ month, after })}`;
			const { device, next } = await api.call("GET", path, "could not find the device", page);
			if (device !== null) return { pseudonym, month, account: id, device };
			after = next ?? undefined;
		} while (after !== undefined);
	}
	return null;
}

async function accountOf(api: OperatorApi, name: string): Promise<string | null> {
	const { items } = await readPages(api, "/v1/accounts", "could not list the accounts", "accounts");
	const ids = items.map(({ account }) => String(account));
	return ids.find((id) => id.slice("acct-".length).startsWith(name)) ?? null;
}

/** @returns so many months, the present one first, as "2026-11" */
export function monthsBefore(nowMs: number, count: number): string[] {
	const now = new Date(nowMs);
	return Array.from({ length: count }, (_, ago) =>
		new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago)).toISOString().slice(0, 7),
	);
}
