// An account with webhooks in one isolate: what a test of them calls, and the receiver that hears of it. Time stands still
// unless a test moves it, and no alarm rings by itself.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { nextAlarm } from "../../support/accounts/alarms.ts";
import { createProduct } from "../../support/fleet.ts";
import { operated } from "../../support/service.ts";
import { receiveWebhooks, type WebhookReceiver } from "../../support/stand-ins/webhook-receiver.ts";
import { DAY, type FrozenClock } from "./frozen-clock.ts";

export const URL_OF_HOOK = "https://hooks.example.com/parapet?token=of-the-receiver";

export interface WebhookBody {
	readonly webhook: string;
	readonly state: string;
	readonly secret: string;
	readonly [name: string]: unknown;
}

/** @returns the receiver of the running test */
export function useReceiver(): () => WebhookReceiver {
	let receiver: WebhookReceiver;
	beforeEach(() => {
		receiver = receiveWebhooks();
	});
	afterEach(() => {
		vi.restoreAllMocks();
	});
	return () => receiver;
}

export const newAccount = async () =>
	(await operated<{ account: string }>("POST", "/v1/accounts", { name: "Example", same_name: true })).account;
export const newWebhook = (account: string, more: Record<string, unknown> = {}) =>
	operated<WebhookBody>("POST", `/v1/accounts/${account}/webhooks`, { url: URL_OF_HOOK, ...more });
export const onWebhook = (account: string, { webhook }: WebhookBody, action: string, body?: unknown) =>
	operated<WebhookBody>("POST", `/v1/accounts/${account}/webhooks/${webhook}/${action}`, body);
export const onlyOne = async (account: string, made: WebhookBody) =>
	(await listed(account)).find(({ webhook }) => webhook === made.webhook);
export const listed = async (account: string) =>
	(await operated<{ webhooks: WebhookBody[] }>("GET", `/v1/accounts/${account}/webhooks`)).webhooks;
export const objectOf = (account: string) => env.ACCOUNT.getByName(account.slice(5, 15));
export const ring = (account: string) => runDurableObjectAlarm(objectOf(account));
export const eventsOf = async (account: string, query = "") =>
	(
		await operated<{ events: { id: string; type: string; detail: string; subject: string }[] }>(
			"GET",
			`/v1/accounts/${account}/events${query}`,
		)
	).events;

/** Something that happens: a license is created. */
export async function happen(account: string) {
	await createProduct("crs");
	return operated("POST", `/v1/accounts/${account}/licenses`, {
		products: ["crs"],
		seats: 1,
		ends_at: new Date(Date.now() + 365 * DAY).toISOString(),
	});
}

/** ms until the account's alarm rings, or null */
export async function alarmInMs(account: string): Promise<number | null> {
	const at = await nextAlarm(objectOf(account));
	return at === null ? null : at - Date.now();
}

/** Moves the clock to the account's next alarm, and lets it ring. @returns ms that passed */
export async function ringNext(account: string, { moveTo, start }: FrozenClock): Promise<number> {
	const ms = (await alarmInMs(account)) ?? 0;
	moveTo(Date.now() - start() + ms);
	expect(await ring(account)).toBe(true);
	return ms;
}
