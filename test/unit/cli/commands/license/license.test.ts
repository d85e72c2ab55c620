// `parapet license …`: what is sent of the terms, and what is said of a license that changed.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";
import { refuse } from "../../support/scripted-server.ts";

const ACCOUNT = "acct-0123456789abcdef";
const LICENSE = "lic-01234567";
const PATH = `/v1/accounts/${ACCOUNT}/licenses`;
const TOLD = { license: LICENSE, status: "active", seats: 5, seats_taken: 2, ends_at: "2027-01-01T00:00:00Z" };

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
	operator.reply({ body: TOLD });
});
afterEach(() => operator.close());

describe("parapet license", () => {
	it("change sends what is named, and nothing else", async () => {
		const options = ["--seats", "0", "--product-ends", "crs=30d", "--products", "crs,threats"];
		expect(await operator.run("license", "change", ACCOUNT, LICENSE, ...options)).toMatchObject({ exitCode: 0 });
		const product_validity = { crs: { ends_at: "2026-12-20T12:00:00Z" } };
		const body = { seats: 0, products: ["crs", "threats"], product_validity };
		expect(operator.asked()).toEqual([["PATCH", `${PATH}/${LICENSE}`, body]]);
	});

	it("says when not every store has a change yet", async () => {
		operator.reply({ body: { ...TOLD, published: true } }, { body: { ...TOLD, published: false } });
		const said = `license ${LICENSE} is active: 2 of 5 seats taken, until 2027-01-01T00:00:00Z`;
		const change = () => operator.run("license", "change", ACCOUNT, LICENSE, "--seats", "5");
		expect((await change()).stdout).toBe(`${said}\n`);
		expect((await change()).stdout).toBe(`${said}; not every store has it yet\n`);
	});

	it.each(["suspend", "reinstate", "revoke"])(
		"%s sends the reason, and says which license could not be",
		async (verb) => {
			operator.reply({ body: TOLD }, refuse(409, "license_revoked"));
			await operator.run("license", verb, ACCOUNT, LICENSE, "--reason", "unpaid");
			expect(operator.asked()).toEqual([["POST", `${PATH}/${LICENSE}/${verb}`, { reason: "unpaid" }]]);
			const refused = await operator.run("license", verb, ACCOUNT, LICENSE);
			expect(refused).toMatchObject({ exitCode: 1, stdout: "" });
			expect(refused.stderr).toContain(`could not ${verb} ${LICENSE}: refused: license_revoked`);
		},
	);

	it("create asks for each product once, and for no license whose end is past", async () => {
		const create = (...terms: string[]) => operator.run("license", "create", ACCOUNT, "--seats", "2", ...terms);
		const made = await create("--products", "crs,crs,geo,crs", "--ends", "2027-01-01");
		expect(made.stdout).toBe(`license ${LICENSE}: 2 seats of crs, geo until 2027-01-01T00:00:00Z\n`);
		expect(operator.asked()[0]?.[2]).toMatchObject({ products: ["crs", "geo"] });
		const past = await create("--products", "crs", "--ends", "2025-01-01");
		expect(past).toMatchObject({
			exitCode: 2,
			stderr: expect.stringContaining("--ends: 2025-01-01T00:00:00Z is past"),
		});
		expect(operator.asked()).toHaveLength(1);
		const over = await create("--products", "crs", "--starts", "2024-01-01", "--ends", "2025-01-01");
		expect(over.exitCode).toBe(0);
	});

	it("list shows the lease of elastic ones", async () => {
		const license = { ...TOLD, products: ["crs"], kind: "fixed" };
		operator.reply({ body: { licenses: [license, { ...license, kind: "elastic", lease_minutes: 90 }] } });
		const { stdout } = await operator.run("license", "list", ACCOUNT);
		expect(stdout).toContain(" 2/5    fixed ");
		expect(stdout).toContain(" 2/5    elastic, 90 min ");
	});
});
