// The history for who asks it elsewhere: its files, and devices behind pseudonyms.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { hourFile } from "../../../../../src/history/hour-files.ts";
import { operate, operated, send } from "../../../../support/service.ts";
import { Edge } from "../../../support/edge.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newFirewall, newScene, type Scene } from "../../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../../support/frozen-clock.ts";

const { timeAfter } = useFrozenClock();
const FIRST = hourFile("2026-11-27T22", "a");
const SECOND = hourFile("2026-11-28T23", "b");

describe("files", () => {
	beforeEach(async () => {
		for (const name of [FIRST, SECOND, "events/secret.txt"]) await env.HISTORY.put(name, `bytes of ${name}`);
	});

	test("are listed by name, from an hour on, with where the history goes now", async () => {
		const list = (query: string) =>
			operated<{ sink: string; files: { name: string; size: number }[] }>("GET", `/v1/history/files${query}`);
		expect(await list("")).toEqual({
			sink: "off",
			files: [FIRST, SECOND].map((name) => ({ name, size: `bytes of ${name}`.length })),
			next: null,
		});
		expect((await list("?from=2026-11-28T00")).files.map(({ name }) => name)).toEqual([SECOND]);
		expect((await list(`?after=${encodeURIComponent(FIRST)}`)).files.map(({ name }) => name)).toEqual([SECOND]);
	});

	test("come as they are, and nothing else of the bucket does", async () => {
		const answer = await operate("GET", "/v1/history/files/2026-11-27/22/a.ndjson.gz");
		expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/gzip"]);
		expect(await answer.text()).toBe(`bytes of ${FIRST}`);
		await expectProblem(await operate("GET", "/v1/history/files/2026-11-27/22/c.ndjson.gz"), "not_found");
		await expectProblem(await operate("GET", "/v1/history/files/2026-11-27/22/secret.txt"), "invalid_identifier");
	});

	test("an account's key does not read what is told of all", async () => {
		const { account } = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
			subject: "theirs",
			scopes: [`read:${account}`],
		});
		const answer = await send("/v1/history/files", { headers: { authorization: `Bearer ${key}` } });
		await expectProblem(answer, "insufficient_scope");
	});

	test("a bucket that does not answer is an outage that passes", async () => {
		const list = () => Promise.reject(new Error("R2 is down"));
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "reader", scopes: ["read"] });
		const answer = await new Edge("kv", { HISTORY: { list } }).sendJson("GET", "/v1/history/files", key);
		await expectProblem(answer, "unavailable");
	});
});

describe("a pseudonym", () => {
	let scene: Scene;
	let pseudonym: string;
	beforeEach(async () => {
		scene = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
		await newFirewall(scene.code, false);
		pseudonym = (await operated<{ pseudonym: string }>("GET", `/v1/devices/${scene.firewall.clientId}`)).pseudonym;
	});
	const find = (text: string, query = "") =>
		operated("GET", `/v1/accounts/${scene.account}/pseudonyms/${text}${query}`);

	test("leads to its device, whole or as downloads have it", async () => {
		expect(await find(pseudonym)).toEqual({ device: scene.firewall.clientId, next: null });
		expect(await find(pseudonym.slice(0, 8))).toEqual({ device: scene.firewall.clientId, next: null });
	});

	test("is of one month and of one account", async () => {
		expect(await find(pseudonym, "?month=2020-01")).toEqual({ device: null, next: null });
		const other = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
		expect(await operated("GET", `/v1/accounts/${other.account}/pseudonyms/${pseudonym}`)).toEqual({
			device: null,
			next: null,
		});
	});

	test.each(["short", "with spaces here", "A".repeat(17)])("%j is none", async (text) => {
		const answer = await operate("GET", `/v1/accounts/${scene.account}/pseudonyms/${encodeURIComponent(text)}`);
		await expectProblem(answer, "invalid_identifier");
	});

	test("a page begins after a device of the account, and nowhere else", async () => {
		const other = await newScene({ ends_at: timeAfter(20 * DAY) }, false);
		const answer = await operate(
			"GET",
			`/v1/accounts/${scene.account}/pseudonyms/${pseudonym}?after=${other.firewall.clientId}`,
		);
		await expectProblem(answer, "invalid_request");
	});
});
