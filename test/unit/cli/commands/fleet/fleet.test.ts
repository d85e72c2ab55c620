// `parapet fleet …` against a scripted server: what it asks and how it draws what it is told.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

const ACCOUNT = "acct-0123456789abcdef";
const FLEET = {
	devices: { active: 1_200, revoked: 3 },
	products: [
		{
			...{ product: "crs", devices: 1_000 },
			versions: [
				{ value: "4.27.0", devices: 750 },
				{ value: null, devices: 250 },
			],
			...{ outcomes: [{ value: "healthy", devices: 750 }], models: [], countries: [{ value: "BR", devices: 1_000 }] },
		},
	],
	silent: [{ hours: 24, devices: 12 }],
	licenses: [{ kind: "fixed", licenses: 2, seats: 2_000, taken: 1_200 }],
	...{ accounts: 4, as_of: "2026-11-20T11:59:15Z", oldest: "2026-11-20T08:00:00Z" },
};

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());
const asked = () => operator.asked().map(([method, path]) => `${method} ${path}`);

describe("parapet fleet", () => {
	it("draws the whole fleet, and says how old the numbers are", async () => {
		operator.reply({ body: FLEET });
		const { stdout } = await operator.run("fleet");
		expect(asked()).toEqual(["GET /v1/fleet"]);
		expect(stdout).toContain("1,200 active, 3 revoked");
		expect(stdout).toContain("(45 s ago)");
		expect(stdout).toMatch(/ {2}4\.27\.0 {3}█{18} {6} +75\.0 % {2}750\n {2}nothing {2}█{6}/);
		expect(stdout).toContain("countries  BR 1,000");
	});

	it("shows one account's, and an empty fleet as one", async () => {
		operator.reply({ body: { ...FLEET, devices: {}, products: [], licenses: [], as_of: null } });
		const { exitCode, stdout } = await operator.run("fleet", "show", ACCOUNT);
		expect([exitCode, asked()]).toEqual([0, [`GET /v1/accounts/${ACCOUNT}/fleet`]]);
		expect(stdout).toContain("no account has said anything yet");
	});

	it("trust says who stops updating by a date, and how to list them", async () => {
		const anchor = { anchor: "tls_root", name: "A Root", sha256: "ab", version: null, devices: 12 };
		operator.reply({
			body: {
				...{ breaks_at: "2027-01-01T00:00:00Z", devices: 1_204, unknown: 40, stopping: 12 },
				tuf_root: { version: 3, ends: "2027-11-01T00:00:00Z" },
				anchors_left_out: { anchors: 3, devices: 4 },
				anchors: [
					{ ...anchor, ends: "2026-12-24T00:00:00Z", stops: true },
					{ ...anchor, anchor: "tuf_root", name: null, version: 2, ends: "2027-11-01T00:00:00Z", stops: false },
				],
				accounts: [{ account: ACCOUNT, stopping: 12, devices: 120 }],
				as_of: "2026-11-20T11:59:15Z",
			},
		});
		const { stdout, stderr } = await operator.run("fleet", "trust", "--breaks-at", "2027-01-01", "--limit", "5");
		expect(asked()).toEqual(["GET /v1/fleet/trust?breaks_at=2027-01-01T00%3A00%3A00Z&limit=5"]);
		expect(stdout).toContain("by 2027-01-01T00:00:00Z 12 of 1,204 devices stop updating");
		expect(stdout).toContain("of 40 it is not known");
		expect(stdout).toContain("and 3 more (--limit)");
		expect(stdout).toMatch(/2026-12-24T00:00:00Z +TLS root A Root +12 +stop/);
		expect(stdout).toMatch(/TUF root 2, which takes 3 +12 +-/);
		expect(stdout).toMatch(new RegExp(`${ACCOUNT} +12 +120`));
		expect(stderr).toContain("device list <account> --trust-ends-by 2027-01-01T00:00:00Z");
	});

	it("installed names the accounts that have a version, of all pages, and how to list their devices", async () => {
		const other = "acct-1123456789abcdef";
		const page = {
			...{ product: "crs", installed: "4.26*", devices: 1_212, of_devices: 4_000, other: 7 },
			versions: [{ version: "4.26.0", devices: 1_212, accounts: 2 }],
			as_of: "2026-11-20T11:59:15Z",
		};
		operator.reply(
			{ body: { ...page, accounts: [{ account: ACCOUNT, devices: 1_200 }], next: `1200.${ACCOUNT}` } },
			{ body: { ...page, accounts: [{ account: other, devices: 12 }], next: null } },
		);
		const { stdout, stderr } = await operator.run("fleet", "installed", "crs", "4.26*");
		const query = "product=crs&installed=4.26*&limit=1000";
		expect(asked()).toEqual([
			`GET /v1/fleet/installed?${query}`,
			`GET /v1/fleet/installed?${query}&after=1200.${ACCOUNT}`,
		]);
		expect(stdout).toContain("1,212 of 4,000 devices have crs 4.26*");
		expect(stdout).toContain("of 7 the version is too rare to be counted");
		for (const row of [/4\.26\.0 +1212 +2/, new RegExp(`${ACCOUNT} +1200`), new RegExp(`${other} +12`)])
			expect(stdout).toMatch(row);
		expect(stderr).toContain("device list <account> --product crs --installed '4.26*'");
		expect((await operator.run("fleet", "installed", "crs", "*")).exitCode).toBe(2);
	});

	it("product shows how fast each release came", async () => {
		const points = [1, 5, 9].map((devices) => ({ at: "2026-11-20T11:00:00Z", devices }));
		const release = { version: "4.27.0", released_at: "2026-11-20T10:00:00Z", devices: 9, points };
		const protectedAfter = { p50: 1_260, p90: 14_400, p99: null };
		operator.reply({
			body: {
				...{ product: "crs", devices: 10, as_of: "2026-11-20T11:59:15Z" },
				releases: [{ ...release, protected_after: protectedAfter }],
			},
		});
		const { stdout } = await operator.run("fleet", "product", "crs");
		expect(asked()).toEqual(["GET /v1/fleet/products/crs"]);
		expect(stdout).toMatch(/4\.27\.0 .* 9 +90\.0 % +21 min +4 h +- +▂▅█/);
	});

	it("silent and problems pass their options on", async () => {
		operator.reply({ body: { accounts: [{ account: ACCOUNT, silent: 4, devices: 9 }], as_of: null } });
		expect((await operator.run("fleet", "silent", "--for", "3d")).stdout).toMatch(/acct-\S+ +4 +9/);
		const problem = { product: "crs", version: "4.27.0", country: "BR", outcome: "failed", reason: "disk", devices: 4 };
		operator.reply({ body: { problems: [problem], as_of: null } });
		const { stdout } = await operator.run("fleet", "problems", "--country", "br", "--limit", "5");
		expect(stdout).toMatch(/4 +crs +4\.27\.0 +BR +failed +disk/);
		expect(asked()).toEqual(["GET /v1/fleet/silent?silent_for=259200", "GET /v1/fleet/problems?country=BR&limit=5"]);
	});

	it("silent asks who was not seen since a day by how long that is, by one of its options", async () => {
		operator.reply({ body: { accounts: [], as_of: null } });
		await operator.run("fleet", "silent", "--not-seen-since", "2026-11-16");
		expect(asked()).toEqual([`GET /v1/fleet/silent?silent_for=${4.5 * 86_400}`]);
		const both = await operator.run("fleet", "silent", "--not-seen-since", "2026-11-16", "--for", "3d");
		expect([both.exitCode, both.stderr]).toEqual([2, expect.stringContaining("--for and --not-seen-since")]);
		const soon = await operator.run("fleet", "silent", "--not-seen-since", "2026-11-20T11:30:00Z");
		expect([soon.exitCode, soon.stderr]).toEqual([2, expect.stringContaining("less than 3600 s ago")]);
	});

	it("show says of an account why its last updates did not take place", async () => {
		const problem = { product: "crs", version: "4.27.0", country: "BR", outcome: "failed", reason: "disk", devices: 4 };
		operator.reply({ body: { ...FLEET, problems: [problem] } });
		const { stdout } = await operator.run("fleet", "show", ACCOUNT);
		expect(stdout).toMatch(/why last updates did not take place\n.*\n4 +crs +4\.27\.0 +BR +failed +disk/);
	});

	it("rebuild asks every account, and fails where one could not tell", async () => {
		const other = "acct-1123456789abcdef";
		const accounts = [{ account: ACCOUNT }, { account: other }];
		operator.reply({ body: { accounts, next: null } }, { body: { told: true } }, { body: { told: false } });
		const { exitCode, stdout, stderr } = await operator.run("fleet", "rebuild");
		expect([exitCode, stdout.trim()]).toEqual([1, "1 of 2 accounts have told"]);
		expect(stderr).toContain("1 accounts could not tell");
		expect(asked().slice(1)).toEqual([ACCOUNT, other].map((id) => `POST /v1/accounts/${id}/fleet`));
	});
});
