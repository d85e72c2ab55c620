// What moved a rollout, entry by entry, each bound to all before it by a hash: an entry that is changed, left out or put in shows, and
// since the rules are pure, anyone can replay the log and has to reach the same states. Says nothing of entries cut off at the end;
// for that the reader compares the last hash with one from elsewhere.
import { sha256OfText } from "../signing/text-digest.ts";
import type { Approval } from "./approvals.ts";
import { decideRollout, orderRollout, type RolloutOrder, type Turn } from "./decide-rollout.ts";
import type { Evidence } from "./evidence.ts";
import type { Rollout } from "./rollout.ts";

/** What was put into the rules at that time. */
export type LogInput =
	| { readonly kind: "start"; readonly rollout: Rollout }
	| {
			readonly kind: "decision";
			readonly evidence: Evidence;
			readonly approvals: readonly Approval[];
			/** until when no step could begin; left out = they could */
			readonly frozen?: number;
			/** the first step could not begin: its validator had not passed it; left out = it could */
			readonly held?: boolean;
	  }
	| { readonly kind: "order"; readonly order: RolloutOrder; readonly by: string };

export interface LogEntry {
	/** from 1 */
	readonly seq: number;
	/** unix seconds */
	readonly at: number;
	readonly input: LogInput;
	/** what came of it */
	readonly turns: readonly Turn[];
	/** of the entry before; empty for the first */
	readonly previous: string;
	/** SHA-256 of all the above as canonical JSON (RFC 8785), base64url */
	readonly hash: string;
}

/** @returns the entry that follows `last`; null = it is the first */
export async function appendLog(
	last: Pick<LogEntry, "seq" | "hash"> | null,
	entry: Pick<LogEntry, "at" | "input" | "turns">,
): Promise<LogEntry> {
	const unsealed = { seq: (last?.seq ?? 0) + 1, previous: last?.hash ?? "", ...entry };
	return { ...unsealed, hash: await hashOf(unsealed) };
}

export type LogVerification =
	| { readonly ok: true; readonly rollout: Rollout }
	| { readonly ok: false; readonly seq: number; readonly reason: LogFault };
/**
 * empty: no entry. order: not one after the other, or not starting with a start, or starting again without a promotion. hash: changed.
 * turns: not what the rules say.
 */
export type LogFault = "empty" | "order" | "hash" | "turns";

/** Replays a log. @returns the state that it leads to, or the first entry that is wrong and why */
export async function verifyLog(entries: readonly LogEntry[]): Promise<LogVerification> {
	let rollout: Rollout | null = null;
	let previous: LogEntry | null = null;
	for (const entry of entries) {
		const { seq, hash, ...rest } = entry;
		const follows = seq === (previous?.seq ?? 0) + 1 && rest.previous === (previous?.hash ?? "");
		const inTime = previous === null || entry.at >= previous.at;
		const isStart = entry.input.kind === "start";
		// A release that everybody on beta may have begins again when it is promoted; nothing else does.
		const isInTurn: boolean = rollout === null ? isStart : !isStart || isPromoted(rollout, entry.input);
		if (!follows || !inTime || !isInTurn) return wrong(entry, "order");
		if (hash !== (await hashOf({ seq, ...rest }))) return wrong(entry, "hash");
		const outcome = replay(rollout, entry);
		if (canonicalJson(outcome.turns) !== canonicalJson(entry.turns)) return wrong(entry, "turns");
		rollout = outcome.rollout;
		previous = entry;
	}
	return rollout === null ? { ok: false, seq: 0, reason: "empty" } : { ok: true, rollout };
}

function isPromoted(rollout: Rollout, input: LogInput): boolean {
	if (input.kind !== "start" || rollout.phase !== "done") return false;
	return rollout.channel === "beta" && input.rollout.channel === "stable";
}

function wrong({ seq }: LogEntry, reason: LogFault): LogVerification {
	return { ok: false, seq, reason };
}

function replay(rollout: Rollout | null, { input, at }: LogEntry): { rollout: Rollout; turns: readonly Turn[] } {
	if (input.kind === "start") return { rollout: input.rollout, turns: [] };
	if (rollout === null) throw new RangeError("a log begins with the start of its rollout");
	if (input.kind === "decision") {
		const { evidence, approvals, frozen, held } = input;
		return decideRollout(rollout, evidence, approvals, at, frozen, held);
	}
	return takeOrder(rollout, input, at);
}

/** @returns what a person's order makes of the rollout, in the form that the log keeps */
export function takeOrder(
	rollout: Rollout,
	{ order, by }: Extract<LogInput, { kind: "order" }>,
	now: number,
): { rollout: Rollout; turns: readonly Turn[] } {
	const next = orderRollout(rollout, order, now);
	if (next === rollout) return { rollout, turns: [] };
	const why = order.kind === "schedule" ? "rescheduled" : "ordered";
	return { rollout: next, turns: [{ from: rollout.phase, to: next.phase, step: next.step, why, by: [by] }] };
}

async function hashOf(entry: Omit<LogEntry, "hash">): Promise<string> {
	return sha256OfText(canonicalJson(entry));
}

/** RFC 8785 for what a log holds: objects by sorted names, numbers and texts as JSON.stringify writes them, nothing undefined. */
function canonicalJson(value: unknown): string {
	return JSON.stringify(value, (_, inner: unknown) =>
		inner !== null && typeof inner === "object" && !Array.isArray(inner)
			? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
			: inner,
	);
}
