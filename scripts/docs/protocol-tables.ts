// The tables of docs/protocol.md that list the values of a field. Each value that the code knows must have its meaning here, and
// no other can, or this file does not compile.
import type { CURRENT_REASONS, OFFER_REASONS, UNAVAILABLE_REASONS } from "../../src/content/releases/selection.ts";
import type { Decision } from "../../src/entitlement/decide.ts";
import type { Reported } from "../../src/rollout/lease.ts";
import { table } from "./markdown.ts";

const DECISION_MEANINGS: Readonly<Record<Decision, string>> = {
	active: "the license runs: every release comes",
	grace: "it has ended, but every release still comes for a while",
	critical: "its grace is over too: emergency releases still come, and those that came out before",
	refused: "nothing new comes. What is installed stays",
};

type Meanings<Reasons extends readonly string[]> = Readonly<Record<Reasons[number], string>>;

const OFFERED: Meanings<typeof OFFER_REASONS> = {
	first_install: "nothing is installed",
	newer: "a newer release is there for this device",
	released_later:
		"an older version was released after the installed one, as a publisher may who means it (`downgrade`)",
	installed_unknown: "what is installed is no release that the service knows (any more)",
	installed_incompatible:
		"what is installed does not fit the engine or model that the device has now; the offer does, and can be an older release (`downgrade`)",
	installed_failed:
		"what is installed does not work on this device, by its word `failed`; the offer can be an older release (`downgrade`)",
	installed_damaged: "what was installed is `damaged`: that release again, or a newer one that is for this device",
	installed_withdrawn: "what is installed was withdrawn; the offer can be an older release (`downgrade`)",
};
const CURRENT: Meanings<typeof CURRENT_REASONS> = {
	up_to_date: "the installed release is the one to run",
	newer_failed:
		"the installed release is the one to run, since a newer one does not work on this device, by its word `failed`",
	newer_too_large:
		"the installed release is the one to run, since a newer one takes more room than the device says that it has (`disk_free`, `memory`)",
	newer_blocked:
		"the installed release is the one to run, since this device lacks what a newer one requires of other products: `blocked_by`",
	held_by_installed:
		"the installed release is the one to run, since what stays installed of another product does not go with a newer one: `held_by`",
	newer_installed: "the installed release is newer than what the license gives now, or than the pinned one; it stays",
	ahead_of_channel: "the device has left beta, and stable has not passed what it has from there; it stays until then",
	held: "a release is `waiting`; the account has this device stay as it is",
	frozen: "a release is `waiting`; the account or the product installs nothing now",
	outside_window: "a release is `waiting` for this device's next maintenance window",
};
const UNAVAILABLE: Meanings<typeof UNAVAILABLE_REASONS> = {
	no_release: "the product has no release, or each was withdrawn",
	none_in_channel: "each release is on beta, and the device is not",
	pin_unavailable: "the account has pinned a version that is withdrawn or not there (any more)",
	none_compatible: "no release is for this model and `engine`",
	none_small_enough: "each release that fits takes more room than the device says that it has (`disk_free`, `memory`)",
	none_licensed: "each release that fits came out after the license and its grace",
	none_old_enough: "each release that fits is younger than the license's delay allows",
	none_rolled_out: "each release that fits is on its way, and has not come to this device yet",
	none_but_blocked: "this device lacks what each release that fits requires of other products: `blocked_by`",
	none_but_held: "what stays installed of another product goes with no release that fits: `held_by`",
	none_but_failed: "the only release that fits does not work on this device, by its word `failed`",
};

const OUTCOMES: Readonly<Record<Reported, string>> = {
	downloaded: "the package is there, and not in place yet",
	installed: "the package is in place, and whether it works is known later",
	healthy: "the firewall has loaded it and works; it needs no `installed` before",
	failed: "it could not be installed; the old one stays. Not for a download that broke off, which goes on",
	rolled_back: "it was installed, did not work, and the old one is back",
	deferred:
		"the firewall puts it off (`detail`: window, commit_lock, ha_peer, disk, memory, operator) and takes another permit later",
	declined: "the firewall, or who runs it, does not want this release",
};

const TABLES: Readonly<Record<string, () => string[]>> = {
	decisions: () => table(["`decision`", "means"], valueRows(DECISION_MEANINGS)),
	outcomes: () => table(["`outcome`", "when"], valueRows(OUTCOMES)),
	reasons: () =>
		table(
			["`status`", "`reason`", "means", "what the device does"],
			[
				...reasonRows("offered", OFFERED, "installs the offer"),
				...reasonRows("current", CURRENT, "nothing"),
				...reasonRows("unavailable", UNAVAILABLE, "nothing; keeps what is installed"),
				["`refused`", "the `code`", "`decision` is `refused`", "nothing; keeps what is installed"],
			],
		),
};

function valueRows(meanings: Readonly<Record<string, string>>): string[][] {
	return Object.entries(meanings).map(([value, meaning]) => [`\`${value}\``, meaning]);
}

function reasonRows(status: string, meanings: Readonly<Record<string, string>>, todo: string): string[][] {
	return Object.entries(meanings).map(([reason, meaning]) => [`\`${status}\``, `\`${reason}\``, meaning, todo]);
}

/**
 * Writes each table between its marks, `<!-- table: name -->` and `<!-- end of table -->`.
 * @throws Error where a mark names no table, or a table has no mark
 */
export function fillTables(document: string): string {
	const missing = new Set(Object.keys(TABLES));
	const filled = document.replaceAll(
		/(<!-- table: (\w+) -->\n)[\s\S]*?(<!-- end of table -->)/g,
		(_, start: string, name: string, end: string) => {
			missing.delete(name);
			const lines = TABLES[name]?.();
			if (lines === undefined) throw new Error(`there is no table ${name}`);
			return `${start}\n${lines.join("\n")}\n\n${end}`;
		},
	);
	if (missing.size > 0) throw new Error(`no place for the tables ${[...missing].join(", ")}`);
	return filled;
}
