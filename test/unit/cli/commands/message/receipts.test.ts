// `parapet message receipts`: who has a message, over all pages.
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

const receipt = (device: string, state: string, by: string | null = null) => ({
	...{ account: "acct-1", device, serial: device.toUpperCase(), state },
	...{ fetched_at: null, acknowledged_at: null, acknowledged_by: by },
});
const page = (next: string | null, counts: readonly [number, number, number], ...receipts: object[]) => ({
	body: {
		...{ message: "msg-0001", receipts, next },
		counts: { acknowledged: counts[0], fetched: counts[1], not_seen: counts[2] },
	},
});

it("reads all pages, and says how many have not seen it", async () => {
	operator.reply(
		page("acct-1.", [1, 80, 300], receipt("dev-a", "not_seen")),
		page(null, [2, 8, 12], receipt("dev-b", "not_seen")),
	);
	const run = await operator.run("message", "receipts", "msg-0001", "--not-seen");
	expect(run).toMatchObject({
		exitCode: 0,
		stderr: expect.stringContaining("312 have not seen it, 88 have fetched it, 3"),
	});
	expect(run.stdout).toMatch(/dev-a .*not_seen[\s\S]*dev-b .*not_seen/);
	expect(operator.asked().map(([, path]) => path)).toEqual([
		"/v1/messages/msg-0001/receipts?state=not_seen",
		"/v1/messages/msg-0001/receipts?state=not_seen&after=acct-1.",
	]);
});

it("writes CSV in which nothing is a formula", async () => {
	operator.reply(page(null, [1, 0, 0], receipt("dev-a", "acknowledged", "=1+1")));
	const run = await operator.run("message", "receipts", "msg-0001", "--account", "acct-0123456789abcdef", "--csv");
	expect(run.stdout).toBe(
		"account,device,serial,state,fetched_at,acknowledged_at,acknowledged_by\nacct-1,dev-a,DEV-A,acknowledged,,,'=1+1\n",
	);
	expect(operator.asked()[0]?.[1]).toBe("/v1/accounts/acct-0123456789abcdef/messages/msg-0001/receipts");
});

it.each([[["--csv", "--json"]], [["--not-seen", "--state", "fetched"]], [["--state", "seen"]]])(
	"asks nothing with %j",
	async (options) => {
		expect(await operator.run("message", "receipts", "msg-0001", ...options)).toMatchObject({ exitCode: 2 });
		expect(operator.asked()).toEqual([]);
	},
);
