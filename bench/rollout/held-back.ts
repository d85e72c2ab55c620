// The units that a simulated rollout holds back, watched as the service does (`decideControl`). They ask as they are told to, and as
// many fall silent as of all others. Each is of an account of its own.
import { type ControlUnit, decideControl, HOLDBACK, hasControl } from "../../src/rollout/control.ts";
import { type ControlEvidence, type Evidence, NO_CONTROL, stepEvidence } from "../../src/rollout/evidence.ts";
import type { PlanStep } from "../../src/rollout/plan.ts";
import { type Rollout, stepOf } from "../../src/rollout/rollout.ts";
import type { Random } from "../../test/simulation/random.ts";
import { Queue, type Timed } from "./queue.ts";

interface Asking extends Timed {
	readonly step: number;
	/** null = it is not of the control yet */
	readonly known: ControlUnit | null;
	/** its time is over: it counts as failed from now on */
	readonly isDue: boolean;
}

/** Seconds for which the service's answer holds; then the next check is a full one. */
const ANSWER_SECONDS = 600;

export class HeldBack {
	readonly #fleet: { readonly units: number; readonly pollSeconds: number; readonly silentAnyway: number };
	readonly #controls: ControlEvidence[];
	readonly #random: Random;
	readonly #asking = new Queue<Asking>();
	readonly #taken: number[] = [];
	#begun = -1;

	/** @param controls where it counts, by step */
	constructor(
		fleet: { readonly units: number; readonly pollSeconds: number; readonly silentAnyway: number },
		controls: ControlEvidence[],
		random: Random,
	) {
		this.#fleet = fleet;
		this.#controls = controls;
		this.#random = random;
	}

	get nextAt(): number {
		return this.#asking.nextAt;
	}

	/** The rollout lets in its present step. */
	begin(rollout: Rollout, now: number): void {
		const { step } = rollout;
		if (step === this.#begun || !hasControl(stepOf(rollout))) return;
		this.#begun = step;
		while (this.#controls.length <= step) this.#controls.push(NO_CONTROL);
		for (let unit = 0; unit < Math.floor(this.#fleet.units * HOLDBACK); unit++) this.#askAgain(step, null, now);
	}

	/** The next of them asks, or its time is over. */
	ask(rollout: Rollout, evidence: Evidence): void {
		const { at: now, step, known, isDue } = this.#asking.take();
		const present = rollout.plan.steps[step];
		if (present === undefined) return;
		if (isDue) this.#count(step, "failed");
		else this.#word(rollout, evidence, { step, known }, present, now);
	}

	#word(
		rollout: Rollout,
		evidence: Evidence,
		{ step, known }: Pick<Asking, "step" | "known">,
		present: PlanStep,
		now: number,
	): void {
		const isOpen = rollout.step === step && (rollout.phase === "running" || rollout.phase === "baking");
		if (known === null && !isOpen) return;
		const counts = { taken: this.#taken[step] ?? 0, ofAccount: 0, permits: stepEvidence(evidence, step).permits };
		const again = ANSWER_SECONDS + 2 * this.#fleet.pollSeconds;
		const kept = decideControl(known, counts, present, again, now);
		if (kept?.isHealthy) {
			this.#count(step, "healthy");
			return;
		}
		if (kept === null) {
			this.#askAgain(step, known, now);
			return;
		}
		this.#taken[step] = counts.taken + 1;
		if (this.#random.chance(this.#fleet.silentAnyway))
			this.#asking.add({ at: kept.due, step, known: kept, isDue: true });
		else this.#askAgain(step, kept, now);
	}

	#askAgain(step: number, known: ControlUnit | null, now: number): void {
		const wait = known === null ? 0 : ANSWER_SECONDS;
		const at = now + wait + this.#random.next() * this.#fleet.pollSeconds;
		this.#asking.add({ at, step, known, isDue: false });
	}

	#count(step: number, what: keyof ControlEvidence): void {
		const before = this.#controls[step] ?? NO_CONTROL;
		this.#controls[step] = { ...before, [what]: before[what] + 1 };
	}
}
