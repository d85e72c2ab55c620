// `parapet message …`: whom a message is for, and in which languages.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";
import { refuse } from "../../support/scripted-server.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
	operator.reply({ body: { id: "msg-0001" } });
});
afterEach(() => operator.close());

const create = (...options: string[]) =>
	operator.run("message", "create", "--title", "Hello", "--body", "There", "--ends", "1d", ...options);
const sent = () => operator.asked().at(-1)?.[2];

describe("parapet message create", () => {
	it("without an audience is for all: none is sent", async () => {
		expect(await create()).toMatchObject({ exitCode: 0, stdout: "message msg-0001 until 2026-11-21T12:00:00Z\n" });
		expect(sent()).toEqual({ severity: "info", title: "Hello", body: "There", ends_at: "2026-11-21T12:00:00Z" });
	});

	it("sends only those parts of an audience that are given", async () => {
		await create("--countries", "DE,AT", "--engine-min", "11.1.0", "--labels", "site=x");
		expect(sent()).toMatchObject({
			audience: { countries: ["DE", "AT"], engine: { min: "11.1.0" }, labels: { site: "x" } },
		});
	});

	it("takes the same in other languages, with whatever is in the text", async () => {
		await create("--locale", "de=Hallo|Dort = hier | da", "--locale", "pt-BR=Olá|Lá");
		expect(sent()).toMatchObject({
			locales: { de: { title: "Hallo", body: "Dort = hier | da" }, "pt-BR": { title: "Olá", body: "Lá" } },
		});
	});

	it.each([
		["--countries", "DE,Germany", '--countries "Germany": a country is two capital letters'],
		["--accounts", "nosuch", '--accounts "nosuch": an account looks like acct-'],
		["--models", "P A", '--models "P A": a model is'],
	])("an audience is one that can be: %s %s", async (option, value, said) => {
		expect(await create(option, value)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(said) });
		expect(operator.asked()).toEqual([]);
	});

	it.each([["Hallo|Dort"], ["de=Hallo"], ["=Hallo|Dort"], ["not a language=Hallo|Dort"]])(
		"%j is no translation",
		async (locale) => {
			const run = await create("--locale", locale);
			expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("--locale ") });
			expect(operator.asked()).toEqual([]);
		},
	);
});

describe("a fraction", () => {
	it.each([
		["0.1", 0.1, "10 %"],
		["10%", 0.1, "10 %"],
		["0.5 %", 0.005, "0.5 %"],
	])("%s of all is sent as a number, and said with what shows it to more", async (typed, fraction, said) => {
		expect((await create("--fraction", typed)).stdout).toContain(`, to ${said}: \`parapet message raise msg-0001\``);
		expect(sent()).toMatchObject({ fraction });
	});

	it.each(["0", "1.1", "101%", "-1", "half", "1e-3", ""])("%j is none", async (typed) => {
		const said = expect.stringContaining("a part of all: from above 0 up to 1, or 10%");
		expect(await create(`--fraction=${typed}`)).toMatchObject({ exitCode: 2, stderr: said });
		expect(operator.asked()).toEqual([]);
	});

	it("is raised, and it is said where that changes nothing", async () => {
		operator.reply({ body: { id: "msg-0001", changed: true } }, { body: { id: "msg-0001", changed: false } });
		const raise = () => operator.run("message", "raise", "msg-0001", "--fraction", "50%");
		expect((await raise()).stdout).toBe("message msg-0001 is shown to 50 % of its audience\n");
		expect((await raise()).stdout).toBe("message msg-0001 was shown to 50 % of its audience\n");
		expect(operator.asked().at(-1)).toEqual(["PATCH", "/v1/messages/msg-0001", { fraction: 0.5 }]);
	});

	it("that would shrink is refused with what to do instead", async () => {
		const body = { title: "No", code: "conflict", detail: "it is shown to a fraction of 0.5: a fraction only grows" };
		operator.reply({ status: 409, body });
		const run = await operator.run("message", "raise", "msg-0001", "--fraction", "0.1");
		expect(run).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("a fraction only grows") });
	});
});

it("a message is deleted only once the service says so", async () => {
	operator.reply(refuse(404, "not_found"), { status: 204 });
	expect(await operator.run("message", "delete", "msg-0001")).toMatchObject({ exitCode: 1, stdout: "" });
	expect(await operator.run("message", "delete", "msg-0001")).toMatchObject({
		exitCode: 0,
		stdout: "message msg-0001 is deleted\n",
	});
	expect((await operator.run("message", "delete", "../keys")).exitCode).toBe(2);
});
