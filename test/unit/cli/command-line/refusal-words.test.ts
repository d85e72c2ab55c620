// A refusal as it is shown at a command line: fields by the names of options, members by their values, advice in commands.
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { wordForCommand } from "../../../../cli/command-line/refusal-words.ts";
import { ServerRefusal } from "../../../../cli/errors.ts";
import { PROBLEMS } from "../../../../src/problem-catalogue.ts";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";

const ACCOUNT = "acct-0123456789abcdef";
const LICENSE = ["license", "create", ACCOUNT, "--products", "crs", "--seats", "1", "--ends", "30d"];

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

/** What a command writes that the service refuses, in the service's own words. */
async function shown(code: keyof typeof PROBLEMS, members: Record<string, unknown>, ...args: readonly string[]) {
	const { status, title, fix } = PROBLEMS[code];
	operator.reply({ status, body: { title, status, code, fix, request_id: "req-1", ...members } });
	const run = await operator.run(...args);
	expect(run).toMatchObject({ exitCode: 1, stdout: "" });
	return run.stderr;
}

describe("advice on credentials", () => {
	const refusal = { status: 401, code: "unauthenticated", message: "no", fix: "of the key" };
	const told = (command: Command, clockAheadSeconds?: number) =>
		wordForCommand(
			new ServerRefusal({ ...refusal, requestId: undefined, retryAfterSeconds: undefined, clockAheadSeconds }),
			command,
		).fix;

	it("speaks of keys where a command takes one, of the firewall where not, and first of a wrong clock", () => {
		expect(told(new Command("list").option("--key <key>"))).toBe("of the key");
		expect(told(new Command("check").option("--home <dir>"))).toContain("does not take this firewall's token");
		expect(told(new Command("check").option("--home <dir>"), 95)).toBe("of the key");
	});
});

describe("a refusal", () => {
	it.each(Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[])(
		"%s speaks of no request, header or path",
		async (code) => {
			if (code.startsWith("aws_")) return; // meant for whoever sets up a hook
			const said = (await shown(code, {}, "account", "list")).replace(/`parapet [^`]+`/g, "");
			const advice = said.split("\n").filter((line) => line.startsWith("  fix: "));
			expect(advice.join()).not.toMatch(
				/`|\b(GET|POST|PUT|PATCH|Header|Range|Retry-After|Content-|Repr-Digest|Authorization)\b|\/\w+/,
			);
		},
	);

	it.each([
		[["publisher", "remove", "crs", "pub-01234567"], "product or publisher", "publisher list PRODUCT"],
		[["product", "changes", "crs", "--to", "4.28"], "product or version", "release list PRODUCT"],
	])("of `%s` says what there is not, and what lists it", async (args, things, list) => {
		const said = await shown("not_found", {}, ...args);
		expect(said).toContain(`there is no such ${things}`);
		expect(said).toContain(`parapet ${list}`);
	});

	it("of a field in the file of an option names the field as the file does", async () => {
		const errors = [{ field: "plan.steps.2.gate.maxFailures", message: "Too big: expected number to be <=100" }];
		const said = await shown("invalid_request", { errors }, "product", "create", "crs", "--plan", "rapid");
		expect(said).toContain('--plan "rapid" steps[2].gate.maxFailures: at most 100\n');
		expect(said).toContain("  fix: correct what is named there in the file, and give it again\n");
	});

	it.each([
		["insufficient_scope", { required_scope: "operate" }, "with the scope operate;"],
		["content_too_large", { limit_bytes: 536_870_912 }, "takes at most 536.9 MB"],
	] as const)("%s shows the member that its advice is about", async (code, members, said) => {
		expect(await shown(code, members, "account", "list")).toContain(said);
	});

	it.each([
		["ends_at", "--ends"],
		["seats", "--seats"],
		["products.0", "--products"],
		["product_validity.crs.ends_at", "--product-ends"],
		["grace_days", "--grace-days"],
		["delay_hours", "--delay-hours"],
		["something_new", "something_new"],
	])("names the field %s as %s", async (field, name) => {
		const errors = [{ field, message: "cannot be" }];
		const said = await shown("invalid_request", { errors }, ...LICENSE);
		expect(said).toMatch(
			new RegExp(`license: ${name}( "[^"]*")?: cannot be\\n {2}fix: see parapet license create --help`),
		);
	});

	it("says once what the detail says of the field too", async () => {
		const message = "must begin with https://";
		const members = { detail: `the URL ${message}`, errors: [{ field: "url", message }] };
		const url = "http://10.0.0.1/x";
		const said = await shown("invalid_request", members, "webhook", "create", ACCOUNT, url);
		expect(said).toContain(`error: could not create the webhook: url "${url}": ${message}\n`);
	});

	it.each([
		[["key", "revoke", "key-nope"], "key", "could not revoke the key: there is no such key\n"],
		[["message", "delete", "msg-nope"], "message", "could not remove the message: there is no such message\n"],
	])("of an id that is none says no more than that: %j", async (args, field, said) => {
		const errors = [{ field, message: `not the id of a ${field}` }];
		expect(await shown("invalid_identifier", { errors }, ...args)).toContain(said);
	});

	it.each([
		["audience.engine.min", "--engine-min"],
		["audience.models.1", "--models"],
		["locales.de.title", "--locale"],
		["starts_at", "--starts"],
	])("names the field %s of a message as %s", async (field, name) => {
		const create = ["message", "create", "--title", "t", "--body", "b", "--ends", "1d"];
		expect(await shown("invalid_request", { errors: [{ field, message: "no" }] }, ...create)).toContain(
			`: ${name}: no`,
		);
	});

	it("names a field that was an operand by the operand's name", async () => {
		const errors = [{ field: "name", message: "too long" }];
		expect(await shown("invalid_request", { errors }, "account", "create", "Example")).toContain(
			': name "Example": too long',
		);
	});

	it.each([
		[["product", "events", "crz"], "`parapet product list` shows"],
		[
			["code", "revoke", ACCOUNT, "code-01234567", "--yes"],
			"`parapet account list` and `parapet code list ACCOUNT` show",
		],
		[["key", "revoke", "key-01234567", "--yes"], "`parapet key list` shows"],
	])("of %j for something that there is not says where to look", async (args, said) => {
		expect(await shown("not_found", {}, ...args)).toContain(said);
	});

	it.each([
		["Too big: expected number to be <=1000000", '--seats "1": at most 1000000'],
		["Too small: expected number to be >=2", '--seats "1": at least 2'],
		["not beside `product_validity`", '--seats "1": not beside --product-ends'],
	])("says %s in words, with the value", async (message, said) => {
		expect(await shown("invalid_request", { errors: [{ field: "seats", message }] }, ...LICENSE)).toContain(said);
	});

	it.each([
		["not_found", {}, ["key", "revoke", "key-01234567"], "could not revoke the key: there is no such key\n"],
		["invalid_identifier", {}, ["account", "close", ACCOUNT], `could not close ${ACCOUNT}: there is no such account\n`],
		[
			"conflict",
			{ detail: "it is closed" },
			["account", "close", ACCOUNT],
			`could not close ${ACCOUNT}: it is closed\n`,
		],
		[
			"invalid_request",
			{ detail: "ends_at must be in the future" },
			LICENSE,
			"license: --ends must be in the future\n",
		],
	] as const)("%s is said in what the command names", async (code, members, args, said) => {
		expect(await shown(code, members, ...args)).toContain(said);
	});

	it("never takes a field for an option that says how a command works", async () => {
		const errors = [{ field: "url", message: "no" }];
		const create = ["webhook", "create", ACCOUNT, "https://hooks.example.com/"];
		expect(await shown("invalid_request", { errors }, ...create)).toContain(': url "https://hooks.example.com/": no');
		expect(await shown("invalid_request", { errors: [{ field: "key", message: "no" }] }, "account", "list")).toContain(
			": key: no",
		);
	});

	it("of a later server is shown with its advice, and the members that this names", async () => {
		operator.reply({
			status: 409,
			body: { title: "No", code: "brand_new", fix: "See `moon` and `sun`.", moon: "full" },
		});
		expect((await operator.run("account", "list")).stderr).toContain("fix: See `moon` (full) and `sun`.");
	});
});
