// Reports: none is lost to a line that is down, and none that is refused for good stands in the way of the others.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { permitAnswer } from "../../../../../cli/firewall/answers.ts";
import { flushReports, reportOutcome } from "../../../../../cli/firewall/update/reports.ts";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { packageOf } from "../../support/contract-download.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";
import { inSeconds } from "../../support/contract-replies.ts";
import { type Reply, refuse } from "../../support/scripted-server.ts";

const RELEASE = { version: "4.27.0", bytes: Buffer.from("rules") };

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	firewall.server.release = RELEASE;
	await firewall.activate();
});
afterEach(() => firewall.close());

const permit = (name: string) =>
	permitAnswer.parse({
		...{ permit: name, product: "crs", url: "/d/x", expires_at: inSeconds(300) },
		...packageOf(RELEASE),
	});
const waiting = async () => (await firewall.session.home.load("reports"))?.map(({ permit }) => permit) ?? [];
/** Answers every report by its permit; of those that are not named as usual. */
const answerReports = (replies: Readonly<Record<string, Reply>>) => {
	firewall.server.faults.instead = ({ path, body }) =>
		path === "/v1/reports" ? (replies[JSON.parse(body).permit] ?? null) : null;
};

describe("a report", () => {
	it.each([
		["no answer", "hang up"],
		["429", refuse(429, "rate_limited")],
		["500", refuse(500, "internal")],
		["503", refuse(503, "unavailable")],
	] as const)("that meets %s waits, and so do those after it, in order", async (_, reply) => {
		answerReports({ one: reply });
		expect(await reportOutcome(firewall.session, permit("one"), "healthy")).toBe(1);
		expect(await reportOutcome(firewall.session, permit("two"), "healthy")).toBe(2);
		expect(await waiting()).toEqual(["one", "two"]);
		expect(firewall.server.reports).toEqual([]);
		answerReports({});
		expect(await flushReports(firewall.session)).toBe(0);
		expect(firewall.server.reports).toMatchObject([
			{ permit: "one", outcome: "healthy" },
			{ permit: "two", outcome: "healthy" },
		]);
		expect(await firewall.session.home.load("reports")).toBeNull();
	});

	it("that is refused for good is dropped, and the caller is told", async () => {
		answerReports({ one: refuse(404, "not_found") });
		await expect(reportOutcome(firewall.session, permit("one"), "healthy")).rejects.toMatchObject({
			refusal: { status: 404 },
		});
		expect(await waiting()).toEqual([]);
	});

	it("that was taken is not sent again when the next one gets an answer that is no report's", async () => {
		answerReports({ one: "hang up", two: "hang up" });
		for (const name of ["one", "two"]) await reportOutcome(firewall.session, permit(name), "healthy");
		answerReports({ two: { body: "not what a report is answered with" } });
		expect(await flushReports(firewall.session)).toBe(1);
		expect(await waiting()).toEqual(["two"]);
	});

	it("of long ago that is refused keeps no update from being made", async () => {
		answerReports({ one: "hang up" });
		await reportOutcome(firewall.session, permit("one"), "healthy");
		answerReports({ one: refuse(410, "permit_unknown") });
		expect(await updateFirewall(firewall.session, undefined)).toMatchObject({
			updates: [{ ok: true, reportProblem: null }],
			waitingReports: 0,
		});
		expect(firewall.server.reports.map(({ outcome }) => outcome)).toEqual(["healthy"]);
	});

	it("that the server refuses is said beside an update, which stands all the same", async () => {
		firewall.server.faults.instead = ({ path }) => (path === "/v1/reports" ? refuse(409, "already_reported") : null);
		const run = await firewall.run("update");
		expect(run).toMatchObject({ exitCode: 0, stderr: "" });
		expect(run.stdout).toContain("crs: 4.27.0 installed");
		expect(run.stdout).toContain("the report was refused: could not report healthy: refused: already_reported");
		expect(await firewall.installedBytes()).toEqual(RELEASE.bytes);
	});

	it("that waits is counted where people look", async () => {
		firewall.server.faults.dropReports = true;
		expect((await firewall.run("update")).stdout).toContain("reports that wait for the next update: 1");
	});
});
