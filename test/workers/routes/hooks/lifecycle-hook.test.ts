// The hook for any cloud, and who may tell it what.
import { describe, expect, test } from "vitest";
import { Firewall } from "../../../support/firewall.ts";
import { createFleet } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectOAuthError, expectProblem } from "../../support/expectations.ts";
import { serviceWith } from "../../support/fixtures.ts";
import { DAY, useFrozenClock } from "../../support/frozen-clock.ts";

const { moveTo, timeAfter } = useFrozenClock();
const MINUTE = 60_000;
const VM = "vm-1";

interface Launched {
	readonly state: string;
	readonly code: string;
	readonly code_id: string;
	readonly expires_at: string;
}

const hookKey = async (account: string) =>
	(await operated<{ key: string }>("POST", "/v1/keys", { subject: "edge group", scopes: [`lifecycle:${account}`] }))
		.key;

async function newHook() {
	const fleet = await createFleet({ seats: 1, license: { ends_at: timeAfter(365 * DAY) } });
	const { account, license } = fleet;
	const key = await hookKey(account);
	const query = `account=${account}&license=${license}`;
	const tell = (body: unknown, as = key, at = query) => operate("POST", `/v1/hooks/lifecycle?${at}`, body, as);
	const told = async <T = Launched>(body: unknown): Promise<T> => {
		const answer = await tell(body);
		expect(answer.status).toBe(200);
		return answer.json();
	};
	return { ...fleet, key, query, tell, told };
}
const launch = { event: "launch", instance: VM, token: "one" };
const terminate = { event: "terminate", instance: VM };
const onVm = { labels: { instance_id: VM } };

test("a launch answers with a code that opens one activation on that instance, for an hour", async () => {
	const { account, license, told } = await newHook();
	const launched = await told(launch);
	expect(launched).toMatchObject({ event: "launch", instance: VM, state: "open", expires_at: timeAfter(60 * MINUTE) });
	expect(await told(launch)).toEqual(launched);
	const { codes } = await operated<{ codes: object[] }>("GET", `/v1/accounts/${account}/codes`);
	expect(codes).toContainEqual(expect.objectContaining({ id: launched.code_id, license, instance: VM, uses: 1 }));
	const other = await (await Firewall.create()).register(launched.code, { labels: { instance_id: "vm-2" } });
	await expectOAuthError(other, 403, "access_denied");
	await (await Firewall.create()).activate(launched.code, onVm);
	expect(await told(launch)).toMatchObject({ state: "used", code: null, code_id: null, expires_at: null });
});

test("launches, instances, licenses and accounts each have codes of their own", async () => {
	const one = await newHook();
	const two = await newHook();
	const { license } = await operated<{ license: string }>("POST", `/v1/accounts/${one.account}/licenses`, {
		...{ products: ["crs"], seats: 1, ends_at: timeAfter(DAY) },
	});
	const made = [
		await one.told(launch),
		await one.told({ ...launch, token: "two" }),
		await one.told({ ...launch, instance: "vm-2" }),
		await two.told(launch),
		(await (await one.tell(launch, one.key, `account=${one.account}&license=${license}`)).json()) as Launched,
	];
	expect(new Set(made.map(({ code }) => code.slice(12))).size).toBe(made.length);
});

test("an end frees the seat at once, and the code that nobody used opens nothing", async () => {
	const { told } = await newHook();
	const firewall = await (await Firewall.create()).activate((await told(launch)).code, onVm);
	await firewall.authenticate();
	const next = { ...launch, instance: "vm-2" };
	const waiting = await told(next);
	const second = await Firewall.create();
	const onSecond = { labels: { instance_id: "vm-2" } };
	await expectOAuthError(await second.register(waiting.code, onSecond), 403, "access_denied");
	expect(await told(terminate)).toEqual({
		...{ event: "terminate", instance: VM, deactivated: [firewall.clientId] },
		revoked_codes: [expect.stringMatching(/^code-/)],
	});
	await second.activate(waiting.code, onSecond);
	await expectProblem(await firewall.call("GET", "/v1/check"), "device_refused");
	await expectOAuthError(await firewall.register(waiting.code, onVm), 403, "access_denied");
	moveTo(MINUTE);
	expect(await told(terminate)).toMatchObject({ deactivated: [], revoked_codes: [] });
});

test("what happened is told with its time, and the newest counts", async () => {
	const { told } = await newHook();
	await told({ ...terminate, at: timeAfter(0) });
	expect(await told({ ...launch, at: timeAfter(-MINUTE) })).toMatchObject({ state: "over", code: null });
	expect(await told({ ...launch, at: timeAfter(MINUTE) })).toMatchObject({ state: "over", code: null });
	moveTo(2 * MINUTE);
	expect(await told({ ...launch, at: timeAfter(MINUTE) })).toMatchObject({ state: "open" });
});

test("an operator's code can be bound to an instance as well", async () => {
	const { account, license, told } = await newHook();
	const made = await operated<Launched>("POST", `/v1/accounts/${account}/codes`, { license, instance: VM, uses: 5 });
	await expectOAuthError(await (await Firewall.create()).register(made.code), 403, "access_denied");
	await (await Firewall.create()).activate(made.code, { serial: VM });
	expect(await told(terminate)).toMatchObject({ deactivated: [expect.stringMatching(/^dev-/)] });
	await expectOAuthError(await (await Firewall.create()).register(made.code, onVm), 401, "invalid_token");
});

describe("who may tell", () => {
	test("a key of the account and an operator, and nobody for another account", async () => {
		const mine = await newHook();
		const other = await newHook();
		const answer = await other.tell(launch, mine.key);
		expect((await expectProblem(answer, "insufficient_scope"))["required_scope"]).toBe("lifecycle:<account>");
		await expectProblem(await other.tell(terminate, mine.key), "insufficient_scope");
		// A license is looked for in the account of the key alone.
		const crossed = await mine.tell(launch, mine.key, `account=${mine.account}&license=${other.license}`);
		await expectProblem(crossed, "not_found");
		expect((await operate("POST", `/v1/hooks/lifecycle?${other.query}`, launch)).status).toBe(200);
	});

	test("the key opens nothing else", async () => {
		const { account, key } = await newHook();
		for (const path of ["/v1/keys", `/v1/accounts/${account}/codes`, `/v1/accounts/${account}/devices`]) {
			await expectProblem(await operate("GET", path, undefined, key), "insufficient_scope");
		}
		await expectProblem(await operate("POST", "/v1/products", { product: "x" }, key), "insufficient_scope");
	});

	test("a key is made for an account's id as it was given out, not for one that is mistyped", async () => {
		const { account } = await newHook();
		const mistyped = account.slice(0, -1) + (account.endsWith("0") ? "1" : "0");
		for (const named of [mistyped, "acct-1", "*", ""]) {
			const wanted = { subject: "hook", scopes: [`lifecycle:${named}`] };
			await expectProblem(await operate("POST", "/v1/keys", wanted), "invalid_request");
		}
	});

	test("without an account, or with one that is none, nobody", async () => {
		const { key, tell, license } = await newHook();
		for (const query of [`license=${license}`, "account=acct-1", "account=", ""]) {
			await expectProblem(await tell(launch, key, query), "insufficient_scope");
		}
		await expectProblem(await operate("POST", `/v1/hooks/lifecycle?license=${license}`, launch), "invalid_request");
		const stranger = `account=acct-${"0".repeat(16)}&license=${license}`;
		await expectProblem(await operate("POST", `/v1/hooks/lifecycle?${stranger}`, launch), "invalid_identifier");
	});
});

describe("is refused", () => {
	test.each<[string, Record<string, unknown>]>([
		["no event", { instance: VM }],
		["another event", { ...launch, event: "reboot" }],
		["no instance", { event: "terminate" }],
		["an instance that is none", { ...launch, instance: "vm 1" }],
		["a launch without a token", { event: "launch", instance: VM }],
		["a token with a line feed", { ...launch, token: "a\nb" }],
		["a member that it does not know", { ...launch, licence: "lic-1" }],
		["a time that is none", { ...launch, at: "soon" }],
	])("%s", async (_, body) => {
		const { tell } = await newHook();
		await expectProblem(await tell(body), "invalid_request");
	});

	test("a launch without a license, and one that is none", async () => {
		const { account, key, tell } = await newHook();
		const body = await expectProblem(await tell(launch, key, `account=${account}`), "invalid_request");
		expect(body["errors"]).toEqual([{ field: "license", message: expect.stringContaining("license=lic-") }]);
		await expectProblem(await tell(launch, key, `account=${account}&license=lic-1`), "invalid_request");
		await expectProblem(await tell(launch, key, `account=${account}&license=lic-00000000`), "not_found");
		expect((await tell(terminate, key, `account=${account}`)).status).toBe(200);
	});
});

test("a launch brings the same code while the key that made it is in the ring", async () => {
	const { key, query, told } = await newHook();
	const { code } = await told(launch);
	const { MAC_KEYS: old } = TEST_SECRETS;
	const fresh = `local2:${"A".repeat(43)}`;
	const codeUnder = async (keys: string, body = launch) => {
		const text = JSON.stringify(body);
		const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
		const answer = await serviceWith({ MAC_KEYS: keys })(`/v1/hooks/lifecycle?${query}`, {
			...{ method: "POST", headers: { ...headers, "content-length": String(text.length) }, body: text },
		});
		return ((await answer.json()) as Launched).code;
	};
	expect(await codeUnder(`${fresh},${old}`)).toBe(code);
	const next = { ...launch, token: "two" };
	const made = await codeUnder(`${fresh},${old}`, next);
	expect(await codeUnder(fresh, next)).toBe(made);
});

test.each(["launch", "terminate"] as const)(
	"a %s that is dated ahead of time is refused, and shuts nothing out",
	async (kind) => {
		const { tell, told } = await newHook();
		const event = kind === "launch" ? launch : terminate;
		const problem = await expectProblem(await tell({ ...event, at: timeAfter(DAY) }), "invalid_request");
		expect(problem["detail"]).toContain("86400 s ahead");
		expect(await tell({ ...event, at: timeAfter(301_000) })).toHaveProperty("status", 422);
		expect((await told(launch)).state).toBe("open");
		expect(await tell({ ...event, at: timeAfter(300_000) })).toHaveProperty("status", 200);
	},
);
