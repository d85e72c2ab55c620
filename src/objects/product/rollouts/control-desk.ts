// Hears the units that a Product's rollouts hold back: each asks what to run, and an edge passes on that it did. Synchronous, part of
// the caller's transaction; the rules are in src/rollout/control.ts.
import { accountObjectName } from "../../../entitlement/ids.ts";
import { decideControl } from "../../../rollout/control.ts";
import { stepEvidence } from "../../../rollout/evidence.ts";
import { isWatching, stepOf } from "../../../rollout/rollout.ts";
import type { ControlTables } from "./control-tables.ts";
import type { LeaseTables } from "./lease-tables.ts";
import type { RolloutTables } from "./rollout-tables.ts";

export interface ControlWord {
	readonly version: string;
	readonly unit: string;
	readonly device: string;
	/** seconds in which it asks again, as it was told */
	readonly again: number;
	/** unix seconds */
	readonly now: number;
}

export interface ControlDeskParts {
	readonly rollouts: RolloutTables;
	readonly leases: LeaseTables;
	readonly controls: ControlTables;
}

export class ControlDesk {
	readonly #parts: ControlDeskParts;

	constructor(parts: ControlDeskParts) {
		this.#parts = parts;
	}

	/** @returns whether it was news */
	hear({ version, unit, device, again, now }: ControlWord): boolean {
		const { rollouts, leases, controls } = this.#parts;
		const rollout = rollouts.rollout(version);
		if (rollout === null || !isWatching(rollout)) return false;
		const { step } = rollout;
		const known = controls.unit(version, step, unit);
		// It has the release, or tried it.
		if (known === null && leases.ofUnit(version, unit, [device]).length > 0) return false;
		const account = accountObjectName(device);
		const { permits } = stepEvidence({ steps: rollouts.counts(version), controls: [] }, step);
		const counts = { ...controls.taken(version, step, account), permits };
		const kept = decideControl(known, counts, stepOf(rollout), again, now);
		if (kept === null) return false;
		if (kept.isHealthy) controls.noteHealthy(version, step, unit);
		else controls.take(version, step, unit, account, kept);
		return kept.isHealthy;
	}
}
