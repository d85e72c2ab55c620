// `Idempotency-Key`, as a publisher meets it whose answers get lost: the same request again changes nothing more and is answered as
// the first was.
import { beforeEach, describe, expect, test } from "vitest";
import type { OnceRequest } from "../../../../src/objects/product/once-desk.ts";
import { sha256OfText } from "../../../../src/signing/text-digest.ts";
import { makePackage, publish, upload } from "../../../support/fleet.ts";
import { freshProduct } from "../../../support/fresh-names.ts";
import { bindings } from "../../../support/object-bindings.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operated, operatorRequest, send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { DAY, SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

const { moveTo, start } = useFrozenClock();

let product: string;
beforeEach(async () => {
	product = freshProduct().name;
	await operated("POST", "/v1/products", { product, plan: "immediate" });
	await publish(product, "1.0.0", "rules");
});

const pathOf = (what: string) => `/v1/products/${product}/${what}`;
const WITHDRAW = "releases/1.0.0/withdraw";
const WHY = { reason: "it breaks" };

async function ask(
	what: string,
	body: object,
	key = '"one"',
	apiKey: string = TEST_SECRETS.BOOTSTRAP_KEY,
	method = "POST",
): Promise<Response> {
	const request = operatorRequest(method, body, apiKey);
	return send(pathOf(what), { ...request, headers: { ...request.headers, "idempotency-key": key } });
}

async function eventsOf(type: string): Promise<number> {
	const { events } = await operated<{ events: { type: string }[] }>("GET", pathOf("events"));
	return events.filter((one) => one.type === type).length;
}

const releaseKey = async (subject: string) =>
	(await operated<{ key: string }>("POST", "/v1/keys", { subject, scopes: [`release:${product}`] })).key;

describe("the same request under the same key", () => {
	test("is answered as the first was, whose answer was lost, and changes nothing more", async () => {
		const first = await ask(WITHDRAW, WHY);
		const text = await first.text();
		expect([first.status, JSON.parse(text)]).toMatchObject([200, { changed: true, status: "withdrawn" }]);
		moveTo(DAY - SECOND);
		const second = await ask(WITHDRAW, WHY);
		expect([second.status, await second.text()]).toEqual([200, text]);
		expect(second.headers.get("content-type")).toContain("application/json");
		expect(await eventsOf("release.withdraw")).toBe(1);
	});

	test.each([
		["POST", "a halt", "releases/2.0.0/rollout/halt", { reason: "wait" }, "rollout.halted"],
		["POST", "a disabled rule", "disabled-rules/disable", { rules: ["1:1"], reason: "loud" }, "rule.disable"],
		["PUT", "a release", "releases/3.0.0", {}, "release.publish"],
	])("by %s: %s", async (method, _, what, body, type) => {
		await operated("PATCH", `/v1/products/${product}`, { plan: "standard" });
		await publish(product, "2.0.0", "later rules");
		await upload(product, "3.0.0", await makePackage("last rules"));
		const before = await eventsOf(type);
		const tries: [number, string][] = [];
		for (let count = 0; count < 2; count++) {
			const answer = await ask(what, body, '"one"', TEST_SECRETS.BOOTSTRAP_KEY, method);
			tries.push([answer.status, await answer.text()]);
		}
		expect(tries[1]).toEqual(tries[0]);
		expect(tries[0]?.[0]).toBe(method === "PUT" ? 201 : 200);
		expect(await eventsOf(type)).toBe(before + 1);
	});

	test("a word is taken once, and is not said before when it comes again", async () => {
		await operated("PATCH", `/v1/products/${product}`, { plan: "standard" });
		await publish(product, "2.0.0", "later rules");
		const { evidence } = await operated<{ evidence: string }>("GET", pathOf("releases/2.0.0/rollout"));
		const word = { kind: "approve", evidence };
		const olivia = await releaseKey("olivia");
		const said = await ask("releases/2.0.0/rollout/words", word, '"one"', olivia);
		expect(await said.json()).toMatchObject({ phase: "running" });
		expect((await ask("releases/2.0.0/rollout/words", word, '"one"', olivia)).status).toBe(200);
		expect(await eventsOf("rollout.word")).toBe(1);
		await expectProblem(await ask("releases/2.0.0/rollout/words", word, '"two"', olivia), "conflict");
	});

	test("twice at once changes it once; who comes second waits or has the same answer", async () => {
		const answers = await Promise.all([ask(WITHDRAW, WHY), ask(WITHDRAW, WHY)]);
		expect(answers.map(({ status }) => status).toSorted()[0]).toBe(200);
		for (const answer of answers) {
			if (answer.status === 200) expect(await answer.json()).toMatchObject({ changed: true });
			else expect(await expectProblem(answer, "idempotency_key_in_use")).toMatchObject({ retryable: true });
		}
		expect(await eventsOf("release.withdraw")).toBe(1);
		expect(await (await ask(WITHDRAW, WHY)).json()).toMatchObject({ changed: true });
	});

	test("is free again after a day", async () => {
		await ask(WITHDRAW, WHY);
		moveTo(DAY);
		expect(await (await ask(WITHDRAW, { reason: "another" })).json()).toMatchObject({ changed: false });
	});

	test("that was refused is judged anew", async () => {
		await upload(product, "2.0.0", await makePackage("later rules"));
		await expectProblem(await ask("releases/2.0.0/withdraw", WHY), "conflict");
		await operated("PUT", pathOf("releases/2.0.0"), {});
		expect(await (await ask("releases/2.0.0/withdraw", WHY)).json()).toMatchObject({ changed: true });
	});
});

describe("a Worker that ends between two steps", () => {
	const object = () => bindings.PRODUCT.getByName(product);
	async function request(): Promise<OnceRequest> {
		const path = pathOf(WITHDRAW);
		return {
			...{ subject: "bootstrap", route: "POST /v1/products/:product/releases/:version/withdraw", key: "one" },
			fingerprint: await sha256OfText(JSON.stringify(["POST", path, JSON.stringify(WHY)])),
		};
	}

	test("before the change holds the key for a minute, and the change is made then", async () => {
		expect(await object().askOnce(await request())).toEqual({ kind: "go" });
		const held = await ask(WITHDRAW, WHY);
		expect(held.headers.get("retry-after")).toBe("60");
		await expectProblem(held, "idempotency_key_in_use");
		moveTo(60 * SECOND);
		expect(await (await ask(WITHDRAW, WHY)).json()).toMatchObject({ changed: true });
	});

	test("between the change and its answer has it answered as the first time", async () => {
		const once = await request();
		const now = start() / 1_000;
		await object().askOnce(once);
		await object().withdraw({ actor: "bootstrap", now, version: "1.0.0", ...WHY, once });
		moveTo(60 * SECOND);
		expect(await (await ask(WITHDRAW, WHY)).json()).toMatchObject({ changed: true, status: "withdrawn" });
		expect(await eventsOf("release.withdraw")).toBe(1);
	});
});

describe("a key", () => {
	test("stands for one request: another body or release is refused, and changes nothing", async () => {
		await publish(product, "2.0.0", "later rules");
		await ask(WITHDRAW, WHY);
		await expectProblem(await ask(WITHDRAW, { reason: "another" }), "idempotency_key_reused");
		await expectProblem(await ask("releases/2.0.0/withdraw", WHY), "idempotency_key_reused");
		expect(await eventsOf("release.withdraw")).toBe(1);
	});

	test("is its caller's own: another subject's is another", async () => {
		await ask(WITHDRAW, WHY);
		const olivia = await releaseKey("olivia");
		expect(await (await ask(WITHDRAW, { reason: "another" }, '"one"', olivia)).json()).toMatchObject({
			changed: false,
		});
	});

	test.each(["one", "", '""', '"one', '"a\\"b"', `"${"a".repeat(129)}"`, '"one", "two"', "?1"])(
		"that is no text in quotes is refused: %s",
		async (key) => {
			await expectProblem(await ask(WITHDRAW, WHY, key), "idempotency_key_invalid");
			expect(await eventsOf("release.withdraw")).toBe(0);
		},
	);
});
