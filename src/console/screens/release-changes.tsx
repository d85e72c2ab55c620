// What the rules of a release change against the one that everybody has, and the plan that this calls for.
import { ApiRefusal } from "../console-env.ts";
import { Facts, Mark, Table } from "../layout.tsx";
import type { ConsoleContext } from "../render.tsx";

interface Rule {
	readonly id: string;
	readonly message: string;
}
export interface RuleChanges {
	readonly from: { readonly version: string } | null;
	readonly to: { readonly version: string };
	readonly counts: Readonly<
		Record<"added" | "removed" | "changed" | "newly_blocking" | "blocking_no_more" | "reused" | "after", number>
	>;
	readonly newly_blocking: readonly Rule[];
	readonly reused: readonly (Rule & { readonly message_before: string })[];
	readonly cves: { readonly added: readonly string[]; readonly removed: readonly string[] };
	readonly proposed_classes: readonly string[];
	readonly proposed_plan: { readonly plan: string; readonly reasons: readonly string[] };
}

/** Rules of a table. */
const SHOWN = 25;

/** @returns null where one of the two has no rule index, or there is nothing before it; unread = the storage does not give them now */
export async function readChanges(
	api: ConsoleContext["var"]["api"],
	product: string,
	version: string,
): Promise<RuleChanges | "unread" | null> {
	const path = `/v1/products/${encodeURIComponent(product)}/changes?to=${encodeURIComponent(version)}`;
	const found = await api.get<RuleChanges>(path).catch((error: unknown) => {
		if (error instanceof ApiRefusal && error.problem.status === 404) return null;
		// Whoever wants to withdraw the release while the storage is down needs no comparison for it.
		if (error instanceof ApiRefusal && error.problem.status >= 500) return "unread" as const;
		throw error;
	});
	return found === "unread" || found?.from != null ? found : null;
}

export function UnreadChanges() {
	return (
		<p>
			<Mark tone="amber">unknown</Mark> What its rules change cannot be read from the storage now.
		</p>
	);
}

/** @param said classes of the release as its publisher says them; null = not said */
export function Changes({
	product,
	changes,
	said,
}: {
	product: string;
	changes: RuleChanges;
	said: readonly string[] | null;
}) {
	const {
		counts,
		newly_blocking: blocking,
		reused,
		cves,
		proposed_plan: proposed,
		proposed_classes: classes,
		from,
		to,
	} = changes;
	// Who says none is taken for all of them.
	const isSaid = said === null || classes.every((one) => said.includes(one));
	return (
		<>
			<h2>Rules against {from?.version}</h2>
			<Facts
				of={[
					["Rules", `${counts.after}: ${counts.added} added, ${counts.removed} removed, ${counts.changed} changed`],
					["Newly blocking", counts.newly_blocking === 0 ? "none" : <Mark tone="amber">{counts.newly_blocking}</Mark>],
					["Blocking no more", String(counts.blocking_no_more)],
					["Newly named", cves.added.slice(0, SHOWN).join(", ") || "no CVE"],
					["Named no more", cves.removed.slice(0, SHOWN).join(", ") || "no CVE"],
					["Proposed classes", isSaid ? classes.join(", ") : <Mark tone="amber">{classes.join(", ")}</Mark>],
					["Proposed plan", `${proposed.plan}: ${proposed.reasons.join("; ")}`],
				]}
			/>
			{blocking.length > 0 && (
				<Table
					label="Newly blocking"
					head={["Newly blocking", "Message"]}
					empty=""
					rows={blocking.slice(0, SHOWN).map(({ id, message }) => [<code>{id}</code>, message])}
				/>
			)}
			{reused.length > 0 && (
				<Table
					label="Ids that mean another rule now"
					head={["Id of another rule", "Message", "Before"]}
					empty=""
					rows={reused.slice(0, SHOWN).map((one) => [<code>{one.id}</code>, one.message, one.message_before])}
				/>
			)}
			<p>
				As its publisher says. From the bytes themselves: <code>{`parapet release diff ${product} ${to.version}`}</code>
			</p>
		</>
	);
}
