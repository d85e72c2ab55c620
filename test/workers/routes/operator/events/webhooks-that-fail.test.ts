// Webhooks whose receiver fails, and accounts that die: what is tried again, when, in which order, and when the endpoint is
// given up. Nothing is lost or told out of order; what comes twice has the same id.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { operate } from "../../../../support/service.ts";
import { isSignedBy } from "../../../../support/stand-ins/webhook-receiver.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";
import {
	alarmInMs,
	eventsOf,
	happen,
	listed,
	newAccount,
	newWebhook,
	objectOf,
	onlyOne,
	onWebhook,
	ring,
	ringNext,
	URL_OF_HOOK,
	useReceiver,
} from "../../../support/webhook-account.ts";

const clock = useFrozenClock();
const receiver = useReceiver();

describe("a webhook that fails", () => {
	test("is tried again with growing delays under the same id and body, then given up; and can be enabled", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["license"] });
		const other = await newWebhook(account, { url: "https://other.example.com/", types: ["webhook.disabled"] });
		receiver().answer = () => new Response(null, { status: 500 });
		await happen(account);
		await ring(account);
		expect(await onlyOne(account, made)).toMatchObject({
			state: "failing",
			failures: 1,
			last_status: 500,
			last_result: "status",
		});
		const delays: number[] = [];
		while ((await onlyOne(account, made))?.state === "failing") delays.push(await ringNext(account, clock));
		expect(delays).toHaveLength(9);
		const nominal = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
		for (const [index, delay] of delays.entries()) {
			expect(delay / ((nominal[index] ?? 0) * SECOND)).toBeGreaterThanOrEqual(0.9);
			expect(delay / ((nominal[index] ?? 0) * SECOND)).toBeLessThanOrEqual(1.1);
		}
		const attempts = receiver().received.filter(({ url }) => url === URL_OF_HOOK);
		expect(attempts).toHaveLength(10);
		expect(new Set(attempts.map(({ id, text }) => `${id} ${text}`)).size).toBe(1);
		expect(new Set(attempts.map(({ timestamp }) => timestamp)).size).toBe(10);
		expect(attempts.every((one) => isSignedBy(made.secret, one))).toBe(true);
		expect(await onlyOne(account, made)).toMatchObject({
			state: "disabled",
			disabled_reason: "retries_exhausted",
			next_attempt_at: null,
		});

		receiver().answer = () => new Response(null, { status: 204 });
		await happen(account);
		await ring(account);
		const told = receiver()
			.received.slice(10)
			.map(({ url, type, body }) => [url, type, body.data["subject"], body.data["detail"]]);
		expect(told).toEqual([
			["https://other.example.com/", "webhook.disabled", made.webhook, "retries_exhausted, status 500"],
		]);
		expect(other.state).toBe("active");

		expect(await onWebhook(account, made, "enable", {})).toMatchObject({ state: "active", failures: 0 });
		await ring(account);
		// What it missed comes first, and nothing is missing.
		expect(receiver().types().slice(11)).toEqual(["license.create", "license.create"]);
		expect(receiver().received[11]?.id).toBe(attempts[0]?.id);
	});

	test("does not hold up another", async () => {
		const account = await newAccount();
		const made = [
			await newWebhook(account),
			await newWebhook(account, { url: "https://other.example.com/", types: ["license"] }),
		];
		await happen(account);
		receiver().answer = () => {
			const { url } = receiver().received.at(-1) ?? {};
			return new Response(null, { status: url === URL_OF_HOOK ? 500 : 200 });
		};
		await ring(account);
		const states = await Promise.all(made.map((one) => onlyOne(account, one)));
		expect(states.map((one) => one?.state)).toEqual(["failing", "active"]);
	});

	test("is told of nothing out of order", async () => {
		const account = await newAccount();
		await newWebhook(account, { types: ["license"] });
		receiver().answer = () => new Response(null, { status: 500 });
		await happen(account);
		await ring(account);
		await happen(account);
		await ringNext(account, clock);
		receiver().answer = () => new Response(null, { status: 200 });
		await ringNext(account, clock);
		const [first, , , second] = receiver().received.map(({ id }) => id);
		const events = await eventsOf(account, "?type=license");
		expect(receiver().received.map(({ id }) => id)).toEqual([first, first, first, second]);
		expect([first, second]).toEqual(events.map(({ id }) => id));
	});

	test.each([
		["cannot be reached", "unreachable", () => Promise.reject(new TypeError("network connection lost"))],
		[
			"redirects",
			"status",
			() => new Response(null, { status: 302, headers: { location: "https://169.254.169.254/" } }),
		],
		["refuses", "status", () => new Response(null, { status: 401 })],
	])("because it %s is tried again, and nobody goes elsewhere", async (_, result, answer) => {
		const account = await newAccount();
		await newWebhook(account);
		receiver().answer = answer;
		await happen(account);
		await ring(account);
		expect((await listed(account))[0]).toMatchObject({ state: "failing", last_result: result });
		expect(receiver().received.map(({ url }) => url)).toEqual([URL_OF_HOOK]);
	});

	test("says when to come back with Retry-After", async () => {
		const account = await newAccount();
		await newWebhook(account);
		receiver().answer = () => new Response(null, { status: 429, headers: { "retry-after": "90" } });
		await happen(account);
		await ring(account);
		expect(await alarmInMs(account)).toBe(90 * SECOND);
		expect((await listed(account))[0]).toMatchObject({ next_attempt_at: clock.timeAfter(90 * SECOND) });
	});

	test("with 410 is disabled at once, and with skip_missed goes on from now", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["license"] });
		receiver().answer = () => new Response(null, { status: 410 });
		await happen(account);
		await happen(account);
		await ring(account);
		expect(receiver().received).toHaveLength(1);
		expect((await listed(account))[0]).toMatchObject({ state: "disabled", disabled_reason: "gone", last_status: 410 });
		expect(await eventsOf(account, "?type=webhook.disabled")).toMatchObject([
			{ subject: made.webhook, detail: "gone, status 410" },
		]);
		await expectProblem(await operate("POST", `/v1/accounts/${account}/webhooks/${made.webhook}/test`), "conflict");
		receiver().answer = () => new Response(null, { status: 200 });
		await onWebhook(account, made, "enable", { skip_missed: true });
		await happen(account);
		await ring(account);
		expect(receiver().received).toHaveLength(2);
		expect(receiver().received[1]?.id).toBe((await eventsOf(account, "?type=license")).at(-1)?.id);
	});
});

test("what a webhook skips is not told, though an attempt was under way when it was skipped", async () => {
	const account = await newAccount();
	const made = await newWebhook(account, { types: ["license"] });
	await happen(account);
	receiver().answer = async () => {
		receiver().answer = () => new Response(null, { status: 200 });
		await happen(account);
		await onWebhook(account, made, "enable", { skip_missed: true });
		return new Response(null, { status: 200 });
	};
	await ring(account);
	await happen(account);
	await ring(account);
	const [first, , last] = (await eventsOf(account, "?type=license")).map(({ id }) => id);
	expect(receiver().received.map(({ id }) => id)).toEqual([first, last]);
});

describe("what a crash leaves behind", () => {
	test("an event that was delivered but not noted comes again under the same id", async () => {
		const account = await newAccount();
		await newWebhook(account, { types: ["license"] });
		await happen(account);
		await runInDurableObject(objectOf(account), (_, state) => {
			receiver().answer = async () => {
				await state.storage.sync();
				state.abort("died after the receiver had it");
				return new Response(null, { status: 200 });
			};
		});
		await ring(account).catch(() => {});
		receiver().answer = () => new Response(null, { status: 200 });
		expect((await listed(account))[0]).toMatchObject({ state: "active", last_attempt_at: null });
		await happen(account);
		await ring(account);
		const ids = (await eventsOf(account, "?type=license")).map(({ id }) => id);
		expect(receiver().received.map(({ id }) => id)).toEqual([ids[0], ids[0], ids[1]]);
	});

	test("of ten endpoints two are spoken with at once, and each gets its turn", async () => {
		const account = await newAccount();
		for (let number = 0; number < 10; number++) {
			await newWebhook(account, { url: `https://hook-${number}.example.com/`, types: ["license"] });
		}
		let open = 0;
		let mostOpen = 0;
		receiver().answer = async () => {
			open += 1;
			mostOpen = Math.max(mostOpen, open);
			await scheduler.wait(1);
			open -= 1;
			return new Response(null, { status: 500 });
		};
		await happen(account);
		await ring(account);
		expect(mostOpen).toBe(2);
		expect(new Set(receiver().received.map(({ url }) => url)).size).toBe(10);
	});

	test("an attempt that was due when the object was evicted is made by the alarm", async () => {
		const account = await newAccount();
		await newWebhook(account);
		receiver().answer = () => new Response(null, { status: 500 });
		await happen(account);
		await ring(account);
		await evictDurableObject(objectOf(account));
		receiver().answer = () => new Response(null, { status: 200 });
		await ringNext(account, clock);
		expect(receiver().received).toHaveLength(2);
		expect((await listed(account))[0]).toMatchObject({ state: "active", next_attempt_at: null });
	});

	test("a change that failed tells nobody", async () => {
		const account = await newAccount();
		await newWebhook(account);
		const refused = await operate("POST", `/v1/accounts/${account}/codes`, { license: "lic-00000000" });
		expect(refused.ok).toBe(false);
		expect(await alarmInMs(account)).toBeNull();
	});
});
