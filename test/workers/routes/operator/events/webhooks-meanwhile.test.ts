// What happens to webhooks while an attempt is under way or awaited: one that is removed, one that is slow, one that is asked
// for from two sides, one that waits for its next attempt.
import { describe, expect, test } from "vitest";
import { operate } from "../../../../support/service.ts";
import { isSignedBy } from "../../../../support/stand-ins/webhook-receiver.ts";
import { DAY, HOUR, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";
import {
	alarmInMs,
	eventsOf,
	happen,
	listed,
	newAccount,
	newWebhook,
	onlyOne,
	onWebhook,
	ring,
	ringNext,
	useReceiver,
} from "../../../support/webhook-account.ts";

const clock = useFrozenClock();
const receiver = useReceiver();

describe("while an attempt is under way", () => {
	test("its webhook can be removed, and the account's alarm goes on", async () => {
		const account = await newAccount();
		const made = await newWebhook(account);
		receiver().answer = async () => {
			await operate("DELETE", `/v1/accounts/${account}/webhooks/${made.webhook}`);
			return new Response(null, { status: 500 });
		};
		await happen(account);
		expect(await ring(account)).toBe(true);
		expect(await listed(account)).toEqual([]);
		expect(await alarmInMs(account)).not.toBe(0);
	});

	test("a test joins it: each event is told once", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["license"] });
		let hasBegun = () => {};
		const begun = new Promise<void>((resolve) => {
			hasBegun = resolve;
		});
		receiver().answer = async () => {
			hasBegun();
			await scheduler.wait(1);
			return new Response(null, { status: 200 });
		};
		await happen(account);
		await happen(account);
		const ringing = ring(account);
		await begun;
		await onWebhook(account, made, "test");
		await ringing;
		expect(receiver().types()).toEqual(["license.create", "license.create", "webhook.test"]);
	});

	test("no other is begun once 5 s have passed, so that records need not wait: the next alarm goes on", async () => {
		const account = await newAccount();
		await newWebhook(account, { types: ["license"] });
		let passedMs = 0;
		receiver().answer = () => {
			passedMs += 6 * SECOND;
			clock.moveTo(passedMs);
			return new Response(null, { status: 200 });
		};
		for (let count = 0; count < 3; count++) await happen(account);
		for (const told of [1, 2, 3]) {
			await ring(account);
			expect(receiver().received).toHaveLength(told);
		}
		const ids = (await eventsOf(account, "?type=license")).map(({ id }) => id);
		expect(receiver().received.map(({ id }) => id)).toEqual(ids);
	});
});

describe("what happens meanwhile", () => {
	test("does not bring forward the next attempt of a webhook that fails", async () => {
		const account = await newAccount();
		await newWebhook(account);
		receiver().answer = () => new Response(null, { status: 500 });
		await happen(account);
		await ring(account);
		const dueInMs = await alarmInMs(account);
		expect(dueInMs).toBeGreaterThan(4 * SECOND);
		await happen(account);
		expect(await alarmInMs(account)).toBe(dueInMs);
		await ringNext(account, clock);
		expect(receiver().received).toHaveLength(2);
	});

	test("wakes nobody for a webhook that was given up", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["license"] });
		receiver().answer = () => new Response(null, { status: 410 });
		await happen(account);
		await ring(account);
		expect(await onlyOne(account, made)).toMatchObject({ state: "disabled", next_attempt_at: null });
		const quietMs = await alarmInMs(account);
		await happen(account);
		expect(await onlyOne(account, made)).toMatchObject({ state: "disabled", next_attempt_at: null });
		expect(await alarmInMs(account)).toBe(quietMs);
		expect(receiver().received).toHaveLength(1);
	});
});

test("a secret that was replaced signs for 24 hours, also when the one in its place is replaced too", async () => {
	const account = await newAccount();
	const made = await newWebhook(account, { types: ["license"] });
	const second = await onWebhook(account, made, "rotate");
	clock.moveTo(23 * HOUR);
	const third = await onWebhook(account, made, "rotate");
	const signers = async () => {
		await happen(account);
		await ring(account);
		const last = receiver().received.at(-1);
		return [made, second, third].map(({ secret }) => last !== undefined && isSignedBy(secret, last));
	};
	expect(await signers()).toEqual([true, true, true]);
	clock.moveTo(DAY);
	expect(await signers()).toEqual([false, true, true]);
	clock.moveTo(DAY + 23 * HOUR);
	expect(await signers()).toEqual([false, false, true]);
});
