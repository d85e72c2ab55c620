// Webhooks from end to end inside the service: an operator makes an endpoint, something happens, the account's alarm rings,
// the receiver is told. Also the secrets of an endpoint, and which endpoints an operator cannot make.
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { MAX_WEBHOOKS } from "../../../../../src/objects/webhooks/webhooks.ts";
import { createFleet } from "../../../../support/fleet.ts";
import { ISSUER, operate, operated } from "../../../../support/service.ts";
import { isSignedBy } from "../../../../support/stand-ins/webhook-receiver.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { DEPLOYED, newFirewall, newProduct, serviceWith, setStatus } from "../../../support/fixtures.ts";
import { DAY, SECOND, useFrozenClock } from "../../../support/frozen-clock.ts";
import {
	eventsOf,
	happen,
	listed,
	newAccount,
	newWebhook,
	objectOf,
	onWebhook,
	ring,
	URL_OF_HOOK,
	useReceiver,
} from "../../../support/webhook-account.ts";

const clock = useFrozenClock();
const receiver = useReceiver();

describe("a webhook", () => {
	test("is told of what happens in its account, signed, in the form of Standard Webhooks", async () => {
		const product = await newProduct();
		const { account, code } = await createFleet({ products: [product], license: { ends_at: clock.timeAfter(DAY) } });
		const { secret } = await newWebhook(account);
		const firewall = await newFirewall(code);
		await setStatus(firewall, "suspend");
		expect(receiver().received).toEqual([]);
		expect(await ring(account)).toBe(true);
		expect(receiver().types()).toEqual(["device.new", "seat.taken", "device.suspended"]);
		const [first] = receiver().received;
		const entry = (await eventsOf(account, "?type=device.new"))[0];
		expect(first).toMatchObject({ url: URL_OF_HOOK, id: entry?.id, timestamp: clock.start() / 1000 });
		expect(first?.body).toEqual({
			type: "device.new",
			timestamp: clock.timeAfter(0),
			data: {
				id: entry?.id,
				account,
				actor: expect.stringMatching(/^code:/),
				subject: firewall.clientId,
				detail: entry?.detail,
			},
		});
		expect(receiver().received.map((one) => isSignedBy(secret, one))).toEqual([true, true, true]);
		expect(first?.init).toMatchObject({ method: "POST", redirect: "manual", signal: expect.any(AbortSignal) });
		await ring(account);
		expect(receiver().received).toHaveLength(3);
	});

	test("is told of nothing that was before it, and of nothing in another account", async () => {
		const [account, other] = [await newAccount(), await newAccount()];
		await happen(account);
		await newWebhook(account);
		await happen(other);
		await ring(account);
		expect(receiver().received).toEqual([]);
	});

	test("is told of the types only that it asked for", async () => {
		const account = await newAccount();
		await newWebhook(account, { types: ["device"] });
		await happen(account);
		await ring(account);
		expect(receiver().received).toEqual([]);
		await newWebhook(account, { types: ["license", "device"] });
		await happen(account);
		await ring(account);
		expect(receiver().types()).toEqual(["license.create"]);
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
		receiver().answer = () => new Response(null, { status: 500 });
		await happen(account);
		await ring(account);
		await operated("DELETE", `/v1/accounts/${account}/webhooks/${made.webhook}`);
		clock.moveTo(DAY);
		await ring(account);
		expect(receiver().received).toHaveLength(1);
		expect(await listed(account)).toEqual([]);
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
			const last = receiver().received.at(-1);
			if (last === undefined) throw new Error("nothing came");
			return [made, rotated].map(({ secret }) => isSignedBy(secret, last));
		};
		expect(await signers()).toEqual([true, true]);
		clock.moveTo(DAY - SECOND);
		expect(await signers()).toEqual([true, true]);
		clock.moveTo(DAY);
		expect(await signers()).toEqual([false, true]);
		expect(receiver().received.at(-1)?.signatures).toHaveLength(1);
	});

	test("a third secret within the day makes three signatures", async () => {
		const account = await newAccount();
		const made = await newWebhook(account, { types: ["license"] });
		const secrets = [made.secret];
		for (let turn = 0; turn < 2; turn++) secrets.push((await onWebhook(account, made, "rotate")).secret);
		await happen(account);
		await ring(account);
		const [received] = receiver().received;
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
			last_attempt_at: clock.timeAfter(0),
		});
		await ring(account);
		expect(
			receiver()
				.received.filter(({ type }) => type === "webhook.test")
				.map(({ url }) => url),
		).toEqual([URL_OF_HOOK]);
		receiver().answer = () => new Response(null, { status: 401 });
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
		const deployed = serviceWith(DEPLOYED);
		const headers = {
			authorization: `Bearer ${DEPLOYED.BOOTSTRAP_KEY}`,
			"content-type": "application/json",
		};
		const made = await deployed("/v1/accounts", {
			method: "POST",
			headers: { ...headers, "content-length": "18" },
			body: JSON.stringify({ name: "Another" }),
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
