// The account of synthetic firewalls: made for one run, closed at its end. Its name is the lock between runs: an open account of the
// name is a run that is under way or, once it is old, one that was killed; what that left behind is cleared away first.
import { z } from "zod";
import { CliError, ServerRefusal } from "../errors.ts";
import { anyAnswer } from "../http/answers.ts";
import type { OperatorApi } from "../http/operator-api.ts";

const DAY_MS = 86_400_000;

const accountAnswer = z.looseObject({ account: z.string() });
const licenseAnswer = z.looseObject({ license: z.string() });
const codeAnswer = z.looseObject({ code: z.string() });
const licenseList = z.looseObject({ licenses: z.array(z.looseObject({ license: z.string(), status: z.string() })) });
const firstEvent = z.looseObject({ events: z.array(z.looseObject({ at: z.string() })) });
const messageList = z.looseObject({
	messages: z.array(
		z.looseObject({ id: z.string(), audience: z.looseObject({ accounts: z.array(z.string()).optional() }).nullish() }),
	),
});

export interface SyntheticAccount {
	readonly account: string;
	readonly license: string;
	readonly code: string;
	/** accounts of runs that were killed, now closed */
	readonly cleared: readonly string[];
}

export interface AccountWish {
	readonly api: OperatorApi;
	/** the first of these that no other run holds */
	readonly names: readonly string[];
	readonly product: string;
	readonly seats: number;
	/** a run that began so long ago was killed */
	readonly killedAfterMs: number;
	readonly nowMs: () => number;
}

/** @throws CliError `run_under_way` where other runs hold all the names */
export async function takeAccount(wish: AccountWish): Promise<SyntheticAccount> {
	const { api, product, seats, nowMs } = wish;
	const { account, cleared } = await takeName(wish);
	return { account, ...(await licenseFor(api, account, product, seats, nowMs())), cleared };
}

/** @returns a license for so many days, and an auth code for all its seats */
export async function licenseFor(
	api: OperatorApi,
	account: string,
	product: string,
	seats: number,
	nowMs: number,
	days = 1,
) {
	const path = `/v1/accounts/${account}`;
	const terms = { products: [product], seats, ends_at: new Date(nowMs + days * DAY_MS).toISOString() };
	const { license } = await api.call("POST", `${path}/licenses`, "could not create the license", licenseAnswer, terms);
	const wanted = { license, uses: seats };
	const { code } = await api.call("POST", `${path}/codes`, "could not create the auth code", codeAnswer, wanted);
	return { license, code };
}

async function takeName({ api, names, killedAfterMs, nowMs }: AccountWish) {
	const cleared: string[] = [];
	let youngest = "";
	for (const name of names) {
		for (let isTaken = true; isTaken; ) {
			const made = await createAccount(api, name);
			if (made.isNew) return { account: made.account, cleared };
			const beganAt = await beginOf(api, made.account);
			youngest = `${made.account}, since ${beganAt}`;
			isTaken = nowMs() - Date.parse(beganAt) >= killedAfterMs && !cleared.includes(made.account);
			if (!isTaken) continue;
			await clearAccount(api, made.account, "left by a run that was killed");
			cleared.push(made.account);
		}
	}
	throw new CliError(`another run is under way (${youngest})`, {
		code: "run_under_way",
		fix: "wait for it; if it was killed, --killed-after says after how many minutes its leftovers are cleared away",
	});
}

/** @returns the account of the name, and whether it was made now */
export async function createAccount(api: OperatorApi, name: string): Promise<{ account: string; isNew: boolean }> {
	try {
		const made = await api.call("POST", "/v1/accounts", "could not create the account", accountAnswer, { name });
		return { account: made.account, isNew: true };
	} catch (error) {
		const taken = error instanceof ServerRefusal && error.refusal.code === "already_exists";
		const account = taken ? error.refusal.members?.["account"] : undefined;
		if (typeof account !== "string") throw error;
		return { account, isNew: false };
	}
}

async function beginOf(api: OperatorApi, account: string): Promise<string> {
	const path = `/v1/accounts/${account}/events?limit=1`;
	const { events } = await api.call("GET", path, "could not read the account's trail", firstEvent);
	return events[0]?.at ?? new Date(0).toISOString();
}

/**
 * Takes away what a synthetic account has: messages that are for it alone, its licenses (their devices are served no more), and
 * closes it. The same again changes nothing.
 */
export async function clearAccount(api: OperatorApi, account: string, reason: string): Promise<void> {
	const { messages } = await api.call("GET", "/v1/messages/all", "could not list messages", messageList);
	for (const { id, audience } of messages) {
		const accounts = audience?.accounts ?? [];
		if (accounts.length === 1 && accounts[0] === account) await removeMessage(api, id);
	}
	const path = `/v1/accounts/${account}`;
	const { licenses } = await api.call("GET", `${path}/licenses`, "could not list licenses", licenseList);
	for (const { license, status } of licenses) {
		if (status === "revoked") continue;
		await api.call("POST", `${path}/licenses/${license}/revoke`, "could not revoke the license", anyAnswer, { reason });
	}
	await api.call("POST", `${path}/close`, "could not close the account", anyAnswer, { reason });
}

async function removeMessage(api: OperatorApi, id: string): Promise<void> {
	await api.call("DELETE", `/v1/messages/${id}`, "could not remove the message", anyAnswer).catch((error: unknown) => {
		if (!(error instanceof ServerRefusal) || error.refusal.status !== 404) throw error;
	});
}
