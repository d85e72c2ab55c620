// How the deny list changes and how it is published: as one new list for all changes of a call, which is folded into parts
// when it has grown long. Each method is synchronous and runs in the transaction of its caller.
import type { ProductPermit } from "../../entitlement/ha/ha-lock.ts";
import { deniedKey, deniedPartKeys } from "../../storage/keys.ts";
import type { DenialStep, RecordStep } from "../outbox/outbox-rows.ts";
import type { OutdatedRevisions } from "../outbox/outdated-revisions.ts";
import type { KeptForRewind } from "./denial-tables.ts";
import { deniedPartSteps, deniedStep } from "./directory-records.ts";
import type { DirectoryTables } from "./directory-tables.ts";

/** `epoch`: the license epoch of the account now. */
export type Forgotten = KeptForRewind & { readonly epoch: number };

export interface PreparedRewind {
	readonly floor: number;
	readonly permits: ProductPermit[];
	/** devices of the account that are refused */
	readonly denied: string[];
}

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
	 * @param account name of its object @param forgets null = nothing more than is kept
	 */
	prepareRewind(account: string, forgets: Forgotten | null): PreparedRewind {
		const { denials } = this.#tables;
		if (forgets !== null) denials.keepForRewind(account, forgets);
		const { floor, permits } = denials.rewind(account) ?? { floor: 0, permits: [] };
		return { floor, permits: [...permits], denied: denials.devicesOf(account) };
	}

	/** For the revision of the list that comes next; the present one names the parts that are replaced. */
	#fold(now: number): void {
		const revision = this.#tables.revision("denied");
		const replaced = deniedPartKeys(this.#tables.denials.parts() ?? undefined);
		this.#tables.denials.fold(revision + 1, now);
		for (const key of replaced) this.#outdated.add(key, now, deniedKey(revision));
	}
}
