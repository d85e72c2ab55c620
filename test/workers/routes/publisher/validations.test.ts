// A product's validator: it is asked about each release, signed, and nobody approves or is offered the release before it has passed it.
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createProduct, makePackage, publish, upload } from "../../../support/fleet.ts";
import { freshProduct } from "../../../support/fresh-names.ts";
import { ISSUER, operate, operated, send } from "../../../support/service.ts";
import { isSignedBy, receiveWebhooks, type WebhookReceiver } from "../../../support/stand-ins/webhook-receiver.ts";
import { expectProblem } from "../../support/expectations.ts";

const URL_OF_VALIDATOR = "https://validator.example.com/parapet?token=of-the-receiver";
const NOW = 1_900_000_000;
const HOUR = 3_600;

interface Rollout {
	readonly phase: string;
	readonly sha256: string;
	readonly evidence: string;
	readonly waits_for: readonly { readonly kind: string; readonly at: string | null }[];
	readonly validation: { readonly state: string; readonly findings: string[] } | null;
}

let product: string;
let receiver: WebhookReceiver;
let secret: string;
beforeEach(async () => {
	product = freshProduct().name;
	vi.useFakeTimers({ toFake: ["Date"], now: NOW * 1_000 });
	receiver = receiveWebhooks();
	receiver.answer = () => new Response(null, { status: 202 });
	await createProduct(product);
	secret = (await setValidator()).secret;
});
afterEach(() => {
	vi.useRealTimers();
	vi.restoreAllMocks();
});

const path = (version = "1.0") => `/v1/products/${product}/releases/${version}`;
const setValidator = (more: object = {}) =>
	operated<{ secret: string; url: string; minutes: number }>("PUT", `/v1/products/${product}/validator`, {
		url: URL_OF_VALIDATOR,
		...more,
	});
const ring = () => runDurableObjectAlarm(env.PRODUCT.getByName(product));
const rolloutOf = (version = "1.0") => operated<Rollout>("GET", `${path(version)}/rollout`);
const statusOf = async (version = "1.0") => {
	const { releases } = await operated<{ releases: { version: string; status: string }[] }>(
		"GET",
		`/v1/products/${product}/releases`,
	);
	return releases.find((one) => one.version === version)?.status;
};
const answerWith = async (result: "passed" | "failed", more: object = {}, version = "1.0") =>
	operate("PUT", `${path(version)}/validation`, { result, sha256: (await rolloutOf(version)).sha256, ...more });
const eventsOf = async () =>
	(
		await operated<{ events: { type: string; detail: string; actor: string }[] }>(
			"GET",
			`/v1/products/${product}/events`,
		)
	).events;
const wait = (seconds: number) => vi.setSystemTime((NOW + seconds) * 1_000);

test("it is asked once, signed, with where the package is, and the release is held until it has passed", async () => {
	const { sha256, bytes } = await publish(product, "1.0", "the rules");
	expect(await statusOf()).toBe("waiting");
	expect(await rolloutOf()).toMatchObject({
		...{ phase: "waiting", validation: { state: "pending" } },
		waits_for: [{ kind: "validation", at: "2030-03-17T18:46:40Z" }],
	});
	await ring();
	expect(receiver.received).toHaveLength(1);
	const [asked] = receiver.received as [(typeof receiver.received)[number]];
	expect(asked.url).toBe(URL_OF_VALIDATOR);
	expect(isSignedBy(secret, asked)).toBe(true);
	expect(asked.body).toMatchObject({
		...{ type: "release.validate", timestamp: "2030-03-17T17:46:40Z" },
		data: {
			...{ product, version: "1.0", sha256, size: bytes.length, urgency: "routine" },
			...{ answer_url: `${ISSUER}${path()}/validation`, answer_by: "2030-03-17T18:46:40Z" },
			changes_url: `${ISSUER}/v1/products/${product}/changes?to=1.0`,
		},
	});
	const link = new URL(String(asked.body.data["package_url"]));
	expect(await (await send(link.pathname + link.search)).text()).toBe("the rules");

	expect(await (await answerWith("passed")).json()).toMatchObject({ state: "passed", by: "bootstrap" });
	expect(await rolloutOf()).toMatchObject({ phase: "done", waits_for: [] });
	expect((await eventsOf()).filter(({ type }) => type.startsWith("release.valid"))).toMatchObject([
		{ type: "release.validate", detail: sha256 },
		{ type: "release.validated", detail: "passed" },
	]);
	// What it has said stays so.
	expect((await answerWith("passed")).status).toBe(200);
	await expectProblem(await answerWith("failed"), "conflict");
});

test("it is asked about all variants of a release at once, with where each is", async () => {
	await upload(product, "1.0", await makePackage("the rules"));
	const arm = await makePackage("the rules for some");
	await upload(product, "1.0", arm, {}, "?variant=arm&models=FW-100");
	await operated("PUT", path(), {});
	await ring();
	const [asked] = receiver.received as [(typeof receiver.received)[number]];
	const [variant, ...others] = asked.body.data["variants"] as unknown as Record<string, unknown>[];
	expect([variant, others]).toMatchObject([{ variant: "arm", models: ["FW-100"], sha256: arm.sha256 }, []]);
	const link = new URL(String(variant?.["package_url"]));
	expect(await (await send(link.pathname + link.search)).text()).toBe("the rules for some");
	await publish(product, "1.1", "without");
	await ring();
	expect(receiver.received.at(-1)?.body.data).not.toHaveProperty("variants");
});

test("it may answer at once", async () => {
	receiver.answer = () => Response.json({ result: "passed" });
	await publish(product, "1.0", "the rules");
	await ring();
	expect(await rolloutOf()).toMatchObject({ phase: "done", validation: { state: "passed" } });

	receiver.answer = () => Response.json({ result: "failed", findings: ["rule 1 does not load", "rule 2 neither"] });
	await publish(product, "1.1", "other rules");
	await ring();
	expect(await rolloutOf("1.1")).toMatchObject({
		...{ phase: "waiting", waits_for: [{ kind: "validation", at: null }] },
		validation: { state: "failed", findings: ["rule 1 does not load", "rule 2 neither"] },
	});
	expect((await eventsOf()).at(-1)).toMatchObject({
		...{ type: "release.validated", actor: "service" },
		detail: "failed: rule 1 does not load, and 1 more",
	});
});

test.each<[what: string, said: object, kept: string[], status?: number]>([
	["too many findings", { findings: Array.from({ length: 51 }, () => "no") }, Array.from({ length: 50 }, () => "no")],
	["a finding that is too long", { findings: ["x".repeat(501)] }, ["x".repeat(500)]],
	["a finding of several lines", { findings: ["rule 1\n\tdoes not load\u0000"] }, ["rule 1  does not load"]],
	["an empty finding", { findings: ["", " ", "no"] }, ["no"]],
	["null for findings", { findings: null }, []],
	["one finding in no list", { findings: "no" }, ["no"]],
	["findings that are no texts", { findings: [{ rule: 1 }, 7] }, ['{"rule":1}', "7"]],
	["a field that nobody knows", { score: 3 }, []],
	["201", { findings: ["no"] }, ["no"], 201],
	["202", { findings: ["no"] }, ["no"], 202],
])("a refusal with %s is a refusal, and is not overridden", async (_what, said, findings, status = 200) => {
	receiver.answer = () => Response.json({ result: "failed", ...said }, { status });
	await publish(product, "1.0", "the rules");
	await ring();
	expect(await rolloutOf()).toMatchObject({ phase: "waiting", validation: { state: "failed", findings } });
	wait(2 * HOUR);
	const refused = await operate("POST", `${path()}/validation/override`, { reason: "x" });
	expect(await expectProblem(refused, "conflict")).toMatchObject({
		detail: expect.stringContaining("has failed the release"),
	});
});

describe("a validator that is replaced while it is asked", () => {
	const OTHER = "https://other.example.com/";

	test.each<[what: string, answer: () => Response]>([
		["passes the release", () => Response.json({ result: "passed" })],
		["takes its time", () => new Response(null, { status: 202 })],
		["fails", () => new Response(null, { status: 500 })],
	])("decides nothing where it %s: the next one is asked at once", async (_what, answer) => {
		receiver.answer = async () => {
			wait(1);
			await setValidator({ url: OTHER });
			return answer();
		};
		await publish(product, "1.0", "the rules");
		await ring();
		expect(await rolloutOf()).toMatchObject({ validation: { state: "pending", last_result: null } });
		receiver.answer = () => Response.json({ result: "failed", findings: ["no"] });
		await ring();
		expect(receiver.received.map(({ url }) => url)).toEqual([URL_OF_VALIDATOR, OTHER]);
		expect(await rolloutOf()).toMatchObject({ validation: { state: "failed", findings: ["no"] } });
	});

	test("decides nothing where it is removed", async () => {
		receiver.answer = async () => {
			await operate("DELETE", `/v1/products/${product}/validator`);
			return Response.json({ result: "passed" });
		};
		await publish(product, "1.0", "the rules");
		await ring();
		expect(await rolloutOf()).toMatchObject({ phase: "waiting", validation: { state: "pending" } });
	});
});

test("an emergency is held as anything else", async () => {
	await publish(product, "1.0", "the rules", { urgency: "emergency" });
	expect(await rolloutOf()).toMatchObject({ phase: "waiting" });
	await answerWith("passed");
	expect(await rolloutOf()).toMatchObject({ phase: "done" });
});

test("nobody can approve a release that has not passed, and a word is taken once it has", async () => {
	await operated("PATCH", `/v1/products/${product}`, { plan: "standard" });
	await publish(product, "1.0", "the rules");
	const approve = async () => {
		const { evidence } = await rolloutOf();
		return operate("POST", `${path()}/rollout/words`, { kind: "approve", evidence });
	};
	const refused = await expectProblem(await approve(), "conflict");
	expect(refused).toMatchObject({ detail: expect.stringContaining("validator has not passed") });
	await answerWith("failed", { findings: ["no"] });
	expect(await expectProblem(await approve(), "conflict")).toMatchObject({
		detail: expect.stringContaining("has failed the release"),
	});
	await answerWith("passed");
	expect((await approve()).status).toBe(200);
});

test("what was halted while it was held is held when it is resumed, and its log can be replayed", async () => {
	await publish(product, "1.0", "the rules");
	await operated("POST", `${path()}/rollout/halt`, { reason: "a look" });
	// Two that did not upload it.
	for (const subject of ["bob", "carol"]) {
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject, scopes: [`release:${product}`] });
		const body = JSON.stringify({ kind: "resume", evidence: (await rolloutOf()).evidence });
		const headers = {
			...{ authorization: `Bearer ${key}`, "content-type": "application/json" },
			"content-length": String(body.length),
		};
		expect((await send(`${path()}/rollout/words`, { method: "POST", headers, body })).status).toBe(200);
	}
	expect(await rolloutOf()).toMatchObject({ phase: "waiting", validation: { state: "pending" } });
	const { entries } = await operated<{ entries: { input: object }[] }>("GET", `${path()}/rollout/log`);
	const { verifyLog } = await import("../../../../src/rollout/rollout-log.ts");
	expect(await verifyLog(entries as never)).toMatchObject({ ok: true, rollout: { phase: "waiting" } });
});

describe("a validator that does not answer", () => {
	test("is asked again where it fails, and told of once when its time is over; then an operator may go on", async () => {
		receiver.answer = () => new Response(null, { status: 500 });
		await publish(product, "1.0", "the rules");
		await ring();
		expect(await rolloutOf()).toMatchObject({ validation: { state: "pending", last_result: "status 500" } });
		wait(10);
		await ring();
		expect(receiver.received).toHaveLength(2);
		const override = (reason = "it is down, and I have looked") =>
			operate("POST", `${path()}/validation/override`, { reason });
		wait(HOUR - 1);
		expect(await expectProblem(await override(), "conflict")).toMatchObject({
			detail: expect.stringContaining("2030-03-17T18:46:40Z"),
		});
		wait(HOUR);
		await ring();
		await ring();
		const overdue = (await eventsOf()).filter(({ type }) => type === "release.validation_overdue");
		expect(overdue).toMatchObject([{ detail: "status 500", actor: "service" }]);
		expect(await statusOf()).toBe("waiting");
		await expectProblem(await override(""), "invalid_request");
		expect(await (await override()).json()).toMatchObject({
			state: "overridden",
			reason: "it is down, and I have looked",
		});
		expect(await rolloutOf()).toMatchObject({ phase: "done" });
		expect((await eventsOf()).find(({ type }) => type === "release.validation_overridden")).toMatchObject({
			detail: "it is down, and I have looked",
		});
		expect((await override()).status).toBe(200);
	});

	test.each([
		["no JSON", "passed"],
		["no result", "{}"],
		["another result", '{"result":"ok"}'],
		["findings beyond their bounds beside `passed`", JSON.stringify({ result: "passed", findings: [" ", "a\nb"] })],
		["an answer that does not end", `{"result":"failed","findings":["${"x".repeat(1_048_576)}"]}`],
		["two results", '{"result":"failed","result":"passed"}'],
		["`passed` with another status than 200", '{"result":"passed"}', 201],
	])("%s is no answer, and shown as such", async (_what, text, status = 200) => {
		receiver.answer = () => new Response(text, { status });
		await publish(product, "1.0", "the rules");
		await ring();
		expect(await rolloutOf()).toMatchObject({
			...{ phase: "waiting", validation: { state: "pending", last_result: "malformed" } },
		});
		wait(10);
		receiver.answer = () => Response.json({ result: "passed", more: 1 });
		await ring();
		expect(await rolloutOf()).toMatchObject({
			phase: "done",
			validation: { state: "passed", last_result: "answered" },
		});
	});

	test("has not answered where it takes the question in words of its own", async () => {
		receiver.answer = () => Response.json({ queued: true }, { status: 202 });
		await publish(product, "1.0", "the rules");
		await ring();
		expect(await rolloutOf()).toMatchObject({ validation: { state: "pending", last_result: "later" } });
	});

	test("one that has failed it is not overridden", async () => {
		await publish(product, "1.0", "the rules");
		await answerWith("failed");
		wait(2 * HOUR);
		const refused = await operate("POST", `${path()}/validation/override`, { reason: "x" });
		const detail = expect.stringContaining("has failed the release");
		expect(await expectProblem(refused, "conflict")).toMatchObject({ detail });
		expect(await rolloutOf()).toMatchObject({ phase: "waiting" });
	});
});

test("where two people are asked for, who uploaded it neither passes nor overrides it", async () => {
	await operated("PATCH", `/v1/products/${product}`, { two_people: true });
	await publish(product, "1.0", "the rules");
	await expectProblem(await answerWith("passed"), "second_person_required");
	wait(HOUR);
	await expectProblem(
		await operate("POST", `${path()}/validation/override`, { reason: "x" }),
		"second_person_required",
	);
	// To hold it is anybody's who may speak for the validator.
	expect((await answerWith("failed")).status).toBe(200);
});

test("a key of the validator says whether a release is sound, has its package, and does nothing else", async () => {
	await publish(product, "1.0", "the rules");
	const { sha256 } = await rolloutOf();
	const scopes = [`validate:${product}`];
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "validator", scopes });
	const as = (method: string, to: string, body?: object) => {
		const text = body === undefined ? undefined : JSON.stringify(body);
		const headers = {
			authorization: `Bearer ${key}`,
			...(text !== undefined && { "content-type": "application/json", "content-length": String(text.length) }),
		};
		return send(to, { method, headers, ...(text !== undefined && { body: text }) });
	};
	expect((await as("GET", `${path()}/package-link`)).status).toBe(200);
	await expectProblem(await as("PUT", path("1.1"), {}), "insufficient_scope");
	await expectProblem(await as("POST", `${path()}/validation/override`, { reason: "x" }), "insufficient_scope");
	await expectProblem(
		await as("PUT", `/v1/products/other/releases/1.0/validation`, { result: "passed", sha256 }),
		"insufficient_scope",
	);
	const other = { result: "passed", sha256: "a".repeat(64) };
	await expectProblem(await as("PUT", `${path()}/validation`, other), "conflict");
	expect(await (await as("PUT", `${path()}/validation`, { result: "passed", sha256 })).json()).toMatchObject({
		by: "validator",
	});
});

describe("the setting", () => {
	test("is shown without its secret, which stays until it is removed", async () => {
		const changed = await setValidator({ minutes: 5 });
		expect(changed).toMatchObject({ url: URL_OF_VALIDATOR, minutes: 5, secret });
		const shown = await operated<{ validator: object }>("GET", `/v1/products/${product}/validator`);
		expect(shown).toEqual({ validator: { url: URL_OF_VALIDATOR, minutes: 5, set_at: "2030-03-17T17:46:40Z" } });
		for (let count = 0; count < 2; count++)
			expect((await operate("DELETE", `/v1/products/${product}/validator`)).status).toBe(204);
		expect(await operated("GET", `/v1/products/${product}/validator`)).toEqual({ validator: null });
		expect((await setValidator()).secret).not.toBe(secret);
		const told = (await eventsOf()).filter(({ type }) => type === "product.validator").map(({ detail }) => detail);
		const origin = "https://validator.example.com";
		expect(told).toEqual([`${origin}, 60 minutes`, `${origin}, 5 minutes`, "off", `${origin}, 60 minutes`]);
	});

	test.each(["http://validator.example.com", "https://10.0.0.1/", "https://user@validator.example.com", ISSUER])(
		"%s is no address of a validator",
		async (url) => {
			await expectProblem(await operate("PUT", `/v1/products/${product}/validator`, { url }), "invalid_request");
		},
	);

	test("without a validator nothing is held; what waits when it is removed goes on waiting, and the next one is asked about it", async () => {
		await publish(product, "1.0", "the rules");
		await ring();
		await operate("DELETE", `/v1/products/${product}/validator`);
		await publish(product, "1.1", "other rules");
		expect(await rolloutOf("1.1")).toMatchObject({ phase: "done", validation: null });
		await publish(product, "1.2", "more rules");
		receiver.received.length = 0;
		await upload(product, "1.3", await makePackage("even more"));
		await setValidator();
		await operated("PUT", path("1.3"), {});
		await ring();
		expect(receiver.received.map(({ body }) => body.data["version"])).toEqual(["1.0", "1.3"]);
	});

	test("a release that is withdrawn is waited for no more", async () => {
		await publish(product, "1.0", "the rules");
		await operated("POST", `${path()}/withdraw`, { reason: "no" });
		await ring();
		expect(receiver.received).toEqual([]);
		await expectProblem(
			await operate("PUT", `${path()}/validation`, { result: "passed", sha256: "a".repeat(64) }),
			"not_found",
		);
	});
});
