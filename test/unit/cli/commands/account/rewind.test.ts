// `parapet account rewind`: what would be lost is shown before it is.
import { afterEach, beforeEach, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

const ACCOUNT = "acct-0123456789abcdef";
const TO = "2026-09-30T12:00:00Z";
const LOST = {
	events: 3,
	by_type: { "device.new": 1, "device.revoked": 2 },
	devices: ["dev-0123456789-0123456789abcdef"],
	let_in_again: ["dev-0123456789-fedcba9876543210"],
};

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

const reply = (more: Record<string, unknown>) => ({
	status: 200,
	body: { account: ACCOUNT, to: TO, lost: LOST, ...more },
});

it("asks what would be lost, shows it, and sets the account back", async () => {
	operator.reply(reply({ rewound: false }), reply({ rewound: true, published: true }));
	const run = await operator.run("account", "rewind", ACCOUNT, "--to", TO, "--reason", "a script");
	expect(run.exitCode).toBe(0);
	expect(run.stderr).toMatch(
		/3 events; will be lost:\n.*device.new: 1\n.*device.revoked: 2\n.*dev-0123456789-0123456789abcdef\n.*served again: dev-0123456789-fedcba9876543210/,
	);
	expect(run.stdout).toContain(`${ACCOUNT} is what it was at ${TO}.`);
	expect(operator.asked()).toEqual([
		["POST", `/v1/accounts/${ACCOUNT}/rewind`, { to: TO, dry_run: true }],
		["POST", `/v1/accounts/${ACCOUNT}/rewind`, { to: TO, reason: "a script" }],
	]);
});

it("changes nothing in a dry run", async () => {
	operator.reply(reply({ rewound: false }));
	const run = await operator.run("account", "rewind", ACCOUNT, "--to", TO, "--dry-run", "--json");
	expect(run).toMatchObject({ exitCode: 0 });
	expect(JSON.parse(run.stdout)).toMatchObject({ rewound: false, lost: LOST });
	expect(operator.asked()).toHaveLength(1);
});

it("says what the service says where it has no such state", async () => {
	const body = { title: "conflict", status: 409, code: "conflict", detail: "the platform has no such state" };
	operator.reply(reply({ rewound: false }), { status: 409, body });
	const run = await operator.run("account", "rewind", ACCOUNT, "--to", TO);
	expect(run.exitCode).toBe(1);
	expect(run.stderr).toContain(`could not set ${ACCOUNT} back`);
	expect(run.stderr).toContain("the platform has no such state");
});

it("takes no time that is none", async () => {
	const run = await operator.run("account", "rewind", ACCOUNT, "--to", "yesterday-ish");
	expect(run.exitCode).toBe(2);
	expect(operator.asked()).toEqual([]);
});
