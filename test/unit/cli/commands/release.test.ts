// `parapet release …` and `parapet product …`: what has been published, and taking it back.
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";
import { refuse } from "../support/scripted-server.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

it("withdraws one release, and sends the reason that is kept with it", async () => {
	const run = await operator.run("release", "withdraw", "crs", "4.27.0+b1", "--reason", "false positives");
	expect(run).toMatchObject({ exitCode: 0, stdout: "crs 4.27.0+b1 is withdrawn\n" });
	expect(operator.asked()).toEqual([
		["POST", "/v1/products/crs/releases/4.27.0%2Bb1/withdraw", { reason: "false positives" }],
	]);
});

it("says of a release that was withdrawn before that it was", async () => {
	operator.reply({ body: { changed: false } });
	const run = await operator.run("release", "withdraw", "crs", "4.27.0", "--reason", "again");
	expect(run).toMatchObject({ exitCode: 0, stdout: "crs 4.27.0 was withdrawn before\n" });
});

it.each([[[]], [["--reason", ""]]])("withdraws nothing without a reason (%j)", async (options) => {
	expect((await operator.run("release", "withdraw", "crs", "4.27.0", ...options)).exitCode).toBe(2);
	expect(operator.asked()).toEqual([]);
});

it("does not say withdrawn of what the service would not withdraw", async () => {
	operator.reply(refuse(409, "already_withdrawn"));
	expect(await operator.run("release", "withdraw", "crs", "4.27.0", "--reason", "x")).toMatchObject({
		exitCode: 1,
		stdout: "",
		stderr: "error: could not withdraw crs 4.27.0: refused: already_withdrawn\n  request: req-1\n",
	});
});

it("lists releases, and a product without any as none", async () => {
	const release = { version: "4.27.0", sequence: 1, status: "current", urgency: "routine", released_at: "then" };
	operator.reply({ body: { releases: [{ ...release, size: 4_096 }, release] } }, { body: { releases: [] } });
	expect((await operator.run("release", "list", "crs")).stdout.split("\n").slice(1)).toEqual([
		"4.27.0   1         current  routine  4.1 kB  then",
		"4.27.0   1         current  routine  -       then",
		"",
	]);
	expect((await operator.run("release", "list", "crs")).stdout).toBe("(none)\n");
});

it("lists products with how their versions are ordered, and says so where one without an order is made", async () => {
	const product = { product: "crs", title: "Rules", version_order: "vendor" };
	const hashes = { ...product, product: "iocs", version_order: "none" };
	operator.reply({ body: { products: [product, hashes] } }, { body: hashes }, { body: product });
	expect((await operator.run("product", "list")).stdout.split("\n").slice(1, 3)).toEqual([
		"crs      Rules  vendor",
		"iocs     Rules  none",
	]);
	const made = await operator.run("product", "create", "iocs", "--unordered");
	expect(made.stdout).toBe("product iocs: its versions have no order, what is released last is newest\n");
	expect((await operator.run("product", "create", "crs")).stdout).toBe("product crs\n");
});
