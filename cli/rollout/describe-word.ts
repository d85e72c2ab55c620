// What became of a person's word on a rollout, in one line.
import type { RolloutAnswer } from "./ladder.ts";

/** @param before the rollout as it was when the word was given @param after as the service answered it */
export function describeWord(kind: string, before: RolloutAnswer, after: RolloutAnswer): string {
	if (after.step !== before.step || after.phase !== before.phase) {
		return `your word is taken, and no other is needed: the rollout is ${after.phase} ${after.step} now`;
	}
	const missing = after.waits_for.find((one) => one.kind === "words" && one.of === kind);
	if (missing === undefined) {
		const [wait] = after.waits_for;
		const until = wait?.at == null ? "" : `: it waits until ${wait.at}`;
		return `your word is taken, and no other is needed for step ${after.step}${until}`;
	}
	const more = `${missing.count} more ${missing.count === 1 ? "is" : "are"} needed`;
	return missing.not_only_publisher
		? `your word is taken; ${more}, of somebody else than ${after.publisher}, who uploaded it`
		: `your word is taken; ${more}`;
}
