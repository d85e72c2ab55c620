// Reports of what became of a permit. Each is saved before it is sent and dropped once the server has taken it, so that
// a line that is down at the wrong moment does not turn an installed release into a silent device.
import { CliError, ConnectionError, ServerRefusal } from "../../errors.ts";
import { reportAnswer } from "../answers.ts";
import type { FirewallState, PendingReport } from "../home/firewall-state.ts";
import { forgetPermit } from "../home/open-permits.ts";
import type { FirewallSession } from "../identity/session.ts";
import type { HealthReport, Permit } from "../wire-types.ts";

/** That a package is in place is said by `healthy`. */
export type Outcome = "healthy" | "failed" | "rolled_back" | "deferred";

/**
 * Reports an outcome, after whatever could not be reported earlier.
 * @returns how many reports still wait because the server could not be reached
 * @throws ServerRefusal when the server refuses this report
 */
export async function reportOutcome(
	session: FirewallSession<FirewallState>,
	permit: Pick<Permit, "permit" | "product" | "report_by">,
	outcome: Outcome,
	detail?: string,
	health?: HealthReport,
): Promise<number> {
	const waiting = (await session.home.load("reports")) ?? [];
	const report: PendingReport = {
		permit: permit.permit,
		outcome,
		...(detail === undefined ? {} : { detail }),
		...(health === undefined ? {} : { health }),
		reportBy: permit.report_by == null ? null : Math.floor(Date.parse(permit.report_by) / 1000),
	};
	await session.home.save("reports", [...waiting, report]);
	await forgetPermit(session.home, permit.product);
	return flushReports(session);
}

/** Tells in one report that the package is in place and that the firewall runs well with it: both are known at the same time. */
export async function reportInstalled(
	session: FirewallSession<FirewallState>,
	permit: Pick<Permit, "permit" | "product" | "report_by">,
	{ health, deltaMiss = null }: { readonly health?: HealthReport | undefined; readonly deltaMiss?: string | null } = {},
): Promise<void> {
	await reportOutcome(session, permit, "healthy", deltaMiss ?? undefined, health);
}

/**
 * Says of what was put in place that it works, where the firewall was stopped before it had written that down.
 * @param damaged products of which the content is not whole
 */
export async function reportUntold(session: FirewallSession<FirewallState>, damaged: readonly string[]): Promise<void> {
	const { home } = session;
	const installed = (await home.load("installed")) ?? {};
	for (const [product, { version, permit, report_by }] of Object.entries((await home.load("permits")) ?? {})) {
		if (permit === undefined || installed[product]?.version !== version || damaged.includes(product)) continue;
		// Refused, it is too late: there is nobody to tell.
		await reportOutcome(session, { permit, product, report_by }, "healthy").catch(ignoreRefusal);
	}
}

function ignoreRefusal(error: unknown): void {
	if (!(error instanceof ServerRefusal)) throw error;
}

/** Sends the reports that wait, oldest first; @returns how many still do */
export async function flushReports(session: FirewallSession<FirewallState>): Promise<number> {
	const waiting = [...((await session.home.load("reports")) ?? [])];
	let refusal: ServerRefusal | undefined;
	while (waiting.length > 0) {
		const [report] = waiting;
		if (report === undefined) break;
		const sent = await sendReport(session, report);
		if (sent === "unreachable") break;
		// Refused for good is as final as taken: the permit is no longer known.
		waiting.shift();
		if (sent !== "taken") refusal = sent;
		await session.home.save("reports", waiting);
	}
	if (waiting.length === 0) await session.home.forget("reports");
	if (refusal !== undefined && waiting.length === 0) throw refusal;
	return waiting.length;
}

async function sendReport(
	session: FirewallSession<FirewallState>,
	report: PendingReport,
): Promise<"taken" | "unreachable" | ServerRefusal> {
	const { permit, outcome, detail, health } = report;
	try {
		const body = { permit, outcome, detail, health };
		await session.call(
			{ method: "POST", path: "/v1/reports", what: `could not report ${outcome}`, body },
			reportAnswer,
		);
		return "taken";
	} catch (error) {
		if (error instanceof ConnectionError) return "unreachable";
		if (error instanceof ServerRefusal)
			return error.refusal.status === 429 || error.refusal.status >= 500 ? "unreachable" : error;
		// A login page on the way has not taken the report.
		if (error instanceof CliError && error.code === "unexpected_answer") return "unreachable";
		throw error;
	}
}
