// `parapet device list`, `find`, `show` and `label` against a scripted server: what they ask, page by page, and what they show.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

const ACCOUNT = "acct-0123456789abcdef";
const DEVICE = "dev-0123456789-0123456789abcdef";
const OTHER = "dev-0123456789-1123456789abcdef";
const STATE = {
	...{
		product: "crs",
		installed: "4.26.0",
		offered: "4.27.0",
		permitted: "4.27.0",
		permitted_at: "2026-11-20T11:00:00Z",
	},
	...{ downloaded_at: null, outcome: "failed", outcome_version: "4.27.0", outcome_at: "2026-11-20T11:01:00Z" },
	...{ reason: "disk", detail: "-enospc", changed_at: "2026-11-20T11:01:00Z" },
};
const FIREWALL = {
	...{ device: DEVICE, serial: "FW-1", model: "PA-440", status: "active", license: "lic-01234567" },
	...{ labels: { site: "oslo" }, ha_group: null, has_seat: true, seen_at: "2026-11-20T11:00:00Z", engine: "11.1.4" },
	...{ country: "NO", colo: "OSL", problem: null, problem_at: null, products: [STATE] },
};
const SILENT = {
	...{ ...FIREWALL, device: OTHER, serial: "FW-2", has_seat: false, seen_at: null, engine: null },
	...{ country: null, colo: null, products: [] },
};

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());
const list = (...args: string[]) => operator.run("device", "list", ACCOUNT, ...args);
const path = `/v1/accounts/${ACCOUNT}/devices`;

describe("parapet device list", () => {
	it("shows what each device runs, page after page, and who has no seat", async () => {
		operator.reply({ body: { devices: [FIREWALL], next: DEVICE } }, { body: { devices: [SILENT], next: null } });
		const { exitCode, stdout } = await list();
		expect([exitCode, operator.asked().map(([, asked]) => asked)]).toEqual([0, [path, `${path}?after=${DEVICE}`]]);
		const lines = stdout.split("\n");
		expect(lines[1]).toMatch(
			/^dev-\S+ +active +yes .* 2026-11-20T11:00:00Z +crs@4\.26\.0 +failed 4\.27\.0 \(disk, -enospc\)$/,
		);
		expect(lines[2]).toMatch(/ no .* never +- +-$/);
	});

	it("passes its filters on, a serial number with a star as the beginning of one", async () => {
		operator.reply({ body: { devices: [], next: null } });
		await list(
			"--serial",
			"FW-*",
			"--label",
			"site=oslo",
			"--label",
			"role=edge",
			"--silent-for",
			"3d",
			"--product",
			"crs",
		);
		await list(
			"--serial",
			"FW-1",
			"--installed",
			"4.26.0",
			"--outcome",
			"failed",
			"--reason",
			"disk",
			"--status",
			"active",
		);
		expect(operator.asked().map(([, asked]) => asked)).toEqual([
			`${path}?serial_prefix=FW-&label=site%3Doslo%2Crole%3Dedge&product=crs&silent_for=259200`,
			`${path}?serial=FW-1&status=active&installed=4.26.0&outcome=failed&reason=disk`,
		]);
	});

	it("asks who was not seen since a day by how long that is", async () => {
		operator.reply({ body: { devices: [], next: null } });
		await list("--not-seen-since", "2026-11-16");
		expect(operator.asked().map(([, asked]) => asked)).toEqual([`${path}?silent_for=${4.5 * 86_400}`]);
	});

	it("gives one page where a limit is given, and says how to go on", async () => {
		operator.reply({ body: { devices: [FIREWALL], next: DEVICE } });
		const { stderr } = await list("--limit", "1", "--after", OTHER);
		expect(operator.asked().map(([, asked]) => asked)).toEqual([`${path}?limit=1&after=${OTHER}`]);
		expect(stderr).toContain(`--after ${DEVICE}`);
	});

	it("writes CSV that no spreadsheet takes for formulas", async () => {
		operator.reply({ body: { devices: [{ ...FIREWALL, labels: { note: 'a,"b' } }, SILENT], next: null } });
		const [head, first, second] = (await list("--csv")).stdout.split("\n");
		expect(head).toMatch(/^device,serial,model,status,.*,labels,product,installed,/);
		expect(first).toContain(`,"note=a,""b",crs,4.26.0,4.27.0,`);
		expect(first?.endsWith(",disk,'-enospc")).toBe(true);
		expect(second).toMatch(/^dev-\S+,FW-2,.*,site=oslo,,,,,,,,,$/);
	});

	it.each([
		[["--silent-for", "soon"], "not a length of time"],
		[["--not-seen-since", "monday"], "not a time"],
		[["--not-seen-since", "2999-01-01"], "is not past"],
		[["--not-seen-since", "2001-01-01"], "at most 365 days"],
		[["--not-seen-since", "2026-11-16", "--silent-for", "3d"], "choose one"],
		[["--outcome", "broken"], "--outcome"],
		[["--label", "oslo"], "not KEY=VALUE"],
		[["--csv", "--json"], "choose one"],
	])("refuses %j and asks nothing", async (args, said) => {
		const { exitCode, stderr } = await list(...args);
		expect([exitCode, operator.asked()]).toEqual([2, []]);
		expect(stderr).toContain(said);
	});
});

describe("parapet device show", () => {
	it("shows all that is known of a device", async () => {
		operator.reply({ body: { ...FIREWALL, problem: "not_entitled", problem_at: "2026-11-19T00:00:00Z" } });
		const { stdout } = await operator.run("device", "show", DEVICE);
		expect(operator.asked()).toEqual([["GET", `/v1/devices/${DEVICE}`]]);
		for (const text of ["NO, OSL", "not_entitled at 2026-11-19", "failed 4.27.0 (disk, -enospc)", "site=oslo"]) {
			expect(stdout).toContain(text);
		}
	});

	it("says that an elastic device has no seat, and that it was never seen", async () => {
		operator.reply({ body: SILENT });
		const { stdout } = await operator.run("device", "show", OTHER);
		expect(stdout).toContain("active, without a seat");
		expect(stdout).toMatch(/seen +never/);
	});
});

describe("parapet device label", () => {
	it("adds to what a device has, and takes off what is named", async () => {
		operator.reply({ body: FIREWALL }, { body: { device: DEVICE, labels: {}, published: true } });
		const { stdout } = await operator.run("device", "label", DEVICE, "role=edge", "--remove", "site");
		expect(operator.asked()[1]).toEqual(["PATCH", `/v1/devices/${DEVICE}`, { labels: { role: "edge" } }]);
		expect(stdout).toContain("role=edge");
	});

	it.each([[[]], [["role"]], [["Role=edge"]]])("refuses %j and changes nothing", async (args) => {
		operator.reply({ body: FIREWALL });
		expect((await operator.run("device", "label", DEVICE, ...args)).exitCode).toBe(2);
		expect(operator.asked().filter(([method]) => method !== "GET")).toEqual([]);
	});
});

describe("parapet device find", () => {
	it("lists who has the serial number in whatever account, and says who was deactivated", async () => {
		const gone = { ...SILENT, serial: "FW-1", status: "deactivated", account: "acct-1123456789abcdef" };
		const page = { devices: [{ ...FIREWALL, account: ACCOUNT }], next: DEVICE };
		operator.reply({ body: page }, { body: { devices: [gone], next: null } });
		const { exitCode, stdout } = await operator.run("device", "find", "FW-1");
		expect([exitCode, operator.asked().map(([method, path]) => `${method} ${path}`)]).toEqual([
			0,
			["GET /v1/devices?serial=FW-1", `GET /v1/devices?serial=FW-1&after=${DEVICE}`],
		]);
		expect(stdout).toMatch(new RegExp(`${ACCOUNT} +${DEVICE} +active`));
		expect(stdout).toMatch(new RegExp(`acct-1123456789abcdef +${OTHER} +deactivated`));
	});

	it("says that a new one may not be found yet, and asks nothing for what is no serial number", async () => {
		operator.reply({ body: { devices: [], next: null } });
		expect((await operator.run("device", "find", "FW-9")).stderr).toContain("within the last minute");
		const { exitCode, stderr } = await operator.run("device", "find", "FW 9");
		expect([exitCode, operator.asked().length]).toEqual([2, 1]);
		expect(stderr).toContain("serial number");
	});
});
