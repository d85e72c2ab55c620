// No account can see or touch what is another's: every operation that the service describes, asked by account A with
// something of account B's in each place that names something. What is refused is refused as if nobody had it; no answer
// holds a text that only B has, and B's object and records stay as they are, to the byte.
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { publish } from "../../../support/fleet.ts";
import { operated } from "../../../support/service.ts";
import { receiveWebhooks, type WebhookReceiver } from "../../../support/stand-ins/webhook-receiver.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newProduct } from "../../support/fixtures.ts";
import { type Caller, call, callWith, deviceOf, operator, subjectsOf } from "./calls.ts";
import { contentOf, type Estate, newEstate, ownTextsOf, recordsOf, settle } from "./estate.ts";
import { listOperations, type Operation, operationsOf } from "./operations.ts";
import { OWN_WAYS } from "./own-ways.ts";
import { OF_THE_DEPLOYMENT, unknownsOf } from "./parts.ts";

const operations = await listOperations();
const ownWays = Object.keys(OWN_WAYS);
const generated = operations.filter(({ name }) => !OF_THE_DEPLOYMENT.includes(name) && !ownWays.includes(name));
const takes = (scheme: string) => generated.filter(({ schemes }) => schemes.includes(scheme));

let receiver: WebhookReceiver;
let product: string;
let b: Estate;
let publisherKey: string;
let contentOfB: string;
let recordsOfB: readonly string[];
let textsOfB: readonly string[];
beforeAll(async () => {
	// Far from the clock of the platform, so that no alarm rings by itself.
	vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2031-03-01T12:00:00Z") });
	receiver = receiveWebhooks();
	product = await newProduct();
	await publish(product, "1.0.0", "rules");
	b = await newEstate(product);
	({ key: publisherKey } = await operated<{ key: string }>("POST", "/v1/keys", {
		subject: "a test",
		scopes: [`publish:${product}`],
	}));
	textsOfB = await ownTextsOf(b, await newEstate(product));
});
beforeEach(async () => {
	receiver.received.splice(0);
	contentOfB = await contentOf(b);
	recordsOfB = await recordsOf(b);
});
afterAll(() => {
	vi.restoreAllMocks();
	vi.useRealTimers();
});

async function textOf(answer: Response): Promise<string> {
	const body = new TextDecoder().decode(await answer.clone().arrayBuffer());
	return [...answer.headers, body].join("\n");
}

/** @param sent by A itself: that much it knows */
function textsShown(text: string, sent: readonly string[]): string[] {
	return textsOfB.filter((own) => text.includes(own) && !sent.some((one) => own.includes(one) || one.includes(own)));
}

async function expectNothingOfB(answer: Response, sent: readonly string[] = []): Promise<void> {
	expect(textsShown(await textOf(answer), sent)).toEqual([]);
	expect(await contentOf(b)).toBe(contentOfB);
}

/** What a refusal tells, but for the id of the request. */
async function tellingOf(answer: Response): Promise<unknown> {
	const { request_id: _, ...told } = (await answer.clone().json()) as Record<string, unknown>;
	return told;
}

/** Another's thing is refused as a thing of nobody's. */
async function expectMasked(what: string, answer: Response, nobodys: Response): Promise<void> {
	expect([400, 403, 404, 422], what).toContain(answer.status);
	expect(await tellingOf(answer), what).toEqual(await tellingOf(nobodys));
	await expectNothingOfB(answer);
}

async function expectOwn(operation: Operation, estate: Estate, caller: Caller): Promise<void> {
	const answer = await call(operation, callWith(operation, estate), caller);
	expect(`${answer.status} ${answer.ok ? "" : await answer.clone().text()}`).toMatch(/^2/);
	await expectNothingOfB(answer);
}

/** Each field with something of B's in it, or a name that is half A's; all others are A's. */
async function expectRefusals(
	operation: Operation,
	a: Estate,
	caller: Caller,
	means: "A" | "A's key" | "whom it names",
) {
	const asked = (given: Record<string, string>) => call(operation, callWith(operation, a, given), caller);
	const fields = subjectsOf(operation);
	const naming = fields.filter(({ harmless }) => !harmless?.(operation));
	for (const { key, own } of fields.filter((field) => !naming.includes(field))) {
		const ofB = own(b, operation);
		const answer = await asked({ [key]: ofB });
		expect(answer.status).toBeLessThan(500);
		await expectNothingOfB(answer, [ofB]);
	}
	for (const { key, own, nobodys, head } of naming) {
		const [ofA, ofB] = [own(a, operation), own(b, operation)];
		// An operator who names one thing only, means it.
		if (means !== "whom it names" || naming.length > 1)
			await expectMasked(`B's ${key}`, await asked({ [key]: ofB }), await asked({ [key]: nobodys }));
		if (naming.length > 2) {
			const ofBButOne = Object.fromEntries(naming.map((field) => [field.key, field.own(b, operation)]));
			const answer = await asked({ ...ofBButOne, [key]: ofA });
			// A key of A's is let in for A alone; there B's things are to it as things of nobody's.
			const ofNobody = Object.fromEntries(naming.map((field) => [field.key, field.nobodys]));
			const asNobody = means === "A's key" ? { ...ofNobody, [key]: ofA } : { ...ofBButOne, [key]: nobodys };
			await expectMasked(`all B's but ${key}`, answer, await asked(asNobody));
		}
		if (head === undefined) continue;
		const mixed = ofA.slice(0, head) + ofB.slice(head);
		const broken = mixed.slice(0, -1) + (mixed.endsWith("0") ? "1" : "0");
		await expectMasked(`B's ${key} in A's name`, await asked({ [key]: mixed }), await asked({ [key]: broken }));
	}
}

/** What was done behind the answers: nothing to B, and A's webhook was told of nothing of B's. */
async function expectAllAsBefore(a: Estate, sent: readonly string[] = []): Promise<void> {
	await settle(a.objectName);
	expect(await contentOf(b)).toBe(contentOfB);
	expect(await recordsOf(b)).toEqual(recordsOfB);
	for (const { url, text } of receiver.received.splice(0)) {
		expect(url).toBe(a.webhookUrl);
		expect(textsShown(text, sent)).toEqual([]);
	}
}

describe("the matrix", () => {
	test("knows every operation, and what each of its fields names", () => {
		expect(operations.flatMap((operation) => unknownsOf(operation, ownWays))).toEqual([]);
		const names = operations.map(({ name }) => name);
		expect([...OF_THE_DEPLOYMENT, ...ownWays].filter((name) => !names.includes(name))).toEqual([]);
		expect(generated.filter((operation) => subjectsOf(operation).length > 1).length).toBeGreaterThan(10);
	});

	test("names an operation that it does not know, and a field", () => {
		const post = {
			requestBody: { content: { "application/json": { schema: { properties: { pet: { type: "string" } } } } } },
		};
		const unknown = operationsOf({ paths: { "/v1/pets": { post } } }).flatMap((one) => unknownsOf(one, ownWays));
		expect(unknown).toEqual([
			expect.stringContaining("add pet of POST /v1/pets to the matrix"),
			expect.stringContaining("add POST /v1/pets to the matrix"),
		]);
	});

	test("sees what is B's alone, and what changes at B", async () => {
		expect(textsOfB).toEqual(expect.arrayContaining([b.account, b.firewall.clientId, b.serial, b.license, b.codeId]));
		expect(textsOfB).toEqual(expect.arrayContaining([b.webhook, b.webhookUrl, b.firewall.publicJwk.x]));
		const c = await newEstate(product);
		const [content, records] = [await contentOf(c), await recordsOf(c)];
		await operated("POST", `/v1/devices/${c.firewall.clientId}/suspend`, {});
		expect(await contentOf(c)).not.toBe(content);
		expect(await recordsOf(c)).not.toEqual(records);
	});
});

let reader: Estate | undefined;

/** An estate to ask from. Those who only read share one. */
async function estateFor({ method }: Operation): Promise<Estate> {
	if (method !== "GET") return newEstate(product);
	reader ??= await newEstate(product);
	receiver.received.splice(0);
	return reader;
}

const named = (list: readonly Operation[]) => list.map((operation) => [operation.name, operation] as const);

describe("an operator who has A in mind reaches nothing of B's by", () => {
	test.each(named(takes("apiKey")))("%s", async (_, operation) => {
		const a = await estateFor(operation);
		const contentOfA = await contentOf(a);
		await expectRefusals(operation, a, operator, "whom it names");
		const harmless = subjectsOf(operation).filter((field) => field.harmless?.(operation));
		if (harmless.length === 0) expect(await contentOf(a)).toBe(contentOfA);
		await expectOwn(operation, a, operator);
		// A serial number that A's operator names stands in A's trail.
		await expectAllAsBefore(
			a,
			harmless.map(({ own }) => own(b, operation)),
		);
	});
});

describe("a key of A's account reaches nothing of B's by", () => {
	const ofAnAccount = operations.filter(({ scopes }) => scopes.some((scope) => scope.endsWith(":{account}")));
	const cases = ofAnAccount.flatMap((operation) =>
		operation.scopes
			.filter((scope) => scope.endsWith(":{account}"))
			.map((scope) => [scope, operation.name, operation] as const),
	);

	test("any route that takes one", () => {
		expect(cases.length).toBeGreaterThan(30);
	});

	test.each(cases)("%s: %s", async (scope, _, operation) => {
		const a = await estateFor(operation);
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
			subject: "a customer of A",
			scopes: [scope.replace("{account}", a.account)],
		});
		const keyOfA: Caller = { scheme: "Bearer", credentials: key };
		// A key is looked at before the body: an operation of OWN_WAYS is asked without one.
		const aboutB = callWith(generated.includes(operation) ? operation : { ...operation, body: null }, b);
		const inQuery = { ...aboutB, path: `${aboutB.path}${aboutB.path.includes("?") ? "&" : "?"}account=${a.account}` };
		for (const asked of [aboutB, inQuery]) {
			const answer = await call(operation, asked, keyOfA);
			await expectNothingOfB(answer);
			await expectProblem(answer, "insufficient_scope");
		}
		if (generated.includes(operation)) {
			await expectRefusals(operation, a, keyOfA, "A's key");
			await expectOwn(operation, a, keyOfA);
		}
		await expectAllAsBefore(
			a,
			subjectsOf(operation)
				.filter((one) => one.harmless?.(operation))
				.map(({ own }) => own(b, operation)),
		);
	});
});

describe("a device of A's reaches nothing of B's by", () => {
	test.each(named(takes("accessToken")))("%s", async (_, operation) => {
		const a = await estateFor(operation);
		const contentOfA = await contentOf(a);
		await expectRefusals(operation, a, deviceOf(a), "A");
		const [aboutA, aboutB] = [callWith(operation, a), callWith(operation, b)];
		for (const [about, caller] of [
			[aboutB, deviceOf(b, a)],
			[aboutA, deviceOf(a, b)],
		] as const) {
			const stolen = await call(operation, about, caller);
			await expectNothingOfB(stolen);
			await expectProblem(stolen, "unauthenticated");
		}
		const etag = (await call(operation, aboutB, deviceOf(b))).headers.get("etag");
		if (etag !== null) {
			const answer = await call(operation, aboutA, deviceOf(a), etag);
			expect(answer.status).toBe(200);
			await expectNothingOfB(answer);
		}
		expect(await contentOf(a)).toBe(contentOfA);
		await expectOwn(operation, a, deviceOf(a));
		await expectAllAsBefore(a);
	});
});

describe("with credentials of another kind nobody reaches anything of B's by", () => {
	let a: Estate;
	beforeAll(async () => {
		a = await newEstate(product);
	});

	test.each(named(generated))("%s", async (_, operation) => {
		const { schemes } = operation;
		const aboutB = callWith(operation, b);
		const refused: [Caller, string][] = [];
		if (!schemes.includes("accessToken")) {
			refused.push([deviceOf(a), "401"], [{ scheme: "Bearer", credentials: a.bearer }, "401"], [deviceOf(b), "401"]);
		}
		if (schemes.includes("apiKey")) refused.push([{ scheme: "Bearer", credentials: publisherKey }, "403"]);
		else refused.push([operator, "401 403"], [{ scheme: "Bearer", credentials: publisherKey }, "401 403"]);
		for (const [caller, statuses] of refused) {
			const answer = await call(operation, aboutB, caller);
			expect(statuses.split(" ")).toContain(String(answer.status));
			await expectNothingOfB(answer);
		}
		await expectAllAsBefore(a);
	});
});

describe("with credentials in a way of its own, nothing of B's is reached by", () => {
	test.each(Object.entries(OWN_WAYS))("%s", async (_, makeCases) => {
		const a = await newEstate(product);
		for (const { what, ask, status, sent } of await makeCases(a, b)) {
			const answer = await ask();
			expect([what, answer.status]).toEqual([what, status]);
			await expectNothingOfB(answer, sent);
			await expectAllAsBefore(a, sent);
		}
	});
});
