// Webhooks of a product and of the deployment: the same as an account's, told of another trail. What they share with an
// account's (retries, order, secrets) is tested there.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { publish } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { isSignedBy } from "../../../../support/stand-ins/webhook-receiver.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newProduct } from "../../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../../support/frozen-clock.ts";
import { URL_OF_HOOK, useReceiver, type WebhookBody } from "../../../support/webhook-account.ts";

const clock = useFrozenClock();
const receiver = useReceiver();

const ofProduct = (product: string) => `/v1/products/${product}/webhooks`;
const OF_DEPLOYMENT = "/v1/webhooks";
const make = (path: string, more: Record<string, unknown> = {}) =>
	operated<WebhookBody>("POST", path, { url: URL_OF_HOOK, ...more });
const listed = async (path: string) => (await operated<{ webhooks: WebhookBody[] }>("GET", path)).webhooks;
const ringProduct = (product: string) => runDurableObjectAlarm(env.PRODUCT.getByName(product));
const ringDirectory = () => runDurableObjectAlarm(env.DIRECTORY.getByName("directory"));
const withdraw = (product: string, version: string) =>
	operated("POST", `/v1/products/${product}/releases/${version}/withdraw`, { reason: "broken" });
const newKey = (scopes: string[]) =>
	operated<{ id: string; key: string }>("POST", "/v1/keys", { subject: "ci", scopes });

describe("a product's webhook", () => {
	test("is told of what is released and withdrawn, signed, under the product's name", async () => {
		const [product, other] = [await newProduct(), await newProduct()];
		const { secret } = await make(ofProduct(product), { types: ["release"] });
		await publish(other, "1.0.0", "other rules");
		await publish(product, "1.0.0", "rules");
		await withdraw(product, "1.0.0");
		await ringProduct(other);
		await ringProduct(product);
		expect(receiver().types()).toEqual(["release.publish", "release.withdraw"]);
		const last = receiver().received[1];
		expect(last?.id).toBe(`evt-product-${product}-5`);
		expect(last?.body).toEqual({
			type: "release.withdraw",
			timestamp: clock.timeAfter(0),
			data: { id: last?.id, product, actor: "bootstrap", subject: "1.0.0", detail: "broken" },
		});
		expect(receiver().received.map((one) => isSignedBy(secret, one))).toEqual([true, true]);
	});

	test("whose receiver is down holds up no release, and is told later", async () => {
		const product = await newProduct();
		await make(ofProduct(product), { types: ["release"] });
		receiver().answer = () => new Response(null, { status: 500 });
		await publish(product, "1.0.0", "rules");
		await ringProduct(product);
		await publish(product, "2.0.0", "more rules");
		expect(await listed(ofProduct(product))).toMatchObject([{ state: "failing", last_status: 500 }]);
		const { releases } = await operated<{ releases: unknown[] }>("GET", `/v1/products/${product}/releases`);
		expect(releases).toHaveLength(2);
		receiver().answer = () => new Response(null, { status: 204 });
		clock.moveTo(DAY);
		await ringProduct(product);
		expect(receiver().received.map(({ body }) => body.data["subject"])).toEqual(["1.0.0", "1.0.0", "2.0.0"]);
	});

	test("is none where there is no such product", async () => {
		await expectProblem(await operate("POST", ofProduct("nosuch"), { url: URL_OF_HOOK }), "not_found");
		await expectProblem(await operate("GET", ofProduct("nosuch")), "not_found");
		await expectProblem(await operate("POST", `${ofProduct("nosuch")}/whk-00000000/test`), "not_found");
	});

	test("is not reached through another product, nor by the deployment", async () => {
		const [product, other] = [await newProduct(), await newProduct()];
		const { webhook } = await make(ofProduct(product));
		await expectProblem(await operate("DELETE", `${ofProduct(other)}/${webhook}`), "not_found");
		await expectProblem(await operate("DELETE", `${OF_DEPLOYMENT}/${webhook}`), "not_found");
		expect(await listed(ofProduct(product))).toHaveLength(1);
	});

	test("is shown to no key that publishes or releases: its URL may hold a secret of the receiver", async () => {
		const product = await newProduct();
		await make(ofProduct(product));
		const { key } = await newKey([`publish:${product}`, `release:${product}`]);
		await expectProblem(await operate("GET", ofProduct(product), undefined, key), "insufficient_scope");
		await expectProblem(await operate("POST", ofProduct(product), { url: URL_OF_HOOK }, key), "insufficient_scope");
	});
});

describe("a webhook of the deployment", () => {
	test("is told of keys that are made and revoked, and names neither account nor product", async () => {
		const { webhook, secret } = await make(OF_DEPLOYMENT, { types: ["credential"] });
		const { id } = await newKey(["read"]);
		await newProduct();
		await operated("DELETE", `/v1/keys/${id}`);
		await ringDirectory();
		expect(receiver().types()).toEqual(["credential.create", "credential.revoke"]);
		const [first] = receiver().received;
		expect(first?.body).toEqual({
			type: "credential.create",
			timestamp: clock.timeAfter(0),
			data: { id: first?.id, actor: "bootstrap", subject: id, detail: "ci: read" },
		});
		expect(first?.id).toMatch(/^evt-directory-\d+$/);
		expect(receiver().received.map((one) => isSignedBy(secret, one))).toEqual([true, true]);
		await operated("DELETE", `${OF_DEPLOYMENT}/${webhook}`);
	});
});

describe.each([
	["a product", async () => ofProduct(await newProduct())],
	["the deployment", async () => OF_DEPLOYMENT],
])("webhooks of %s", (_, pathOf) => {
	test("are made, listed, tested, given a new secret, enabled and removed, and the trail says so", async () => {
		const path = await pathOf();
		const { secret, ...made } = await make(path);
		expect(secret).toMatch(/^whsec_/);
		expect(await listed(path)).toEqual([made]);
		const at = `${path}/${made.webhook}`;
		expect(await operated("POST", `${at}/test`)).toMatchObject({ last_result: "delivered", last_status: 204 });
		const rotated = await operated<WebhookBody>("POST", `${at}/rotate`);
		expect(rotated.secret).not.toBe(secret);
		receiver().answer = () => new Response(null, { status: 410 });
		expect(await operated("POST", `${at}/test`)).toMatchObject({ state: "disabled", disabled_reason: "gone" });
		receiver().answer = () => new Response(null, { status: 204 });
		expect(await operated("POST", `${at}/enable`, { skip_missed: true })).toMatchObject({ state: "active" });
		await operated("DELETE", at);
		expect(await listed(path)).toEqual([]);
		const trail = await operated<{ events: { type: string; subject: string }[] }>(
			"GET",
			`${path.replace(/webhooks$/, "events")}?type=webhook`,
		);
		const told = trail.events.filter(({ subject }) => subject === made.webhook).map(({ type }) => type);
		expect(told.map((type) => type.slice("webhook.".length))).toEqual([
			...["create", "test", "rotate", "test", "disabled", "enable", "delete"],
		]);
	});

	test("are not for events that the trail never has", async () => {
		const answer = await operate("POST", await pathOf(), { url: URL_OF_HOOK, types: ["device"] });
		await expectProblem(answer, "invalid_request");
	});

	test("go to no URL of the service's own", async () => {
		await expectProblem(await operate("POST", await pathOf(), { url: "https://redis.internal/" }), "invalid_request");
	});
});
