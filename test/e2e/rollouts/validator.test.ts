// A validator as its owner runs it: the real service and command line, and a plain HTTP server that verifies what comes with node:crypto,
// fetches the package and says what it thinks of it.
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { runCli } from "../../unit/cli/support/run-cli.ts";
import { operate } from "../support/fleet.ts";
import { type RunningService, startService } from "../support/service.ts";

let service: RunningService;
let validator: Server;
let folder: string;
let secret = "";
/** what it thinks of a package; null = it takes its time */
let judge: (rules: string) => { result: string; findings?: string[] } | null = () => null;
/** of what it was asked and could verify */
const asked: { version: string; sha256: string }[] = [];

beforeAll(async () => {
	service = await startService();
	folder = await mkdtemp(join(tmpdir(), "parapet-validator-"));
	validator = createServer(async (request, response) => {
		let text = "";
		for await (const chunk of request) text += String(chunk);
		const { "webhook-id": id, "webhook-timestamp": at, "webhook-signature": signature } = request.headers;
		const key = Buffer.from(secret.replace("whsec_", ""), "base64");
		const mac = createHmac("sha256", key).update(`${id}.${at}.${text}`).digest("base64");
		if (signature !== `v1,${mac}`) return void response.writeHead(401).end();
		const { data } = JSON.parse(text) as { data: { version: string; sha256: string; package_url: string } };
		const bytes = Buffer.from(await (await fetch(data.package_url)).arrayBuffer());
		if (createHash("sha256").update(bytes).digest("hex") !== data.sha256) return void response.writeHead(400).end();
		asked.push(data);
		const said = judge(String(bytes));
		response.writeHead(said === null ? 202 : 200).end(said === null ? "" : JSON.stringify(said));
	});
	await once(validator.listen(0, "127.0.0.1"), "listening");
	await operate(service, "POST", "/v1/products", { product: "crs", plan: "immediate" });
});
afterAll(async () => {
	validator?.closeAllConnections();
	validator?.close();
	await service?.close();
	await rm(folder, { recursive: true, force: true });
});

const parapet = (...args: string[]) => runCli([...args, "--url", service.url, "--key", service.bootstrapKey]);
async function publish(version: string, rules: string) {
	const file = join(folder, `crs-${version}.rules`);
	await writeFile(file, rules);
	return parapet("publish", file, "--no-deltas", "--json");
}
const shows = (version: string, line: string) =>
	vi.waitFor(async () => expect((await parapet("release", "show", "crs", version)).stdout).toContain(line), 20_000);

it("is set by the command line, which shows its secret", async () => {
	const target = `http://127.0.0.1:${(validator.address() as AddressInfo).port}/`;
	const set = await parapet("product", "validator", "set", "crs", "--target", target, "--minutes", "5");
	expect(set).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^whsec_/) });
	secret = set.stdout.trim();
	expect((await parapet("product", "validator", "show", "crs")).stdout).toContain("which has 5 minutes to answer");
});

it("refuses a release with findings, and passes the next", async () => {
	judge = (rules) =>
		rules.includes("broken") ? { result: "failed", findings: ["rule 1 does not load"] } : { result: "passed" };
	expect(await publish("1.0.0", "a broken rule")).toMatchObject({ exitCode: 0 });
	await shows("1.0.0", "the validator has failed it");
	await shows("1.0.0", "  - rule 1 does not load");
	await shows("1.0.0", "is refused by the product's validator");
	const override = await parapet("release", "override-validation", "crs", "1.0.0", "--reason", "x");
	expect(override).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("has failed the release") });
	expect(await publish("1.0.1", "a sound rule")).toMatchObject({ exitCode: 0 });
	await shows("1.0.1", "crs 1.0.1: current");
	expect(asked.map(({ version }) => version)).toEqual(["1.0.0", "1.0.1"]);
});

it("may take its time, and answer by the command line", async () => {
	judge = () => null;
	expect(await publish("1.0.2", "another rule")).toMatchObject({ exitCode: 0 });
	await vi.waitFor(() => expect(asked).toHaveLength(3), 20_000);
	await shows("1.0.2", "waits for the product's validator, until");
	const early = await parapet("release", "override-validation", "crs", "1.0.2", "--reason", "it is slow");
	expect(early).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("to answer") });
	const { sha256 = "" } = asked[2] ?? {};
	const say = (...args: string[]) => parapet("release", "validate", "crs", "1.0.2", "--sha256", sha256, ...args);
	expect(await say()).toMatchObject({ exitCode: 2 });
	expect((await say("--failed", "--finding", "slow", "--finding", "large")).stdout).toContain("  - large");
	expect((await say("--passed")).stdout).toContain("crs 1.0.2: the validator has passed it");
	await shows("1.0.2", "crs 1.0.2: current");
});

it("is asked nothing once it is removed", async () => {
	const removed = await parapet("product", "validator", "remove", "crs", "--yes");
	expect(removed).toMatchObject({ exitCode: 0, stdout: "crs has no validator\n" });
	expect((await parapet("product", "validator", "show", "crs")).stdout).toBe("crs has no validator\n");
	await publish("1.0.3", "one more rule");
	await shows("1.0.3", "crs 1.0.3: current");
	expect(asked).toHaveLength(3);
});
