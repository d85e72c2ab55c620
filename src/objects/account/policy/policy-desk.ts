// What a customer says of the updates of the own devices: kept, and brought to the edges in the devices' records. A change that is
// about single devices writes their records anew; any other is news for all, as a change of licenses is. Each method is synchronous
// and runs in the caller's transaction.
import { type Allowance, allowedFrom, spend } from "../../../entitlement/allowance.ts";
import { type PolicyRule, resolvePolicy } from "../../../entitlement/policy/account-policy.ts";
import type { Change } from "../../audit.ts";
import { changedSteps } from "../account-records.ts";
import type { DeskParts } from "../desk.ts";
import { beginLicenseEpoch } from "../licenses/license-epoch.ts";
import type { AccountPolicy } from "./policy-tables.ts";

export interface PolicyChange {
	readonly rules: readonly PolicyRule[];
	/** version that is to be replaced; null = whichever is there */
	readonly replaces: number | null;
}

export type PolicyResult =
	| { readonly ok: true; readonly changed: boolean; readonly policy: AccountPolicy }
	| { readonly ok: false; readonly reason: "changed_meanwhile"; readonly version: number }
	| { readonly ok: false; readonly reason: "unknown_device" }
	| { readonly ok: false; readonly reason: "too_often" /** seconds */; readonly retryAfter: number };

/** Each change may write the records of all devices anew, and end their tokens. One that says what is there already costs nothing. */
const CHANGES: Allowance = { everySeconds: 180, burst: 20 };

export class PolicyDesk {
	readonly #parts: DeskParts;

	constructor(parts: DeskParts) {
		this.#parts = parts;
	}

	read(): AccountPolicy {
		return this.#parts.policies.policy();
	}

	/** Replaces all rules. The same again changes nothing. */
	change(input: Change & PolicyChange): PolicyResult {
		const { account, devices, policies, outbox, audit, tokensEndAfter } = this.#parts;
		const before = policies.policy();
		const { rules, replaces, now } = input;
		if (replaces !== null && replaces !== before.version)
			return { ok: false, reason: "changed_meanwhile", version: before.version };
		const named = devicesOf(rules);
		if (named.some((id) => devices.device(id) === null)) return { ok: false, reason: "unknown_device" };
		if (JSON.stringify(rules) === JSON.stringify(before.rules)) return { ok: true, changed: false, policy: before };
		const from = allowedFrom(before.spentTo, CHANGES);
		if (from > now) return { ok: false, reason: "too_often", retryAfter: from - now };
		const policy = { version: before.version + 1, rules, changedAt: now, spentTo: spend(before.spentTo, now, CHANGES) };
		policies.save(policy);
		audit(input, "account.policy", account.info()?.id ?? "", summaryOf(rules));
		if (JSON.stringify(forMany(rules)) !== JSON.stringify(forMany(before.rules))) {
			beginLicenseEpoch(this.#parts, now);
			return { ok: true, changed: true, policy };
		}
		for (const id of new Set([...named, ...devicesOf(before.rules)])) {
			const device = devices.device(id);
			if (device === null) continue;
			const { labels } = device;
			const [then, today] = [before.rules, rules].map((some) => resolvePolicy(some, { id, labels }));
			if (JSON.stringify(then) === JSON.stringify(today)) continue;
			devices.saveDevice(device);
			outbox.add(changedSteps({ ...device, policy: then ?? null }, devices.deviceOrThrow(id), now, tokensEndAfter));
		}
		return { ok: true, changed: true, policy };
	}
}

/** Rules that are not about one device. Where one of them stands among those that are counts too. */
function forMany(rules: readonly PolicyRule[]): readonly (PolicyRule | null)[] {
	const last = rules.findLastIndex((rule) => !isForOne(rule));
	return rules.slice(0, last + 1);
}

function isForOne({ for: whom }: PolicyRule): boolean {
	return whom !== undefined && "device" in whom;
}

function devicesOf(rules: readonly PolicyRule[]): string[] {
	return rules.flatMap(({ for: whom }) => (whom !== undefined && "device" in whom ? [whom.device] : []));
}

function summaryOf(rules: readonly PolicyRule[]): string {
	const ones = rules.filter(isForOne).length;
	return `${rules.length} rules, ${ones} of them for one device`;
}
