// `parapet release …` and `parapet product …`: what has been published, and taking it back.
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";
import { refuse } from "../../support/scripted-server.ts";

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
		// Whether firewalls that verify may go back.
		["GET", "/v1/products/crs/role"],
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
	const release = {
		version: "4.27.0",
		sequence: 1,
		channel: "stable",
		status: "current",
		urgency: "routine",
		released_at: "then",
	};
	operator.reply({ body: { releases: [{ ...release, size: 4_096 }, release] } }, { body: { releases: [] } });
	expect((await operator.run("release", "list", "crs")).stdout.split("\n").slice(1)).toEqual([
		"4.27.0   1         stable   released, current  routine  4.1 kB  then",
		"4.27.0   1         stable   released, current  routine  -       then",
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

const ON_STABLE = {
	...{
		product: "crs",
		version: "4.27.0",
		channel: "stable",
		plan: "rapid",
		phase: "waiting",
		step: "volunteers",
		since: "then",
	},
	...{ reason: null, publisher: "ci", fraction: 0, permits_left: 0, verdict: "pass", suspicion: "pass" },
	...{ notices: null, healthy_to_pass: 5, failures_to_abort: 2, waits_for: [], evidence: "hash", steps: [] },
};

it("promotes a release by a plan and from a time on, and shows its rollout", async () => {
	operator.reply({ body: { changed: true, rollout: ON_STABLE } });
	const at = "2099-01-01T00:00:00Z";
	const run = await operator.run(
		"release",
		"promote",
		"crs",
		"4.27.0",
		"--to",
		"stable",
		"--plan",
		"rapid",
		"--at",
		at,
	);
	expect(run).toMatchObject({ exitCode: 0, stderr: "" });
	expect(run.stdout).toContain("crs 4.27.0 by plan rapid: waiting volunteers since then");
	expect(operator.asked()).toEqual([
		["POST", "/v1/products/crs/releases/4.27.0/promote", { channel: "stable", plan: "rapid", starts_at: at }],
	]);
});

it("says of a release that was on stable before that nothing changed", async () => {
	operator.reply({ body: { changed: false, rollout: null } });
	const run = await operator.run("release", "promote", "crs", "4.27.0", "--to", "stable");
	expect(run).toMatchObject({ exitCode: 0, stdout: "crs 4.27.0 was on stable before: nothing changed\n" });
});

it.each([[[]], [["--to", "beta"]]])("promotes to stable alone (%j)", async (options) => {
	expect((await operator.run("release", "promote", "crs", "4.27.0", ...options)).exitCode).toBe(2);
	expect(operator.asked()).toEqual([]);
});

it("discards a version that was never released", async () => {
	operator.reply({ status: 204 });
	const run = await operator.run("release", "discard", "crs", "4.27.0", "--yes");
	expect(run).toMatchObject({ exitCode: 0, stdout: "crs 4.27.0 is discarded\n" });
	expect(operator.asked()).toEqual([["DELETE", "/v1/products/crs/releases/4.27.0"]]);
});

it("tells a plan for beta apart from that of stable, and takes it back with the word same", async () => {
	const plan = { name: "standard", steps: [{ name: "volunteers" }] };
	const product = { product: "crs", title: "Rules", version_order: "vendor", plan, team: null };
	operator.reply({ body: { ...product, beta_plan: { name: "rapid" } } }, { body: { ...product, beta_plan: null } });
	const made = await operator.run("product", "change", "crs", "--beta-plan", "rapid");
	expect(made.stdout).toContain("those on beta go by plan rapid");
	await operator.run("product", "change", "crs", "--beta-plan", "same");
	expect(operator.asked().map(([, , body]) => body)).toEqual([{ beta_plan: "rapid" }, { beta_plan: null }]);
});
