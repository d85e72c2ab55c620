// `parapet rollout explain`: one version out of what `device explain` knows, and each reason in words.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CURRENT_REASONS } from "../../../../../src/content/releases/selection.ts";
import { PERMIT_REFUSALS } from "../../../../../src/rollout/lease.ts";
import { reach } from "../../../../../src/rollout/reach.ts";
import { explanationBody } from "../../../../../src/routes/device/explain/explain-body.ts";
import { type ScriptedOperator, startScriptedOperator } from "../../support/scripted-operator.ts";

let operator: ScriptedOperator;
beforeEach(async () => {
	operator = await startScriptedOperator();
});
afterEach(() => operator.close());

const DEVICE = "dev-0123456789-0123456789abcdef";
const VERSION = "4.28.0";
const RELEASE = {
	...{ version: VERSION, released_at: "then", urgency: "routine", channel: "stable", installed: false },
	...{ verdict: "not_reached", ready_at: null },
	rollout: { step: "ramp", open: true, closed: null, permit: "step_full", ring: null, bucket: 0.73411 },
};
const EXPLANATION = {
	...{
		device: DEVICE,
		account: "acct-0123456789abcdef",
		product: "crs",
		at: "now",
		model: "FW-100",
		channel: "stable",
	},
	...{ engine: "11.1", installed: "4.27.0", status: "active", replaces: null, replaced_by: null, holds_seat: true },
	...{ ha_group: null, seat_holder: DEVICE, suspensions: [], license: null },
	entitlement: {
		...{ code: "active", title: "The license covers the product", fix: "", from: null, until: null },
		...{ grace_until: null, critical_until: null },
	},
	releases: [RELEASE, { ...RELEASE, version: "4.27.0", verdict: "chosen", installed: true, rollout: null }],
	answer: { code: "active", status: "current", reason: "up_to_date", version: null, downgrade: false },
	changes: [],
	edge: { version: 1, denied: null, stores: [] },
};
const explain = (...more: string[]) => operator.run("rollout", "explain", "crs", VERSION, "--device", DEVICE, ...more);
const explained = async (release: object, rest: object = {}) => {
	const releases = [{ ...RELEASE, ...release }, ...EXPLANATION.releases.slice(1)];
	operator.reply({ body: { ...EXPLANATION, releases, ...rest } });
	return (await explain()).stdout;
};

it("says that the release fails where everybody may have it, and what to do; of others nothing", async () => {
	const lines = await explained({ regressed: true, rollout: null });
	expect(lines).toContain("regressed    it fails more often than the releases before it");
	expect(lines).toContain(`parapet rollout status crs ${VERSION}`);
	expect(await explained({ regressed: false })).not.toContain("regressed");
});

it.each([
	["pending", "validator    has not passed it yet: `parapet release show crs 4.28.0` has what it says"],
	["failed", "validator    has failed it: `parapet release show crs 4.28.0` has what it says"],
])("says that the product's validator holds it: %s", async (state, line) => {
	expect(await explained({ held_by_validator: state })).toContain(line);
	expect(await explained({ held_by_validator: null })).not.toContain("validator");
});

it("asks what `device explain` asks, and says why, in which step, with which bucket, and what comes when", async () => {
	const answer = { ...EXPLANATION.answer, status: "offered", reason: "newer", version: VERSION };
	operator.reply({
		body: {
			...EXPLANATION,
			releases: [{ ...RELEASE, ready_at: "2026-11-22T00:00:00Z" }, ...EXPLANATION.releases.slice(1)],
			changes: [{ at: "2026-11-22T00:00:00Z", what: "release_ready", answer }],
			install: { at: "2026-11-22T00:00:00Z", version: VERSION },
			policy: {
				...{ time_zone: "Europe/Berlin", windows: [{ opens: "sat 22:04:10", minutes: 240 }], freezes: [], passes: [] },
				...{ min_age_hours: 0, pin: null, held: false },
			},
		},
	});
	const run = await explain("--installed", "4.27.0", "--at", "2026-11-21T00:00:00Z");
	expect(run).toMatchObject({ exitCode: 0, stderr: "" });
	expect(run.stdout.split("\n")).toEqual([
		`crs 4.28.0 is not offered to ${DEVICE}: its rollout has not come to this firewall's bucket, ring or audience, until 2026-11-22T00:00:00Z (not_reached)`,
		"step         ramp",
		"bucket       0.7341: let in once the rollout's fraction passes it",
		"permit       none now: step_full",
		"has          4.27.0, model FW-100, engine 11.1",
		"entitlement  active: The license covers the product",
		"customer     window sat 22:04:10 for 240 min",
		"             time zone Europe/Berlin",
		"answer       current (up_to_date)",
		"installs     4.28.0 from 2026-11-22T00:00:00Z on",
		"",
	]);
	expect(operator.asked()).toEqual([
		["GET", `/v1/devices/${DEVICE}/explain?product=crs&installed=4.27.0&at=2026-11-21T00%3A00%3A00Z`],
	]);
});

describe("the first line", () => {
	const offer = { ...EXPLANATION.answer, status: "offered", reason: "newer", version: VERSION };

	it.each([
		["offered", { verdict: "chosen", rollout: null }, { answer: offer }, "is offered to dev-"],
		["a permit refused", { verdict: "chosen" }, { answer: offer }, "is not offered to dev-"],
		[
			"a closed window",
			{ verdict: "chosen" },
			{ answer: { ...offer, status: "current", version: null, reason: "outside_window" } },
			"window is closed (outside_window)",
		],
		["installed", { verdict: "chosen", installed: true }, {}, "it has it installed (installed)"],
		["withdrawn, where it runs", { verdict: "withdrawn", installed: true }, {}, "it was withdrawn (withdrawn)"],
		[
			"a rollout that bakes",
			{ verdict: "rollout_closed", rollout: { ...RELEASE.rollout, closed: "baking" } },
			{},
			"the step is full, and is watched (baking)",
		],
		["older", { verdict: "older_than_choice" }, {}, "4.27.0 is for it, and newer (older_than_choice)"],
	])("says it: %s", async (_, release, rest, line) => {
		expect((await explained(release, rest)).split("\n")[0]).toContain(line);
	});

	const { verdict } = explanationBody.shape.releases.element.shape;
	it.each(verdict.options.filter((one) => one !== "chosen" && one !== "rollout_closed"))(
		"has words for the verdict %s",
		async (one) => {
			expect(await explained({ verdict: one })).toMatch(new RegExp(`: \\S.* \\(${one}\\)`));
			expect(await explained({ verdict: one })).not.toContain("see docs");
		},
	);
	it.each(PERMIT_REFUSALS)("has words for the refusal %s", async (permit) => {
		const text = await explained({ verdict: "chosen", rollout: { ...RELEASE.rollout, permit } }, { answer: offer });
		expect(text).toContain(`(${permit})`);
		expect(text).not.toContain("see docs");
	});
	it.each(reach.shape.closed.unwrap().options)("has words for a rollout that is %s", async (one) => {
		const text = await explained({ verdict: "rollout_closed", rollout: { ...RELEASE.rollout, closed: one } });
		expect(text).toContain(`(${one})`);
		expect(text).not.toContain("see docs");
	});
	it.each(CURRENT_REASONS.filter((one) => !["up_to_date", "newer_failed", "newer_blocked"].includes(one)))(
		"has words for the answer %s",
		async (reason) => {
			const text = await explained(
				{ verdict: "chosen" },
				{ answer: { ...offer, status: "current", version: null, reason } },
			);
			expect(text).toContain(`(${reason})`);
			expect(text).not.toContain("see docs");
		},
	);
});

it.each([
	["given", true],
	["failed_before", false],
] as const)(
	"says from when a release is installed only where its permit is not refused: %s",
	async (permit, isSaid) => {
		const offer = { ...EXPLANATION.answer, status: "offered", reason: "newer", version: VERSION };
		const install = { at: "2026-11-22T00:00:00Z", version: VERSION };
		const release = { verdict: "chosen", rollout: { ...RELEASE.rollout, permit } };
		const text = await explained(release, { answer: offer, install });
		expect(text.includes("installs     4.28.0 from")).toBe(isSaid);
		expect(text).toContain(permit === "given" ? "would be given now" : "none now: failed_before");
		const { stdout } = await operator.run("device", "explain", DEVICE, "--product", "crs");
		expect(stdout.includes("installs     4.28.0 from")).toBe(isSaid);
	},
);

it("gives the same to a program", async () => {
	operator.reply({ body: EXPLANATION });
	const { stdout } = await explain("--json");
	expect(JSON.parse(stdout)).toMatchObject({
		...{ device: DEVICE, product: "crs", version: VERSION, offered: false, why: "not_reached", policy: null, ha: null },
		release: { rollout: { step: "ramp", bucket: 0.73411, permit: "step_full" } },
	});
});

it("says of a firewall that is refused why, since no release is looked at", async () => {
	const entitlement = { ...EXPLANATION.entitlement, code: "expired", title: "The license has ended" };
	const answer = { ...EXPLANATION.answer, code: "expired", status: "refused", reason: "expired" };
	operator.reply({ body: { ...EXPLANATION, releases: [], entitlement, answer } });
	const { stdout } = await explain();
	expect(stdout.split("\n")[0]).toBe(`crs 4.28.0 is not offered to ${DEVICE}: The license has ended (expired)`);
});

it("says that there is no such release, and asks nothing about what is no device", async () => {
	operator.reply({ body: { ...EXPLANATION, releases: [] } });
	const none = await explain();
	expect(none).toMatchObject({
		exitCode: 1,
		stdout: "",
		stderr: expect.stringContaining("devices are told of no such release"),
	});
	expect(none.stderr).toContain("`parapet release list crs`");
	for (const wrong of [["--device", "fw-1"], []])
		expect((await operator.run("rollout", "explain", "crs", VERSION, ...wrong)).exitCode).toBe(2);
	expect(operator.asked()).toHaveLength(1);
});
