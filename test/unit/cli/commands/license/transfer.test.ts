// `parapet license transfer` and `show`: waits for the last device, or says how far it is.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";
import { refuse } from "../../support/scripted-server.ts";

const ACCOUNT = "acct-0123456789abcdef";
const [FROM, TO] = ["lic-01234567", "lic-76543210"];
const PATH = `/v1/accounts/${ACCOUNT}/licenses/${FROM}`;
const ASKED = ["POST", `${PATH}/transfer`, { to: TO }];
const LOOKED = ["GET", PATH];

const transfer = (state: string, moved: number, remaining: number) => ({ from: FROM, to: TO, state, moved, remaining });
const license = (shown: object | null) => ({
	...{ license: FROM, status: "active", products: ["crs"], kind: "fixed", seats: 9_000, seats_taken: 2_000 },
	...{ seats_promised: 0, ends_at: "2027-01-01T00:00:00Z", transfer: shown },
});

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());
const run = (...args: string[]) => operator.run("license", "transfer", ACCOUNT, FROM, TO, ...args);

describe("parapet license transfer", () => {
	it("answers at once where all have moved, and says so when a store waits", async () => {
		operator.reply({ body: { ...transfer("done", 1, 0), published: true } });
		expect(await run()).toMatchObject({ exitCode: 0, stdout: `1 seat of ${FROM} went to ${TO}\n` });
		expect(operator.asked()).toEqual([ASKED]);
		operator.reply({ body: { ...transfer("done", 2, 0), published: false } });
		expect((await run()).stdout).toBe(`2 seats of ${FROM} went to ${TO}; not every store has it yet\n`);
	});

	it("looks again each second until the last has moved, also where one look fails", async () => {
		operator.reply(
			{ status: 202, body: { ...transfer("running", 1_000, 2_000), published: false } },
			{ body: license(transfer("running", 2_000, 1_000)) },
			refuse(500, "internal"),
			{ body: license(transfer("done", 3_000, 0)) },
		);
		expect(await run()).toMatchObject({ exitCode: 0, stdout: `3,000 seats of ${FROM} went to ${TO}\n` });
		expect(operator.asked()).toEqual([ASKED, LOOKED, LOOKED, LOOKED]);
		expect(operator.pauses).toEqual([1_000, 1_000, 1_000]);
	});

	it("gives with --json how it ended", async () => {
		const done = transfer("done", 3_000, 0);
		operator.reply({ status: 202, body: transfer("running", 1_000, 2_000) }, { body: license(done) });
		expect(JSON.parse((await run("--json")).stdout)).toEqual(done);
	});

	it("does not wait with --no-wait", async () => {
		operator.reply({ status: 202, body: { ...transfer("running", 1_000, 2_000), published: false } });
		const said = `1,000 seats of ${FROM} went to ${TO}, 2,000 are still to go\n`;
		expect(await run("--no-wait")).toMatchObject({ exitCode: 0, stdout: said });
		expect(operator.asked()).toEqual([ASKED]);
	});

	it("fails where it was stopped, and says how far it came", async () => {
		const stopped = license(transfer("stopped", 1_500, 0));
		operator.reply({ status: 202, body: transfer("running", 1_000, 2_000) }, { body: stopped });
		expect(await run()).toMatchObject({
			exitCode: 1,
			stdout: "",
			stderr: expect.stringContaining(
				`1,500 seats of ${FROM} went to ${TO}, which was revoked before the others had gone`,
			),
		});
	});

	it("is over when another one has begun", async () => {
		const other = { ...transfer("running", 5, 0), to: "lic-00000000" };
		operator.reply({ status: 202, body: transfer("running", 1_000, 2_000) }, { body: license(other) });
		expect(await run()).toMatchObject({ exitCode: 0 });
		expect(operator.asked()).toHaveLength(2);
	});

	it("moves to a license, not to anything", async () => {
		expect((await operator.run("license", "transfer", ACCOUNT, FROM, ACCOUNT)).exitCode).toBe(2);
		const itself = await operator.run("license", "transfer", ACCOUNT, FROM, FROM);
		expect(itself).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("that is the license itself") });
		expect(operator.asked()).toEqual([]);
	});
});

describe("parapet license show", () => {
	const show = (...args: string[]) => operator.run("license", "show", ACCOUNT, FROM, ...args);
	const terms = `license ${FROM} is active, fixed: crs until 2027-01-01T00:00:00Z`;

	it("says what the license is, and what its last transfer came to", async () => {
		operator.reply({ body: license(null) }, { body: license(transfer("running", 1_000, 2_000)) });
		expect((await show()).stdout).toBe(`${terms}\n2000 of 9000 seats taken\n`);
		const running = `transfer running: 1,000 seats of ${FROM} went to ${TO}, 2,000 are still to go`;
		expect((await show()).stdout).toBe(`${terms}\n2000 of 9000 seats taken\n${running}\n`);
		expect(operator.asked()).toEqual([LOOKED, LOOKED]);
	});

	it("says how many seats are kept for others, and with --json all of it", async () => {
		const promised = { ...license(null), seats_promised: 40 };
		operator.reply({ body: promised });
		expect((await show()).stdout).toContain("seats taken, 40 more are on their way from another license\n");
		expect(JSON.parse((await show("--json")).stdout)).toEqual(promised);
	});
});
