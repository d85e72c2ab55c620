// Changes of a product from the command line: sent under a key of their own, and again under the same one where the answer is lost.
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";
import { refuse } from "../support/scripted-server.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

const disable = () => operator.run("product", "disable-rule", "crs", "1:1", "--reason", "loud");
const DONE = { body: { rules: [], changed: true, published: true } };
const keys = () => operator.server.seen.map(({ headers }) => headers["idempotency-key"]);

it.each([
	["is lost", "hang up" as const],
	["comes from a gateway", { status: 504 }],
	["says that the first try is under way", refuse(409, "idempotency_key_in_use", { "retry-after": "60" })],
])("asks again under the same key where the answer %s", async (_, lost) => {
	operator.reply(lost, lost, DONE);
	expect(await disable()).toMatchObject({ exitCode: 0 });
	expect(operator.pauses).toEqual([1_000, 2_000]);
	expect(new Set(keys()).size).toBe(1);
	expect(keys()[0]).toMatch(/^"[0-9a-f-]{36}"$/);
});

it("gives up after four tries, with what the last one said", async () => {
	operator.reply("hang up");
	expect(await disable()).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("no answer from") });
	expect(keys()).toHaveLength(4);
});

it.each(["conflict", "idempotency_key_reused"])("does not repeat what was refused: %s", async (code) => {
	operator.reply(refuse(409, code));
	expect((await disable()).exitCode).not.toBe(0);
	expect(keys()).toHaveLength(1);
});

it("has another key for another change, and none for what only reads or is not a product's", async () => {
	operator.reply(DONE);
	await disable();
	await disable();
	await operator.run("product", "show", "crs");
	await operator.run("account", "create", "Customer");
	expect(new Set(keys().slice(0, 2)).size).toBe(2);
	expect(keys().slice(2)).toEqual([undefined, undefined]);
});
