// `parapet message …`: whom a message is for, and in which languages.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";
import { refuse } from "../support/scripted-server.ts";

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

it("a message is deleted only once the service says so", async () => {
	operator.reply(refuse(404, "not_found"), { status: 204 });
	expect(await operator.run("message", "delete", "msg-0001")).toMatchObject({ exitCode: 1, stdout: "" });
	expect(await operator.run("message", "delete", "msg-0001")).toMatchObject({
		exitCode: 0,
		stdout: "message msg-0001 is deleted\n",
	});
	expect((await operator.run("message", "delete", "../keys")).exitCode).toBe(2);
});
