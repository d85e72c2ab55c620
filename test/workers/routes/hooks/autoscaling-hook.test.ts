// The hook for EC2 Auto Scaling against a piece of AWS that checks every signature and fails when it is told to.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { autoscalingNews } from "../../../support/autoscaling-events.ts";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet } from "../../../support/fleet.ts";
import { newAddress } from "../../../support/fresh-names.ts";
import { operated } from "../../../support/service.ts";
import { AWS_WORDS, type Fault, type StubAction, type StubAws } from "../../../support/stand-ins/stub-aws.ts";
import { AWS_SECRET, credentialsFor, standInForAws } from "../../support/aws-in-process.ts";
import { expectProblem } from "../../support/expectations.ts";
import { serviceWith } from "../../support/fixtures.ts";

const INSTANCE = "i-1234567890abcdef0";
const TOKEN = "87654321-4321-4321-4321-210987654321";
const onInstance = { labels: { instance_id: INSTANCE } };

let aws: StubAws;
let lines: string[];
beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: Date.now() });
	aws = standInForAws();
	aws.waiting.add(TOKEN);
	lines = [];
	for (const name of ["log", "info", "warn", "error", "debug"] as const) {
		vi.spyOn(console, name).mockImplementation((...args: unknown[]) => {
			lines.push(args.map(String).join(" "));
		});
	}
});
afterEach(() => {
	vi.restoreAllMocks();
	vi.useRealTimers();
});

const eventAt = (kind: "launch" | "terminate", secondsAgo = 0, more: Record<string, string> = {}) =>
	autoscalingNews(kind, { time: new Date(Date.now() - secondsAgo * 1000).toISOString(), ...more });

/** @param credentials more members of the account's; null = it has none */
async function newHook(credentials: Record<string, string> | null = {}, variables: Record<string, string> = {}) {
	const fleet = await createFleet();
	const { account, license } = fleet;
	const scopes = [`lifecycle:${account}`];
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "edge group", scopes });
	const secret = credentials === null ? "" : credentialsFor(aws, account, credentials);
	const service = serviceWith({ AWS_CREDENTIALS: secret, ...variables });
	const query = `account=${account}&license=${license}`;
	const tell = (event: unknown, as = key, at = query) => {
		const body = JSON.stringify(event);
		const headers = {
			...{ authorization: `Bearer ${as}`, "cf-connecting-ip": newAddress() },
			// As EventBridge sends it.
			...{ "content-type": "application/json; charset=utf-8", "content-length": String(body.length) },
		};
		return service(`/v1/hooks/aws/autoscaling?${at}`, { method: "POST", headers, body });
	};
	const told = async (event: unknown) => {
		const answer = await tell(event);
		expect(answer.status).toBe(200);
		return (await answer.json()) as { state: string; completed: boolean; deactivated: string[] };
	};
	const parameter = `/parapet/${account}/${INSTANCE}/auth-code`;
	const written = () => aws.parameters.get(parameter)?.Value ?? "";
	const openCodes = async () =>
		(
			await operated<{ codes: { instance: string; revoked: boolean }[] }>("GET", `/v1/accounts/${account}/codes`)
		).codes.filter(({ instance, revoked }) => instance === INSTANCE && !revoked).length;
	return { ...fleet, key, tell, told, parameter, written, openCodes, service };
}

test("a launching instance finds its code in Parameter Store, and AWS is told to go on", async () => {
	const { told, parameter, written } = await newHook();
	expect(await told(eventAt("launch"))).toMatchObject({ event: "launch", state: "open", completed: true });
	expect(aws.turnedAway).toEqual([]);
	expect(aws.calls.map(({ action, host }) => `${action} ${host}`)).toEqual([
		"PutParameter ssm.eu-central-1.amazonaws.com",
		"CompleteLifecycleAction autoscaling.eu-central-1.amazonaws.com",
	]);
	expect(aws.parameters.get(parameter)).toEqual({ Name: parameter, Type: "SecureString", Value: written() });
	expect(aws.completed).toEqual([TOKEN]);
	await (await Firewall.create()).activate(written(), onInstance);
});

test("a terminating instance gives up its seat, and its code is taken away", async () => {
	const { told, parameter, written } = await newHook();
	await told(eventAt("launch", 60));
	const firewall = await (await Firewall.create()).activate(written(), onInstance);
	aws.waiting.add("the-end");
	const end = eventAt("terminate", 0, { LifecycleActionToken: "the-end" });
	expect(await told(end)).toMatchObject({ event: "terminate", completed: true, deactivated: [firewall.clientId] });
	expect(aws.parameters.has(parameter)).toBe(false);
	expect(aws.completed).toEqual([TOKEN, "the-end"]);
	expect(await told(end)).toMatchObject({ completed: true, deactivated: [] });
});

test("the account's KMS key and session token are used", async () => {
	const { told, parameter } = await newHook({ kmsKeyId: "alias/parapet", sessionToken: "temporary+token=" });
	await told(eventAt("launch"));
	expect(aws.parameters.get(parameter)).toMatchObject({ KeyId: "alias/parapet" });
});

test("the same launch again brings the same code, and none once it was used", async () => {
	const { told, written, openCodes } = await newHook();
	await told(eventAt("launch", 60));
	const first = written();
	aws.parameters.clear();
	expect(await told(eventAt("launch", 60))).toMatchObject({ state: "open", completed: true });
	expect([written(), await openCodes()]).toEqual([first, 1]);
	await (await Firewall.create()).activate(first, onInstance);
	aws.parameters.clear();
	expect(await told(eventAt("launch", 60))).toMatchObject({ state: "used", completed: true });
	expect(aws.parameters.size).toBe(0);
});

test("a launch that comes after the end brings no code", async () => {
	const { told, openCodes } = await newHook();
	await told(eventAt("terminate"));
	expect(await told(eventAt("launch", 60))).toMatchObject({ state: "over", completed: true });
	expect([aws.parameters.size, await openCodes()]).toEqual([0, 0]);
});

test("an end that comes again after the instance left a warm pool leaves it its code and its seat", async () => {
	const { told, written, parameter } = await newHook();
	const toPool = eventAt("terminate", 60, { Destination: "WarmPool", LifecycleActionToken: "to-the-pool" });
	await told(toPool);
	await told(eventAt("launch", 30, { Origin: "WarmPool" }));
	await (await Firewall.create()).activate(written(), onInstance);
	expect(await told(toPool)).toMatchObject({ completed: true, deactivated: [] });
	expect(aws.parameters.has(parameter)).toBe(true);
});

describe("without AWS credentials for the account", () => {
	test("a launch says what to configure and makes no code", async () => {
		const { account, tell, openCodes } = await newHook(null);
		const body = await expectProblem(await tell(eventAt("launch")), "aws_not_configured");
		expect(body["detail"]).toContain(account);
		expect([aws.calls.length, await openCodes()]).toEqual([0, 0]);
	});

	test("an end frees the seat and says that AWS was told nothing", async () => {
		const { told, code } = await newHook(null);
		const firewall = await (await Firewall.create()).activate(code, onInstance);
		expect(await told(eventAt("terminate"))).toMatchObject({ completed: false, deactivated: [firewall.clientId] });
		expect(aws.calls).toEqual([]);
	});

	test("the credentials of another account are not used", async () => {
		const other = await newHook();
		const secret = credentialsFor(aws, other.account);
		const { tell } = await newHook(null, { AWS_CREDENTIALS: secret });
		await expectProblem(await tell(eventAt("launch")), "aws_not_configured");
		expect(aws.calls).toEqual([]);
	});
});

const MANY: readonly [Fault, "unavailable" | "aws_refused", string][] = [
	["down", "unavailable", "unreachable"],
	["slow", "unavailable", "timeout"],
	["lost", "unavailable", "timeout"],
	["broken", "unavailable", "Internal"],
	["throttled", "unavailable", "Throttling"],
	["denied", "aws_refused", "AccessDenied"],
	["redirect", "aws_refused", "http_307"],
	["babble", "aws_refused", "http_400"],
];
const ACTIONS: readonly [StubAction, "launch" | "terminate"][] = [
	["PutParameter", "launch"],
	["CompleteLifecycleAction", "launch"],
	["DeleteParameter", "terminate"],
	["CompleteLifecycleAction", "terminate"],
];

describe.each(ACTIONS)("%s at a %s", (action, kind) => {
	test.each(MANY)("%s: answered with %s, logged as %s, and sent again it is done", async (fault, problem, reason) => {
		const { tell, told, key, written, openCodes } = await newHook();
		const event = eventAt(kind);
		aws.faults[action] = [fault];
		lines = [];
		const answer = await tell(event);
		const body = await expectProblem(answer, problem);
		// EventBridge sends again after 503, and gives up at once after 424.
		expect(answer.status).toBe(problem === "unavailable" ? 503 : 424);
		expect(answer.headers.get("retry-after")).toBe(problem === "unavailable" ? "20" : null);
		if (problem === "aws_refused") expect(body["aws_action"]).toContain(action);
		const [line = ""] = lines;
		expect(line).toMatch(new RegExp(`"reason":"\\w+:${action} ${reason}`));
		expect(await told(event)).toMatchObject({ completed: true });
		expect(aws.completed).toEqual([TOKEN]);
		expect(await openCodes()).toBe(kind === "launch" ? 1 : 0);
		const texts = lines.join("\n") + JSON.stringify(body);
		for (const secret of [
			AWS_SECRET,
			AWS_WORDS,
			"words-of-aws",
			key,
			"AKIA",
			...(written() === "" ? [] : [written()]),
		]) {
			expect(texts).not.toContain(secret);
		}
	});
});

test("a hook that AWS does not know is refused for good; an action that nobody waits for any more is done", async () => {
	const { tell, told } = await newHook();
	const wrong = await tell(eventAt("launch", 0, { LifecycleHookName: "no-such-hook" }));
	expect(await expectProblem(wrong, "aws_refused")).toMatchObject({
		aws_action: "autoscaling:CompleteLifecycleAction",
		aws_error: "ValidationError",
	});
	expect(await told(eventAt("launch", 0, { LifecycleActionToken: "long-over" }))).toMatchObject({ completed: true });
});

test("a wrong secret is AWS' refusal, told without AWS' words", async () => {
	const { account, tell } = await newHook();
	aws.keys.set(`AKIA${account.slice(5).toUpperCase()}`, "another-secret-of-the-account");
	const body = await expectProblem(await tell(eventAt("launch")), "aws_refused");
	expect(body["aws_error"]).toBe("IncompleteSignatureException");
	expect(JSON.stringify(body)).not.toContain(AWS_WORDS);
	expect(aws.turnedAway).toEqual(["the signature is wrong"]);
});

test("a parameter that cannot be deleted keeps no instance from ending", async () => {
	const { tell } = await newHook();
	aws.faults.DeleteParameter = ["denied"];
	await expectProblem(await tell(eventAt("terminate")), "aws_refused");
	expect(aws.completed).toEqual([TOKEN]);
});

test("an event that is none of the two is refused before anything is done", async () => {
	const { tell } = await newHook();
	const odd = { ...eventAt("launch"), "detail-type": "EC2 Instance Launch Successful" };
	const body = await expectProblem(await tell(odd), "invalid_request");
	expect(body["errors"]).toEqual([expect.objectContaining({ field: "detail-type" })]);
	await expectProblem(await tell([]), "invalid_request");
	expect(aws.calls).toEqual([]);
});

test("a key of another account is refused, and AWS hears of nothing", async () => {
	const mine = await newHook();
	const other = await newHook();
	await expectProblem(await other.tell(eventAt("terminate"), mine.key), "insufficient_scope");
	await expectProblem(await other.tell(eventAt("launch"), mine.key), "insufficient_scope");
	expect(aws.calls).toEqual([]);
});
