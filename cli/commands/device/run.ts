// `parapet device run`: a firewall that stays up to date by itself. It updates, waits until there is news, and updates again,
// until it is interrupted. What fails is said and tried again; only a firewall that may not ask at all ends it.
import { z } from "zod";
import { productName } from "../../../src/names.ts";
import { placeInFleet } from "../../../src/place-in-fleet.ts";
import type { FirewallAction } from "../../command-line/run-as.ts";
import { CliError, ConnectionError, DiskError, ServerRefusal } from "../../errors.ts";
import { hearNothing, type WakeUp, waitForNews } from "../../firewall/check/pulse.ts";
import { type FailedTries, pauseAfter } from "../../firewall/check/retry.ts";
import { measuring } from "../../firewall/health.ts";
import { loadActiveIdentity } from "../../firewall/identity/activation.ts";
import type { FirewallSession } from "../../firewall/identity/session.ts";
import { describeRules } from "../../firewall/installed/disabled-rules.ts";
import { type UpdateOptions, updateFirewall } from "../../firewall/update/update.ts";
import { answerAfter, type UpdateResult } from "../../firewall/update/update-result.ts";
import { whenInterrupted } from "../../terminal/interruption.ts";
import { haOptions, openHaSession } from "./ha-options.ts";
import { damagedLines } from "./lines/check.ts";
import { describeUpdate, updateToWire } from "./lines/update.ts";

/** After a refusal: whoever lifts it does so by hand. */
const REFUSED_SECONDS = 300;
/** Between checks, until the service has said. */
const FIRST_INTERVAL_SECONDS = 300;

const shape = { product: productName.optional(), health: z.string().optional(), ...haOptions };
type Context = Parameters<FirewallAction<typeof shape>["run"]>[0];

export const run: FirewallAction<typeof shape> = { shape, run: runUntilInterrupted };

async function runUntilInterrupted(context: Context): Promise<void> {
	const session = await openHaSession(context);
	const interruption = whenInterrupted();
	const stop = new AbortController();
	void interruption.promise.then(() => stop.abort());
	try {
		await stayUpToDate(context, session, stop.signal);
	} catch (error) {
		if (!stop.signal.aborted) throw error;
	} finally {
		interruption.forget();
	}
}

async function stayUpToDate(context: Context, session: FirewallSession, signal: AbortSignal): Promise<void> {
	const { output, surroundings } = context;
	const sleep = (ms: number) => surroundings.sleep(ms, signal);
	const heard = hearNothing();
	const place = placeInFleet((await loadActiveIdentity(session.home)).device.id);
	let why: WakeUp | "start" | "update" = "start";
	let usualInterval = FIRST_INTERVAL_SECONDS;
	let failures = 0;
	for (;;) {
		const pauses = { count: failures + 1, interval: usualInterval, place };
		const result = await tryUpdate(context, session, pauses, {
			depth: why === "start" ? "now" : "daily",
			signal,
		});
		signal.throwIfAborted();
		if ("retryInSeconds" in result) {
			failures += 1;
			await sleep(result.retryInSeconds * 1000);
			continue;
		}
		failures = 0;
		const { check, updates } = result;
		for (const rules of result.rules) output.answer({ event: "disabled_rules", ...rules }, describeRules(rules));
		usualInterval = check.answer.next_check_in ?? usualInterval;
		if (check.damaged.length > 0) {
			output.answer({ event: "damaged", products: check.damaged }, damagedLines(check.damaged));
		}
		for (const update of updates) {
			output.answer({ event: "update", woken_by: why, ...updateToWire(update) }, describeUpdate(update));
		}
		const answer = answerAfter(result);
		// Where the answer did not say for how long there is nothing to ask after the update, the next one does. Asked at once
		// only once, or a server that offers the same thing for ever would be asked for ever.
		if (why !== "update" && answer.until == null && updates.length > 0 && updates.every(({ ok }) => ok)) {
			why = "update";
			continue;
		}
		const { pulse, until, next_check_in: interval } = answer;
		const retryIn = retryOfNotYet(updates, interval ?? REFUSED_SECONDS);
		if (retryIn !== null) {
			output.answer({ event: "waiting", woken_by: why, retry_in: retryIn }, `asking again in ${retryIn} s`);
			await sleep(retryIn * 1000);
			why = "interval";
			continue;
		}
		output.answer(
			{ event: "waiting", woken_by: why, unchanged: check.unchanged, until: until ?? null, next_check_in: interval },
			pulse == null || until == null ? `waiting ${interval ?? "some"} s` : `waiting for news until ${until}`,
		);
		why = await waitForNews(answer, session.server, heard, { nowMs: surroundings.nowMs, sleep });
	}
}

/** @param interval seconds @returns after how many to ask again for a release that has not come yet; null = there is none */
function retryOfNotYet(updates: UpdateResult["updates"], interval: number): number | null {
	const waits = updates.map((update) => (!update.ok && update.reason === "not_yet" ? update.retryAfter : null));
	const told = waits.filter((seconds) => seconds !== null);
	return told.length === 0 ? null : Math.max(1, Math.min(...told, interval));
}

/** What is known when a try has failed, but for what the server says. */
type Pauses = Omit<FailedTries, "retryAfterSeconds">;

/** @throws what no later try can mend: this firewall is refused, or its files cannot be used */
async function tryUpdate(
	{ options, output }: Context,
	session: FirewallSession,
	pauses: Pauses,
	how: UpdateOptions,
): Promise<UpdateResult | { readonly retryInSeconds: number }> {
	try {
		return await updateFirewall(session, options.product, { ...how, ...measuring(options.health, output.note) });
	} catch (error) {
		const retryInSeconds = retryAfter(error, pauses);
		if (retryInSeconds === null || !(error instanceof CliError)) throw error;
		output.answer(
			{ event: "failed", message: error.message, code: error.code, retry_in: retryInSeconds },
			`not updated: ${error.message}; trying again in ${retryInSeconds} s`,
		);
		return { retryInSeconds };
	}
}

/** @returns null for what no waiting mends */
function retryAfter(error: unknown, pauses: Pauses): number | null {
	if (error instanceof ConnectionError) return pauseAfter(pauses);
	if (error instanceof DiskError) return REFUSED_SECONDS;
	if (error instanceof ServerRefusal) return retryAfterRefusal(error, pauses);
	// Another update runs; or a login page or a proxy on the way answered in the service's place.
	return error instanceof CliError && ["busy", "unexpected_answer"].includes(error.code) ? pauseAfter(pauses) : null;
}

/** A refused device may be reinstated, so it goes on asking. What is no problem document is about the clock, or of a proxy on the way. */
function retryAfterRefusal({ refusal }: ServerRefusal, pauses: Pauses): number | null {
	const { status, code, said, retryAfterSeconds } = refusal;
	if (retryAfterSeconds !== undefined || status >= 500 || status === 429) {
		return pauseAfter({ ...pauses, retryAfterSeconds });
	}
	const isLifted = said === undefined || [401, 403].includes(status) || code === "unauthorized_client";
	return isLifted ? REFUSED_SECONDS : null;
}
