// What is started in each round, and what it may take.
import { join } from "node:path";
import type { Start, Way } from "./judge.ts";
import type { Process } from "./run-process.ts";
import { ACCOUNT, type Stage } from "./stage.ts";

export type PlannedStart = Omit<Start, "rounds"> & {
	/** @param round for which a new cache can be made */
	readonly process: (round: number) => Process;
};

/** The goals are 0.25 s and 0.4 s on a machine on which an empty Node takes 0.06 s. */
const EMPTY_NODE_SECONDS = 0.06;
const HELP_GOAL = 0.25 / EMPTY_NODE_SECONDS;
const CALL_GOAL = 0.4 / EMPTY_NODE_SECONDS;

export interface Nodes {
	/** the project's own */
	readonly own: string;
	/** an older one of the machine; null = the machine has none, or one that needs not hand over */
	readonly older: string | null;
}

/** @param folder for caches and an empty script, which must be there as `empty.mjs` */
export function planStarts(root: string, folder: string, nodes: Nodes, stage: Stage): readonly PlannedStart[] {
	const parapet = join(root, "bin", "parapet.mjs");
	const { PATH = "" } = process.env;
	const env = { PATH, HOME: folder, PARAPET_URL: stage.url, PARAPET_KEY: "key" };
	const startsOf = (way: Way, node: string): PlannedStart[] => {
		const plan = (title: string, args: readonly string[], prints: RegExp, goal: number | null): PlannedStart => ({
			...{ title, way, goal, isEmpty: false },
			process: () => ({ command: [node, parapet, ...args], env, prints }),
		});
		const empty = { command: [node, join(folder, "empty.mjs")], env, prints: null } as const;
		return [
			{ title: "empty Node", way, goal: null, isEmpty: true, process: () => empty },
			plan("parapet --help", ["--help"], /^Usage: parapet/, HELP_GOAL),
			plan("parapet account list", ["account", "list"], new RegExp(ACCOUNT), CALL_GOAL),
			plan("parapet device check", ["device", "check", "--home", stage.home], /threats: current/, CALL_GOAL),
		];
	};
	const help = { command: [nodes.own, parapet, "--help"] as const, prints: /^Usage: parapet/ };
	const first: PlannedStart = {
		...{ title: "parapet --help, nothing compiled yet", way: "direct", goal: null, isEmpty: false },
		process: (round) => ({
			...help,
			command: [...help.command],
			env: { ...env, XDG_CACHE_HOME: join(folder, `first-${round}`) },
		}),
	};
	return [
		...startsOf("direct", nodes.own),
		first,
		...(nodes.older === null ? [] : startsOf("handed over", nodes.older)),
	];
}
