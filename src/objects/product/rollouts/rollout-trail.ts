// A turn of a rollout as an entry of its product's trail, and so for its webhooks.
import type { ProductEvent } from "../../../events/catalogue.ts";
import type { Turn } from "../../../rollout/decide-rollout.ts";
import type { Phase, Rollout } from "../../../rollout/rollout.ts";

const EVENTS: Readonly<Partial<Record<Phase, ProductEvent>>> = {
	halted: "rollout.halted",
	done: "rollout.done",
	ended: "rollout.ended",
};

/** @param tell appends an entry about the release */
export function tellTurn(
	{ to, step, why, by }: Turn,
	{ plan, reason }: Rollout,
	tell: (action: ProductEvent, detail: string) => void,
): void {
	const action = why === "resumed" ? "rollout.resumed" : (EVENTS[to] ?? "rollout.step");
	const words = why === "ordered" && reason !== null ? reason : why.replaceAll("_", " ");
	const persons = by.length > 0 ? ` by ${by.join(", ")}` : "";
	tell(action, `${to} ${plan.steps[step]?.name ?? step} of ${plan.name}: ${words}${persons}`);
}
