// How the command line reads a trail: every page, each event once, also while it follows. And which of its options it
// refuses.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readTrail } from "../../../../cli/commands/events.ts";
import type { OperatorApi } from "../../../../cli/http/operator-api.ts";
import { runCli } from "../support/run-cli.ts";
import { type ScriptedOperator, startScriptedOperator } from "../support/scripted-operator.ts";
import { refuse } from "../support/scripted-server.ts";

/** A trail that answers two events a page and notes what it is asked. */
function trailOf(count: number): { api: Pick<OperatorApi, "call">; asked: string[]; grow: (by: number) => void } {
	const asked: string[] = [];
	let last = count;
	const api: Pick<OperatorApi, "call"> = {
		call: async (_method, path, _what, schema) => {
			asked.push(path);
			const after = Number(/after=evt-a-(\d+)/.exec(path)?.[1] ?? 0);
			const places = Array.from({ length: last }, (_, index) => index + 1).filter((one) => one > after);
			const events = places.slice(0, 2).map((one) => {
				return { id: `evt-a-${one}`, at: "", type: "device.new", actor: "", subject: "", detail: "" };
			});
			return schema.parse({ events, next: events.at(-1)?.id ?? `evt-a-${after}`, more: places.length > 2 });
		},
	};
	return {
		api,
		asked,
		grow: (by) => {
			last += by;
		},
	};
}

async function ids(trail: AsyncGenerator<{ id: string }>): Promise<string[]> {
	const found: string[] = [];
	for await (const { id } of trail) found.push(id);
	return found;
}

describe("reading a trail", () => {
	it("goes through every page, from where it is told, with the type it is told", async () => {
		const { api, asked } = trailOf(6);
		const query = { path: "/v1/events", after: "evt-a-1", type: "device" };
		expect(await ids(readTrail(api, query, async () => false))).toEqual([2, 3, 4, 5, 6].map((one) => `evt-a-${one}`));
		expect(asked).toEqual([1, 3, 5].map((one) => `/v1/events?limit=500&after=evt-a-${one}&type=device`));
	});

	it("that is followed shows what is new, each once, and nothing again after a wait without news", async () => {
		const { api, grow } = trailOf(1);
		let waits = 0;
		const wait = async () => {
			waits += 1;
			if (waits === 2) grow(3);
			return waits < 5;
		};
		expect(await ids(readTrail(api, { path: "/v1/events" }, wait))).toEqual([1, 2, 3, 4].map((one) => `evt-a-${one}`));
		expect(waits).toBe(5);
	});
});

describe("the command line says what is wrong with", () => {
	const ACCOUNT = "acct-0123456789abcdef";
	it.each([
		[["account", "events", "nobody"], "account"],
		[["account", "events", ACCOUNT, "--type", "Device"], "--type"],
		[["account", "events", ACCOUNT, "--after", "7"], "--after"],
		[["product", "events", "CRS"], "product"],
		[["webhook", "create", ACCOUNT, "hooks.example.com"], "url"],
		[["webhook", "create", ACCOUNT, "https://hooks.example.com/", "--types", "*"], "--types"],
		[["webhook", "test", ACCOUNT, "acct-1"], "webhook"],
	])("%j", async (args, named) => {
		const { exitCode, stderr } = await runCli([...args, "--key", "k"]);
		expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`error: ${named}`)]);
	});
});

describe("parapet events", () => {
	let operator: ScriptedOperator;
	beforeEach(async () => {
		operator = await startScriptedOperator();
	});
	afterEach(() => operator.close());
	const event = { at: "then", type: "key.create", actor: "op", subject: "ci", detail: "" };
	const page = (...ids: string[]) => ({
		body: { events: ids.map((id) => ({ ...event, id })), next: ids.at(-1) ?? "evt-0", more: false },
	});

	it("shows one line for each, and with --json one object for each", async () => {
		operator.reply(page("evt-1", "evt-2"));
		const lines = ["then  evt-1  key.create          ci  by op", "then  evt-2  key.create          ci  by op", ""];
		expect(await operator.run("events")).toEqual({ exitCode: 0, stdout: lines.join("\n"), stderr: "" });
		const { stdout } = await operator.run("events", "--json");
		expect(
			stdout
				.trim()
				.split("\n")
				.map((line) => JSON.parse(line).id),
		).toEqual(["evt-1", "evt-2"]);
	});

	it("says on stderr that there are none: stdout is the list", async () => {
		operator.reply(page());
		expect(await operator.run("events")).toEqual({ exitCode: 0, stdout: "", stderr: "no events\n" });
		expect(await operator.run("events", "--json")).toEqual({ exitCode: 0, stdout: "", stderr: "" });
	});

	it("--follow asks again every two seconds, until the service refuses", async () => {
		operator.reply(page("evt-1"), page(), page("evt-2"), refuse(401, "invalid_token"));
		const run = await operator.run("events", "--follow");
		expect(run.exitCode).toBe(1);
		expect(run.stdout.match(/evt-\d/g)).toEqual(["evt-1", "evt-2"]);
		expect(operator.pauses).toEqual([2_000, 2_000, 2_000]);
		expect(operator.asked().map(([, path]) => /after=(.*)/.exec(path)?.[1])).toEqual([
			undefined,
			"evt-1",
			"evt-0",
			"evt-2",
		]);
	});
});
