// What can be measured in rounds, in the order of a round: its title, what its throughput is compared with, and its goal.
// Which of it a run measures follows from its options. Pure.

interface Row {
	readonly title: string;
	/** null = it is what others are compared with */
	readonly against: string | null;
	/** the part of the other's throughput that must remain */
	readonly goal: number | null;
	/** a yardstick: measured only when it is asked for */
	readonly isExtra?: true;
}

const TABLE = {
	bare: { title: "bare Worker", against: null, goal: null },
	"bare-check": { title: "  the same, sent the checks", against: "bare", goal: null, isExtra: true },
	"bare-permit": { title: "  the same, sent the permits", against: "bare", goal: null, isExtra: true },
	verify: { title: "  one ES256 verification, no more", against: "bare", goal: null, isExtra: true },
	check: { title: "check, nothing new (304)", against: "bare", goal: 0.8 },
	offers: { title: "check, two products, two offers", against: "bare", goal: 0.4 },
	"offers-dpop": { title: "  the same with a DPoP proof", against: "bare", goal: null, isExtra: true },
	permit: { title: "permit, record in memory", against: "bare", goal: 0.5 },
	token: { title: "token (assertion and DPoP proof)", against: "bare", goal: 0.2 },
	"token-once": { title: "  the same, assertion counted once", against: "bare", goal: null, isExtra: true },
	"stream-memory": { title: "bare stream, 1 MB from memory", against: "stream", goal: null, isExtra: true },
	stream: { title: "bare stream, 1 MB from cache", against: null, goal: null },
	download: { title: "signed download, 1 MB", against: "stream", goal: 0.5 },
	"few-devices": { title: "check (304), a small fleet", against: null, goal: null },
	growth: { title: "check (304), a large fleet", against: "few-devices", goal: 0.95 },
	"bare-few": { title: "  bare Worker, sent the small fleet's", against: null, goal: null, isExtra: true },
	"bare-growth": { title: "  bare Worker, sent the large fleet's", against: "bare-few", goal: null, isExtra: true },
} as const satisfies Record<string, Row>;

/** What is measured in rounds of this process' own workerd. */
export type WorkerdRow = keyof typeof TABLE;
/** The peer's, in the same rounds. */
export type PeerRow = "nginx" | "nginx-check" | "nginx-sealed" | "nginx-permit";
export type RowName = WorkerdRow | PeerRow;

export const ROWS: Readonly<Record<WorkerdRow, Row & { readonly against: WorkerdRow | null }>> = TABLE;
const ROW_NAMES = Object.keys(TABLE) as WorkerdRow[];

interface DuelRow {
	readonly title: string;
	readonly ours: WorkerdRow;
	readonly peer: PeerRow;
	/** ours ÷ the peer's */
	readonly goal: number | null;
	readonly isExtra?: true;
}

/** What the peer does, beside the row of ours that does the same. */
export const DUELS: readonly DuelRow[] = [
	{ title: "no check at all", ours: "bare", peer: "nginx", goal: null },
	{ title: "check, nothing new (304)", ours: "check", peer: "nginx-check", goal: 1 },
	{ title: "  against tokens under a MAC", ours: "check", peer: "nginx-sealed", goal: null, isExtra: true },
	{ title: "permit", ours: "permit", peer: "nginx-permit", goal: 1 },
];

/** What is measured beside the rounds. */
const PROBES = ["start-up", "reads", "memory"] as const;
export type Probe = (typeof PROBES)[number];

/** Every name that can be asked for. */
export const NAMES: readonly (WorkerdRow | Probe)[] = [...ROW_NAMES, ...PROBES];

export interface Selection {
	/** in the order of a round */
	readonly rows: readonly WorkerdRow[];
	readonly peerRows: readonly PeerRow[];
	readonly probes: readonly Probe[];
}

/**
 * @param only names that were asked for, null = everything but yardsticks
 * @param all yardsticks too
 * @returns what is to be measured: what was asked for, and what that is compared with
 */
export function select(only: readonly string[] | null, all: boolean, peer: boolean): Selection {
	const isWanted = (name: WorkerdRow) => (only === null ? all || ROWS[name].isExtra !== true : only.includes(name));
	const wanted = new Set<WorkerdRow>(ROW_NAMES.filter(isWanted));
	for (const name of [...wanted]) {
		const { against } = ROWS[name];
		if (against !== null) wanted.add(against);
	}
	const duels = DUELS.filter(({ ours, isExtra }) => peer && wanted.has(ours) && (all || isExtra !== true));
	return {
		rows: ROW_NAMES.filter((name) => wanted.has(name)),
		peerRows: duels.map((duel) => duel.peer),
		probes: PROBES.filter((name) => only === null || only.includes(name)),
	};
}
