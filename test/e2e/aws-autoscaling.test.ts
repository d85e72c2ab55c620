// An auto-scaling group from outside: the real service with its own network and objects, the real command line,
// and a piece of AWS behind HTTP that checks every signature.
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { autoscalingNews } from "../support/autoscaling-events.ts";
import { AWS_WORDS, StubAws } from "../support/stand-ins/stub-aws.ts";
import { runCli } from "../unit/cli/support/run-cli.ts";
import { type RunningService, startService } from "./support/service.ts";

const INSTANCE = "i-1234567890abcdef0";
const OTHER_INSTANCE = "i-1234567890abcdef1";
const ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE";
const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/** AWS' own limit for a hook. */
const EVENTBRIDGE_WAITS_MS = 5_000;
const LINE_WRITTEN_WITHIN_MS = 10_000;

const aws = new StubAws();
const server = createServer(async (request, response) => {
	let body = "";
	for await (const chunk of request) body += String(chunk);
	const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
	const url = `http://${headers["host"]}${request.url ?? "/"}`;
	const answer = aws.answer({ method: request.method ?? "", url, headers, body });
	if (answer === "down") request.destroy();
	else if (answer !== null) response.writeHead(answer.status, answer.headers).end(answer.body);
});

let folder: string;
let service: RunningService;
let env: Record<string, string>;
let account: string;
let license: string;
let key: string;

async function parapet(...args: string[]) {
	const { exitCode, stdout, stderr } = await runCli([...args, "--json"], env);
	if (exitCode !== 0) throw new Error(stderr);
	return JSON.parse(stdout);
}

/** As EventBridge does: the key as a header of the connection, the rest as parameters of the target. */
async function deliver(kind: "launch" | "terminate", token: string, instance = INSTANCE): Promise<Response> {
	const time = new Date().toISOString();
	const event = autoscalingNews(kind, { LifecycleActionToken: token, EC2InstanceId: instance, time });
	return fetch(`${service.url}/v1/hooks/aws/autoscaling?account=${account}&license=${license}`, {
		method: "POST",
		headers: { authorization: `Bearer ${key}`, "content-type": "application/json; charset=utf-8" },
		body: JSON.stringify(event),
	});
}

const activate = (home: string, code: string, instance: string, serial: string) => {
	const args = ["device", "activate", code, "--serial", serial, "--model", "VM-100"];
	return runCli([...args, "--label", `instance_id=${instance}`, "--home", join(folder, home), "--json"], env);
};

beforeAll(async () => {
	await once(server.listen(0, "127.0.0.1"), "listening");
	aws.keys.set(ACCESS_KEY_ID, SECRET);
	folder = await mkdtemp(join(tmpdir(), "parapet-autoscaling-"));
	service = await startService();
	env = { PARAPET_URL: service.url, PARAPET_KEY: service.bootstrapKey };
	account = (await parapet("account", "create", "Example")).account;
	await parapet("product", "create", "crs", "--plan", "immediate");
	({ license } = await parapet("license", "create", account, "--products", "crs", "--seats", "1", "--ends", "30d"));
	({ key } = await parapet("key", "create", "edge group", "--scopes", `lifecycle:${account}`));
	// The account has an id now, so its credentials can be told to the service.
	const credentials = JSON.stringify({ [account]: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET } });
	const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
	await service.putSecrets({ AWS_CREDENTIALS: credentials, AWS_ENDPOINT: endpoint });
});
afterAll(async () => {
	await service?.close();
	server.closeAllConnections();
	server.close();
	await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

it("an instance comes, activates with what it finds, goes, and leaves its seat to the next", async () => {
	aws.waiting.add("one").add("two");
	const launched = await deliver("launch", "one");
	expect([launched.status, await launched.json()]).toEqual([
		200,
		{ event: "launch", instance: INSTANCE, completed: true, state: "open" },
	]);
	const code = aws.parameters.get(`/parapet/${account}/${INSTANCE}/auth-code`)?.Value ?? "";
	const thief = await activate("thief", code, "i-00000000000000000", "SN-thief");
	expect([thief.exitCode === 0, thief.stderr]).toEqual([false, expect.stringContaining("another appliance")]);
	expect((await activate("first", code, INSTANCE, "SN-first")).exitCode).toBe(0);
	const usage = async () => (await parapet("license", "list", account)).licenses[0].seats_taken;
	expect(await usage()).toBe(1);

	const ended = await deliver("terminate", "two");
	expect(await ended.json()).toMatchObject({ completed: true, deactivated: [expect.stringMatching(/^dev-/)] });
	expect([await usage(), aws.parameters.size, aws.completed]).toEqual([0, 0, ["one", "two"]]);
	const next = await parapet("instance", "launch", account, "vm-2", "--license", license);
	expect((await activate("second", next.code, "vm-2", "SN-second")).exitCode).toBe(0);
	const gone = await parapet("instance", "terminate", account, "vm-2");
	expect(gone.deactivated).toHaveLength(1);
	expect([await usage(), aws.turnedAway]).toEqual([0, []]);
});

it("an AWS that never answers is given up in time for EventBridge, which is told to come again", async () => {
	aws.waiting.add("three");
	aws.faults.PutParameter = ["slow"];
	const begun = performance.now();
	const answer = await deliver("launch", "three", OTHER_INSTANCE);
	expect(performance.now() - begun).toBeLessThan(EVENTBRIDGE_WAITS_MS);
	expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "20"]);
	aws.faults.CompleteLifecycleAction = ["lost"];
	expect((await deliver("launch", "three", OTHER_INSTANCE)).status).toBe(503);
	expect((await deliver("launch", "three", OTHER_INSTANCE)).status).toBe(200);
	expect(aws.completed).toContain("three");
});

it("nothing secret is in the service's log", async () => {
	const codes = [...aws.parameters.values()].map(({ Value }) => Value);
	expect(codes).toHaveLength(1);
	aws.faults.CompleteLifecycleAction = ["denied"];
	const refused = await deliver("terminate", "four", OTHER_INSTANCE);
	expect([refused.status, await refused.json()]).toEqual([
		424,
		expect.objectContaining({ code: "aws_refused", aws_error: "AccessDenied" }),
	]);
	// The runtime writes the line in a process of its own, perhaps after the answer.
	const log = await vi.waitFor(() => {
		const text = service.logs().join("\n");
		expect(text).toContain("autoscaling:CompleteLifecycleAction AccessDenied");
		return text;
	}, LINE_WRITTEN_WITHIN_MS);
	for (const secret of [SECRET, ACCESS_KEY_ID, AWS_WORDS, key, ...codes]) expect(log).not.toContain(secret);
});
