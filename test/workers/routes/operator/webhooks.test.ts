// Webhooks from end to end inside the service: an operator makes an endpoint, something happens, the account's alarm rings,
// the receiver is told. Time stands still unless a test moves it, and no alarm rings by itself.
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MAX_WEBHOOKS } from "../../../../src/objects/account/webhooks/webhooks.ts";
import { createFleet } from "../../../support/fleet.ts";
import { ISSUER, operate, operated } from "../../../support/service.ts";
import { isSignedBy, receiveWebhooks, type WebhookReceiver } from "../../../support/webhook-receiver.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newFirewall, newProduct, serviceWith, setStatus } from "../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const URL_OF_HOOK = "https://hooks.example.com/parapet?token=of-the-receiver";
const { moveTo, start, timeAfter } = useFrozenClock();

let receiver: WebhookReceiver;
beforeEach(() => {
	receiver = receiveWebhooks();
});
afterEach(() => {
	vi.restoreAllMocks();
});

interface WebhookBody {
	readonly webhook: string;
	readonly state: string;
	readonly secret: string;
	readonly [name: string]: unknown;
}

const newAccount = async () =>
	(await operated<{ account: string }>("POST", "/v1/accounts", { name: "Example" })).account;
const newWebhook = (account: string, more: Record<string, unknown> = {}) =>
	operated<WebhookBody>("POST", `/v1/accounts/${account}/webhooks`, { url: URL_OF_HOOK, ...more });
const onWebhook = (account: string, { webhook }: WebhookBody, action: string, body?: unknown) =>
	operated<WebhookBody>("POST", `/v1/accounts/${account}/webhooks/${webhook}/${action}`, body);
const onlyOne = async (account: string, made: WebhookBody) =>
	(await listed(account)).find(({ webhook }) => webhook === made.webhook);
const listed = async (account: string) =>
	(await operated<{ webhooks: WebhookBody[] }>("GET", `/v1/accounts/${account}/webhooks`)).webhooks;
const objectOf = (account: string) => env.ACCOUNT.getByName(account.slice(5, 15));
const ring = (account: string) => runDurableObjectAlarm(objectOf(account));
const eventsOf = async (account: string, query = "") =>
	(
		await operated<{ events: { id: string; type: string; detail: string; subject: string }[] }>(
			"GET",
			`/v1/accounts/${account}/events${query}`,
		)
	).events;

/** Something that happens: a license is created. */
const happen = (account: string) =>
	operated("POST", `/v1/accounts/${account}/licenses`, {
		products: ["crs"],
		seats: 1,
		ends_at: timeAfter(Date.now() - start() + 365 * DAY),
	});

/** ms until the account's alarm rings, or null */
async function alarmInMs(account: string): Promise<number | null> {
	const at = await runInDurableObject(objectOf(account), (_, state) => state.storage.getAlarm());
	return at === null ? null : at - Date.now();
}

/** Moves the clock to the account's next alarm, and lets it ring. @returns ms that passed */
async function ringNext(account: string): Promise<number> {
	const ms = (await alarmInMs(account)) ?? 0;
	moveTo(Date.now() - start() + ms);
	expect(await ring(account)).toBe(true);
	return ms;
}

describe("a webhook", () => {
	test("is told of what happens in its account, signed, in the form of Standard Webhooks", async () => {
		const product = await newProduct();
		const { account, code } = await createFleet({ products: [product], license: { ends_at: timeAfter(DAY) } });
		const { secret } = await newWebhook(account);
		const firewall = await newFirewall(code);
		await setStatus(firewall, "suspend");
		expect(receiver.received).toEqual([]);
		expect(await ring(account)).toBe(true);
		expect(receiver.types()).toEqual(["device.new", "seat.taken", "device.suspended"]);
		const [first] = receiver.received;
		const entry = (await eventsOf(account, "?type=device.new"))[0];
		expect(first).toMatchObject({ url: URL_OF_HOOK, id: entry?.id, timestamp: start() / 1000 });
		expect(first?.body).toEqual({
			type: "device.new",
			timestamp: timeAfter(0),
			data: {
				id: entry?.id,
				account,
				actor: expect.stringMatching(/^code:/),
				subject: firewall.clientId,
				detail: entry?.detail,
			},
		});
		expect(receiver.received.map((one) => isSignedBy(secret, one))).toEqual([true, true, true]);
		expect(first?.init).toMatchObject({ method: "POST", redirect: "manual", signal: expect.any(AbortSignal) });
		await ring(account);
		expect(receiver.received).toHaveLength(3);
	});

	test("is told of nothing that was before it, and of nothing in another account", async () => {
		const [account, other] = [await newAccount(), await newAccount()];
		await happen(account);
		await newWebhook(account);
		await happen(other);
		await ring(account);
		expect(receiver.received).toEqual([]);
	});

	test("is told of the types only that it asked for", async () => {
		const account = await newAccount();
		await newWebhook(account, { types: ["device"] });
		await happen(account);
		await ring(account);
		expect(receiver.received).toEqual([]);
		await newWebhook(account, { types: ["license", "device"] });
		await happen(account);
		await ring(account);
		expect(receiver.types()).toEqual(["license.create"]);
	});

	test("shows its secret when it is made, and never again", async () => {
		const account = await newAccount();
		const { secret, ...made } = await newWebhook(account);
		expect(secret).toMatch(/^whsec_/);
		expect(await listed(account)).toEqual([made]);
		const stored = await runInDurableObject(objectOf(account), (_, state) => [
			...state.storage.sql.exec("SELECT * FROM webhooks"),
			...state.storage.sql.exec("SELECT * FROM audit"),
		]);
		expect(JSON.stringify(stored)).not.toContain(secret.slice("whsec_".length));
		expect(JSON.stringify(await eventsOf(account))).not.toContain("of-the-receiver");
	});

	test("is removed for good, also while it fails", async () => {
		const account = await newAccount();
		const made = await newWebhook(account);
		receiver.answer = () => new Response(null, { status: 500 });
		await happen(account);
		await ring(account);
		await operated("DELETE", `/v1/accounts/${account}/webhooks/${made.webhook}`);
		moveTo(DAY);
		await ring(account);
		expect(receiver.received).toHaveLength(1);
		expect(await listed(account)).toEqual([]);
	});
});

describe("a webhook that fails", () => {
	test("is tried again with growing delays under the same id and body, then given up; and can be enabled", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["license"] });
		const other = await newWebhook(account, { url: "https://other.example.com/", types: ["webhook.disabled"] });
		receiver.answer = () => new Response(null, { status: 500 });
		await happen(account);
		await ring(account);
		expect(await onlyOne(account, made)).toMatchObject({
			state: "failing",
			failures: 1,
			last_status: 500,
			last_result: "status",
		});
		const delays: number[] = [];
		while ((await onlyOne(account, made))?.state === "failing") delays.push(await ringNext(account));
		expect(delays).toHaveLength(9);
		const nominal = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
		for (const [index, delay] of delays.entries()) {
			expect(delay / ((nominal[index] ?? 0) * SECOND)).toBeGreaterThanOrEqual(0.9);
			expect(delay / ((nominal[index] ?? 0) * SECOND)).toBeLessThanOrEqual(1.1);
		}
		const attempts = receiver.received.filter(({ url }) => url === URL_OF_HOOK);
		expect(attempts).toHaveLength(10);
		expect(new Set(attempts.map(({ id, text }) => `${id} ${text}`)).size).toBe(1);
		expect(new Set(attempts.map(({ timestamp }) => timestamp)).size).toBe(10);
		expect(attempts.every((one) => isSignedBy(made.secret, one))).toBe(true);
		expect(await onlyOne(account, made)).toMatchObject({
			state: "disabled",
			disabled_reason: "retries_exhausted",
			next_attempt_at: null,
		});

		receiver.answer = () => new Response(null, { status: 204 });
		await happen(account);
		await ring(account);
		const told = receiver.received
			.slice(10)
			.map(({ url, type, body }) => [url, type, body.data["subject"], body.data["detail"]]);
		expect(told).toEqual([
			["https://other.example.com/", "webhook.disabled", made.webhook, "retries_exhausted, status 500"],
		]);
		expect(other.state).toBe("active");

		expect(await onWebhook(account, made, "enable", {})).toMatchObject({ state: "active", failures: 0 });
		await ring(account);
		// What it missed comes first, and nothing is missing.
		expect(receiver.types().slice(11)).toEqual(["license.create", "license.create"]);
		expect(receiver.received[11]?.id).toBe(attempts[0]?.id);
	});

	test("does not hold up another", async () => {
		const account = await newAccount();
		const made = [
			await newWebhook(account),
			await newWebhook(account, { url: "https://other.example.com/", types: ["license"] }),
		];
		await happen(account);
		receiver.answer = () => {
			const { url } = receiver.received.at(-1) ?? {};
			return new Response(null, { status: url === URL_OF_HOOK ? 500 : 200 });
		};
		await ring(account);
		const states = await Promise.all(made.map((one) => onlyOne(account, one)));
		expect(states.map((one) => one?.state)).toEqual(["failing", "active"]);
	});

	test("is told of nothing out of order", async () => {
		const account = await newAccount();
		await newWebhook(account, { types: ["license"] });
		receiver.answer = () => new Response(null, { status: 500 });
		await happen(account);
		await ring(account);
		await happen(account);
		await ringNext(account);
		receiver.answer = () => new Response(null, { status: 200 });
		await ringNext(account);
		const [first, , , second] = receiver.received.map(({ id }) => id);
		const events = await eventsOf(account, "?type=license");
		expect(receiver.received.map(({ id }) => id)).toEqual([first, first, first, second]);
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
		receiver.answer = answer;
		await happen(account);
		await ring(account);
		expect((await listed(account))[0]).toMatchObject({ state: "failing", last_result: result });
		expect(receiver.received.map(({ url }) => url)).toEqual([URL_OF_HOOK]);
	});

	test("says when to come back with Retry-After", async () => {
		const account = await newAccount();
		await newWebhook(account);
		receiver.answer = () => new Response(null, { status: 429, headers: { "retry-after": "90" } });
		await happen(account);
		await ring(account);
		expect(await alarmInMs(account)).toBe(90 * SECOND);
		expect((await listed(account))[0]).toMatchObject({ next_attempt_at: timeAfter(90 * SECOND) });
	});

	test("with 410 is disabled at once, and with skip_missed goes on from now", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["license"] });
		receiver.answer = () => new Response(null, { status: 410 });
		await happen(account);
		await happen(account);
		await ring(account);
		expect(receiver.received).toHaveLength(1);
		expect((await listed(account))[0]).toMatchObject({ state: "disabled", disabled_reason: "gone", last_status: 410 });
		expect(await eventsOf(account, "?type=webhook.disabled")).toMatchObject([
			{ subject: made.webhook, detail: "gone, status 410" },
		]);
		await expectProblem(await operate("POST", `/v1/accounts/${account}/webhooks/${made.webhook}/test`), "conflict");
		receiver.answer = () => new Response(null, { status: 200 });
		await onWebhook(account, made, "enable", { skip_missed: true });
		await happen(account);
		await ring(account);
		expect(receiver.received).toHaveLength(2);
		expect(receiver.received[1]?.id).toBe((await eventsOf(account, "?type=license")).at(-1)?.id);
	});
});

test("what a webhook skips is not told, though an attempt was under way when it was skipped", async () => {
	const account = await newAccount();
	const made = await newWebhook(account, { types: ["license"] });
	await happen(account);
	receiver.answer = async () => {
		receiver.answer = () => new Response(null, { status: 200 });
		await happen(account);
		await onWebhook(account, made, "enable", { skip_missed: true });
		return new Response(null, { status: 200 });
	};
	await ring(account);
	await happen(account);
	await ring(account);
	const [first, , last] = (await eventsOf(account, "?type=license")).map(({ id }) => id);
	expect(receiver.received.map(({ id }) => id)).toEqual([first, last]);
});

describe("what a crash leaves behind", () => {
	test("an event that was delivered but not noted comes again under the same id", async () => {
		const account = await newAccount();
		await newWebhook(account, { types: ["license"] });
		await happen(account);
		await runInDurableObject(objectOf(account), (_, state) => {
			receiver.answer = async () => {
				await state.storage.sync();
				state.abort("died after the receiver had it");
				return new Response(null, { status: 200 });
			};
		});
		await ring(account).catch(() => {});
		receiver.answer = () => new Response(null, { status: 200 });
		expect((await listed(account))[0]).toMatchObject({ state: "active", last_attempt_at: null });
		await happen(account);
		await ring(account);
		const ids = (await eventsOf(account, "?type=license")).map(({ id }) => id);
		expect(receiver.received.map(({ id }) => id)).toEqual([ids[0], ids[0], ids[1]]);
	});

	test("an attempt that was due when the object was evicted is made by the alarm", async () => {
		const account = await newAccount();
		await newWebhook(account);
		receiver.answer = () => new Response(null, { status: 500 });
		await happen(account);
		await ring(account);
		await evictDurableObject(objectOf(account));
		receiver.answer = () => new Response(null, { status: 200 });
		await ringNext(account);
		expect(receiver.received).toHaveLength(2);
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

describe("rotation of a secret", () => {
	test("the old one signs too for 24 hours, and no second longer", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["license"] });
		const rotated = await onWebhook(account, made, "rotate");
		expect(rotated.secret).not.toBe(made.secret);
		const signers = async () => {
			await happen(account);
			await ring(account);
			const last = receiver.received.at(-1);
			if (last === undefined) throw new Error("nothing came");
			return [made, rotated].map(({ secret }) => isSignedBy(secret, last));
		};
		expect(await signers()).toEqual([true, true]);
		moveTo(DAY - SECOND);
		expect(await signers()).toEqual([true, true]);
		moveTo(DAY);
		expect(await signers()).toEqual([false, true]);
		expect(receiver.received.at(-1)?.signatures).toHaveLength(1);
	});

	test("a third secret within the day makes three signatures", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["license"] });
		const secrets = [made.secret];
		for (let turn = 0; turn < 2; turn++) secrets.push((await onWebhook(account, made, "rotate")).secret);
		await happen(account);
		await ring(account);
		const [received] = receiver.received;
		expect(secrets.map((secret) => received !== undefined && isSignedBy(secret, received))).toEqual([true, true, true]);
	});
});

describe("a test event", () => {
	test("goes to that webhook alone, whatever it subscribed to, and the answer says how that went", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["device"] });
		await newWebhook(account, { url: "https://other.example.com/" });
		expect(await onWebhook(account, made, "test")).toMatchObject({
			state: "active",
			last_status: 204,
			last_result: "delivered",
			last_attempt_at: timeAfter(0),
		});
		await ring(account);
		expect(receiver.received.filter(({ type }) => type === "webhook.test").map(({ url }) => url)).toEqual([
			URL_OF_HOOK,
		]);
		receiver.answer = () => new Response(null, { status: 401 });
		expect(await onWebhook(account, made, "test")).toMatchObject({ state: "failing", last_status: 401 });
	});
});

describe("an operator cannot", () => {
	test.each([
		["http://hooks.example.com/", "must begin with https://"],
		["https://169.254.169.254/latest/meta-data", "not an IP address"],
		["https://redis.internal/", "public Internet"],
		[`${ISSUER}/v1/reports`, "this service itself"],
		["https://user:secret@hooks.example.com/", "user or a password"],
	])("have webhooks sent to %s", async (url, message) => {
		const answer = await operate("POST", `/v1/accounts/${await newAccount()}/webhooks`, { url });
		const { errors } = await expectProblem(answer, "invalid_request");
		expect(errors).toEqual([{ field: "url", message: expect.stringContaining(message) }]);
	});

	test("have them sent to this machine by a service that is deployed, which the local one may", async () => {
		const body = JSON.stringify({ url: "http://127.0.0.1:9000/" });
		const account = await newAccount();
		expect((await operate("POST", `/v1/accounts/${account}/webhooks`, { url: "http://127.0.0.1:9000/" })).status).toBe(
			201,
		);
		const { LOOKUP_KEY, MAC_KEYS } = env;
		const deployed = serviceWith({
			ENVIRONMENT: "production",
			MAC_KEYS: MAC_KEYS.replace("local1", "k1"),
			LOOKUP_KEY: LOOKUP_KEY.replace("local", "xxxxx"),
			BOOTSTRAP_KEY: env.BOOTSTRAP_KEY.replace("local", "xxxxx"),
		});
		const headers = {
			authorization: `Bearer ${env.BOOTSTRAP_KEY.replace("local", "xxxxx")}`,
			"content-type": "application/json",
		};
		const made = await deployed("/v1/accounts", {
			method: "POST",
			headers: { ...headers, "content-length": "18" },
			body: JSON.stringify({ name: "Example" }),
		});
		const { account: theirs } = (await made.json()) as { account: string };
		const answer = await deployed(`/v1/accounts/${theirs}/webhooks`, {
			method: "POST",
			headers: { ...headers, "content-length": String(body.length) },
			body,
		});
		await expectProblem(answer, "invalid_request");
	});

	test("have more than ten of them", async () => {
		const account = await newAccount();
		for (let count = 0; count < MAX_WEBHOOKS; count++) await newWebhook(account);
		await expectProblem(await operate("POST", `/v1/accounts/${account}/webhooks`, { url: URL_OF_HOOK }), "conflict");
	});

	test("reach a webhook through another account", async () => {
		const [account, other] = [await newAccount(), await newAccount()];
		const { webhook } = await newWebhook(account);
		const path = `/v1/accounts/${other}/webhooks/${webhook}`;
		await expectProblem(await operate("DELETE", path), "not_found");
		await expectProblem(await operate("POST", `${path}/enable`, {}), "not_found");
		for (const action of ["rotate", "test"])
			await expectProblem(await operate("POST", `${path}/${action}`), "not_found");
		expect(await listed(account)).toHaveLength(1);
		expect(await listed(other)).toEqual([]);
	});
});
