// `parapet webhook …`: what is asked, and when a test counts as delivered.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";
import { refuse } from "../support/scripted-server.ts";

const ACCOUNT = "acct-0123456789abcdef";
const WEBHOOK = "whk-0123456789abcdef";
const PATH = `/v1/accounts/${ACCOUNT}/webhooks/${WEBHOOK}`;
const WELL = {
	last_result: "delivered",
	last_status: 200,
	next_attempt_at: null,
	state: "active",
	disabled_reason: null,
};

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

const webhook = (verb: string, ...args: string[]) => operator.run("webhook", verb, ACCOUNT, ...args);

describe("parapet webhook test", () => {
	it("says that the receiver took it", async () => {
		operator.reply({ body: WELL });
		expect(await webhook("test", WEBHOOK)).toMatchObject({
			exitCode: 0,
			stdout: `webhook ${WEBHOOK} took it: delivered 200\n`,
		});
		expect(operator.asked()).toEqual([["POST", `${PATH}/test`]]);
	});

	it.each([
		["a failure", { last_result: "failed", last_status: 500, state: "failing" }, "failed 500", "it is tried again"],
		[
			"a receiver that is gone",
			{ last_result: "gone", last_status: 410, state: "disabled", disabled_reason: "gone" },
			"gone 410",
			"repair the receiver",
		],
		[
			"one that was disabled for another reason",
			{ last_result: "failed", last_status: null, state: "disabled", disabled_reason: "too_many_failures" },
			"failed, too_many_failures",
			"repair the receiver",
		],
	])("ends with 1 for %s, and says what to do", async (_, told, said, fix) => {
		operator.reply({ body: { ...WELL, ...told } });
		const run = await webhook("test", WEBHOOK, "--json");
		expect(run).toMatchObject({ exitCode: 1, stdout: "" });
		const { error } = JSON.parse(run.stderr);
		expect(error).toMatchObject({ code: "not_delivered", message: `webhook ${WEBHOOK} did not take it: ${said}` });
		expect(error.fix).toContain(fix);
	});

	it("ends with 1 when the test still waits behind other events: what was delivered was one of these", async () => {
		operator.reply({ body: { ...WELL, next_attempt_at: "2026-11-20T12:01:00Z" } });
		const run = await webhook("test", WEBHOOK);
		expect(run.exitCode).toBe(1);
		expect(run.stderr).toContain("waits behind other events");
	});
});

describe("parapet webhook", () => {
	it.each([
		[[], false],
		[["--skip-missed"], true],
	])("enable %j goes on with what was missed unless it is told not to", async (options, skip_missed) => {
		operator.reply({ body: { state: "active" } });
		expect(await webhook("enable", WEBHOOK, ...options)).toMatchObject({ exitCode: 0 });
		expect(operator.asked()).toEqual([["POST", `${PATH}/enable`, { skip_missed }]]);
	});

	it("create and rotate print the secret alone on stdout, so that it can be piped", async () => {
		operator.reply({ body: { webhook: WEBHOOK, secret: "whsec_1" } });
		const created = await webhook("create", "https://hooks.example.com/x", "--types", "device,license.create");
		expect(created).toMatchObject({ exitCode: 0, stdout: "whsec_1\n", stderr: expect.stringContaining("shown once") });
		expect(operator.asked().at(-1)?.[2]).toEqual({
			url: "https://hooks.example.com/x",
			types: ["device", "license.create"],
		});
		expect(await webhook("rotate", WEBHOOK)).toMatchObject({ stdout: "whsec_1\n" });
		expect(operator.asked().at(-1)).toEqual(["POST", `${PATH}/rotate`]);
	});

	it("delete says what is gone only once it is", async () => {
		operator.reply(refuse(404, "not_found"), { status: 204 });
		expect(await webhook("delete", WEBHOOK)).toMatchObject({ exitCode: 1, stdout: "" });
		expect(await webhook("delete", WEBHOOK)).toMatchObject({
			exitCode: 0,
			stdout: `webhook ${WEBHOOK} is removed\n`,
		});
	});

	it("list shows how each is doing", async () => {
		const failing = { ...WELL, state: "failing", last_result: "failed", last_status: 503, next_attempt_at: "later" };
		const disabled = { ...WELL, state: "disabled", last_result: "failed", last_status: 400, disabled_reason: "gone" };
		const fresh = { ...WELL, last_result: null, last_status: null };
		const webhooks = [WELL, failing, disabled, fresh].map((one, index) => ({
			...one,
			...{ webhook: `whk-${index}`, url: "https://x", types: index === 0 ? ["device"] : [] },
		}));
		operator.reply({ body: { webhooks } });
		const { stdout } = await webhook("list");
		expect(stdout.trim().split("\n").slice(1)).toEqual([
			"whk-0    active    delivered 200     -      device  https://x",
			"whk-1    failing   failed 503        later  all     https://x",
			"whk-2    disabled  failed 400, gone  -      all     https://x",
			"whk-3    active    -                 -      all     https://x",
		]);
	});

	it.each([
		["product:crs", "/v1/products/crs/webhooks"],
		["deployment", "/v1/webhooks"],
	])("of %s are asked for at %s, by every verb", async (whose, path) => {
		operator.reply(
			{ body: { webhook: WEBHOOK, secret: "whsec_1" } },
			{ body: { webhooks: [] } },
			{ body: { secret: "whsec_2" } },
			{ body: { state: "active" } },
			{ body: WELL },
			{ status: 204 },
		);
		const of = (verb: string, ...args: string[]) => operator.run("webhook", verb, whose, ...args);
		await of("create", "https://hooks.example.com/x");
		await of("list");
		for (const verb of ["rotate", "enable", "test", "delete"]) await of(verb, WEBHOOK);
		expect(operator.asked().map(([method, asked]) => `${method} ${asked}`)).toEqual([
			`POST ${path}`,
			`GET ${path}`,
			`POST ${path}/${WEBHOOK}/rotate`,
			`POST ${path}/${WEBHOOK}/enable`,
			`POST ${path}/${WEBHOOK}/test`,
			`DELETE ${path}/${WEBHOOK}`,
		]);
	});

	it.each(["crs", "product:", "product:No Name", "acct-", "deployments"])(
		"of %j are nobody's, and nobody is asked",
		async (whose) => {
			const run = await operator.run("webhook", "list", whose);
			expect(run).toMatchObject({
				exitCode: 2,
				stdout: "",
				stderr: expect.stringContaining("product:<name> or deployment"),
			});
			expect(operator.asked()).toEqual([]);
		},
	);
});
