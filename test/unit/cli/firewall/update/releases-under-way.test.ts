// A firewall and releases that are on their way: one that has not come to it is no failure, and one that was halted while it was
// downloaded is not put in place.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { packageOf } from "../../support/contract-download.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import { type Reply, refuse } from "../../support/scripted-server.ts";

const FIRST = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };
const SECOND = { version: "4.28.0", bytes: Buffer.alloc(300_000, "second release ") };
const THIRD = { version: "4.29.0", bytes: Buffer.alloc(100_000, "third release ") };
const PART = `crs@${packageOf(SECOND).sha256}.part`;
const SLOW_MS = 31_000;
const PAST_THE_OFFER_MS = 400_000;

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	firewall.server.release = FIRST;
	await firewall.activate();
	await update();
	firewall.server.reports.length = 0;
	firewall.server.seen.length = 0;
	firewall.server.release = SECOND;
});
afterEach(() => firewall.close());

const update = () => updateFirewall(firewall.session, undefined);

function limited(rolloutCode: string, retryAfter = "300"): Reply {
	const body = {
		type: "about:blank",
		title: "Not yet",
		status: 409,
		code: "exposure_limited",
		rollout_code: rolloutCode,
	};
	const headers = { "content-type": "application/problem+json", "retry-after": retryAfter };
	return { status: 409, headers, body: JSON.stringify(body) };
}

/** What each permit is answered, one after the other; null and whatever comes later = it is given. */
function answerPermits(...replies: readonly (Reply | null)[]): void {
	const left = [...replies];
	firewall.server.faults.instead = ({ path }) => (path === "/v1/permits" ? (left.shift() ?? null) : null);
}

/** The download takes so long, and then permits are answered so. */
function slowDownload(ms: number, ...replies: readonly (Reply | null)[]): void {
	const left = [null, ...replies];
	firewall.server.faults.instead = ({ path }) => {
		if (path.startsWith("/d/")) firewall.nowMs += ms;
		return path === "/v1/permits" ? (left.shift() ?? null) : null;
	};
}

async function expectFirstRunsOn(): Promise<void> {
	expect(await firewall.session.home.load("installed")).toMatchObject({ crs: { version: FIRST.version } });
	expect(await firewall.installedBytes()).toEqual(FIRST.bytes);
	expect(firewall.server.reports).toEqual([]);
	expect(await firewall.session.home.load("reports")).toBeNull();
}

describe("a release that has not come to the firewall", () => {
	it("is no failure: it says so in plain words, keeps what is installed and reports nothing", async () => {
		answerPermits(limited("step_full"), limited("step_full"));
		expect(await firewall.run("update")).toEqual({
			exitCode: 0,
			stderr: "",
			stdout:
				"crs: 4.28.0 has not come to this firewall yet: the firewalls that try it first are enough for now; what is installed stays\n",
		});
		const { exitCode, stdout } = await firewall.run("update", "--json");
		expect(exitCode).toBe(0);
		expect(JSON.parse(stdout).updates).toMatchObject([
			{ ok: false, reason: "not_yet", version: "4.28.0", rollout_code: "step_full", retry_after: 300 },
		]);
		expect(firewall.asked("/d/")).toEqual([]);
		await expectFirstRunsOn();
	});

	it.each([
		["not_started", "its rollout has not begun"],
		["halted", "its rollout is halted"],
		["account_has_enough", "another firewall of this customer tries it first"],
		["other_models_first", "firewalls of other models try it first"],
		["peer_under_way", "another firewall of the HA group installs it first"],
		["peer_failed", "it failed on another firewall of the HA group"],
		["failed_before", "it failed on this firewall before"],
		["ha_peer_first", "another firewall of the HA group goes first"],
		["other_channel", "it is on beta, and this firewall is not any more"],
		["of_a_later_server", "it is not this firewall's turn (of_a_later_server)"],
	])("says why: %s", async (code, words) => {
		answerPermits(limited(code));
		expect((await firewall.run("update")).stdout).toContain(`yet: ${words}; what`);
	});

	it("is installed once it comes", async () => {
		answerPermits(limited("step_full"));
		await update();
		expect((await update()).updates).toMatchObject([{ ok: true, version: SECOND.version }]);
	});
});

describe("a package that took long to come", () => {
	it("is put in place under a permit that is asked for once more, which its reports name", async () => {
		slowDownload(SLOW_MS);
		expect((await update()).updates).toMatchObject([{ ok: true, version: SECOND.version }]);
		expect(firewall.asked("/v1/permits")).toHaveLength(2);
		expect(firewall.server.reports.map(({ outcome }) => outcome)).toEqual(["healthy"]);
	});

	it("is put in place at once where it came within half a minute", async () => {
		slowDownload(SLOW_MS - 1_000, refuse(409, "release_withdrawn"));
		expect((await update()).updates).toMatchObject([{ ok: true }]);
		expect(firewall.asked("/v1/permits")).toHaveLength(1);
	});

	it("stays on the disk uninstalled where its rollout was halted meanwhile; nothing counts as failed", async () => {
		slowDownload(SLOW_MS, limited("halted", "3600"));
		expect(await firewall.run("update")).toMatchObject({
			exitCode: 0,
			stdout: expect.stringContaining("its rollout is halted"),
		});
		await expectFirstRunsOn();
		expect(await firewall.files("downloads")).toEqual([PART]);
		// It goes on, and nothing is downloaded a second time.
		firewall.server.faults = {};
		expect((await update()).updates).toMatchObject([{ ok: true, resumedFrom: SECOND.bytes.length }]);
		expect(firewall.asked("/d/")).toHaveLength(1);
	});

	it.each(["outside_window", "frozen", "held"])(
		"is put off where its account says %s by then, and says so",
		async (code) => {
			slowDownload(SLOW_MS, limited(code, "3600"));
			expect((await update()).updates).toMatchObject([
				{ ok: false, reason: "not_yet", rolloutCode: code, retryAfter: 3_600 },
			]);
			expect(firewall.server.reports).toMatchObject([{ outcome: "deferred", detail: "window" }]);
			expect(await firewall.installedBytes()).toEqual(FIRST.bytes);
		},
	);

	it("stays uninstalled where it was withdrawn meanwhile", async () => {
		slowDownload(SLOW_MS, refuse(409, "release_withdrawn"));
		expect((await update()).updates).toMatchObject([{ ok: false, reason: "permit_refused" }]);
		await expectFirstRunsOn();
		expect(await firewall.files("downloads")).toEqual([PART]);
	});

	it("stays uninstalled where it was withdrawn meanwhile and the clock set back, so that nobody knows how long it took", async () => {
		slowDownload(-3_600_000, refuse(409, "release_withdrawn"));
		expect((await update()).updates).toMatchObject([{ ok: false, reason: "permit_refused" }]);
		await expectFirstRunsOn();
	});

	it("is offered anew where its offer ran out, and then put in place", async () => {
		slowDownload(PAST_THE_OFFER_MS);
		expect((await update()).updates).toMatchObject([{ ok: true, version: SECOND.version }]);
		expect(firewall.asked("/v1/check")).toHaveLength(2);
	});

	it.each([
		["nothing is offered", FIRST],
		["another release is offered", THIRD],
	])("stays uninstalled where %s by then", async (_, release) => {
		const { server } = firewall;
		server.faults.instead = ({ path }) => {
			if (!path.startsWith("/d/")) return null;
			firewall.nowMs += PAST_THE_OFFER_MS;
			server.release = release;
			return { headers: { etag: `"${packageOf(SECOND).sha256}"` }, body: SECOND.bytes };
		};
		expect((await update()).updates).toMatchObject([
			{ ok: false, reason: "not_yet", detail: "it is not offered any more", retryAfter: null },
		]);
		await expectFirstRunsOn();
	});
});
