// How the deny list changes and how it is published: as one new list for all changes of a call, which is folded into parts
// when it has grown long. Each method is synchronous and runs in the transaction of its caller.
import { deniedKey, deniedPartKeys } from "../../storage/keys.ts";
import type { DenialStep, RecordStep } from "../outbox/outbox-rows.ts";
import type { OutdatedRevisions } from "../outbox/outdated-revisions.ts";
import { deniedPartSteps, deniedStep } from "./directory-records.ts";
import type { DirectoryTables } from "./directory-tables.ts";

export class DenialList {
	readonly #tables: DirectoryTables;
	readonly #outdated: OutdatedRevisions;

	constructor(tables: DirectoryTables, outdated: OutdatedRevisions) {
		this.#tables = tables;
		this.#outdated = outdated;
	}

	/** @param now unix seconds @returns what is to be published, `heads` after it; empty = nothing has changed */
	change(changes: readonly DenialStep[], now: number): readonly RecordStep[] {
		const { denials } = this.#tables;
		if (changes.filter((change) => denials.change(change)).length === 0) return [];
		denials.dropEnded(now);
		const isFolded = denials.isFoldDue(now);
		if (isFolded) this.#fold(now);
		const revision = this.#tables.raiseRevision("denied");
		if (revision > 1) this.#outdated.add(deniedKey(revision - 1), now);
		return [...(isFolded ? deniedPartSteps(this.#tables) : []), deniedStep(this.#tables)];
	}

	/**
	 * Keeps for an account what it forgets when it is set back to an earlier time (account/rewind.ts).
	 * @param account name of its object @param floor above every version of its records
	 */
	prepareRewind(account: string, floor: number): { floor: number; denied: string[] } {
		const { denials } = this.#tables;
		return { floor: denials.raiseFloor(account, floor), denied: denials.devicesOf(account) };
	}

	/** For the revision of the list that comes next; the present one names the parts that are replaced. */
	#fold(now: number): void {
		const revision = this.#tables.revision("denied");
		const replaced = deniedPartKeys(this.#tables.denials.parts() ?? undefined);
		this.#tables.denials.fold(revision + 1, now);
		for (const key of replaced) this.#outdated.add(key, now, deniedKey(revision));
	}
}
