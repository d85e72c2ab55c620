// What goes wrong in a trial, minute by minute, all of it chosen by the seed: objects that die between two statements, a redis-server
// that is killed, ways to KV and to the objects that are cut for some minutes.
import type { Random } from "../../test/simulation/random.ts";
import { PRODUCT } from "./operator.ts";
import type { TrialService } from "./service.ts";
import type { ObjectKind } from "./trial-worker.ts";

export interface Chaos {
	/** how often each thing was done */
	readonly done: { kills: number; redis: number; kv: number; objects: number };
	/** Before the devices of a minute ask. */
	strike(): Promise<void>;
	/** Everything is whole again. */
	mend(): Promise<void>;
}

/** Of each minute. */
const KILLS = 0.7;
const REDIS = 0.06;
const KV = 0.06;
const OBJECTS = 0.03;
/** Minutes that a store or a way is out. */
const OUTAGE = { min: 1, max: 5 } as const;
/** The statements of a permit, a report or an alarm are fewer. */
const STATEMENTS = 30;

/** @param accounts by the names of their objects */
export function createChaos(service: TrialService, accounts: readonly string[], random: Random): Chaos {
	const done = { kills: 0, redis: 0, kv: 0, objects: 0 };
	const left = { redis: 0, kv: 0, objects: 0 };
	const cut = (what: keyof typeof left, chance: number) => {
		if (left[what] > 0) left[what] -= 1;
		else if (random.chance(chance)) {
			left[what] = Math.floor(random.between(OUTAGE.min, OUTAGE.max + 1));
			done[what] += 1;
		}
	};
	const apply = async () => {
		await service.order({ do: "lines", lines: { kv: left.kv === 0, objects: left.objects === 0 } });
		await service.setRedis(left.redis === 0);
	};
	return {
		done,
		async strike() {
			cut("redis", REDIS);
			// One of the two stores at least is there, or one of the ways is: what all of them out do is known, and it is to wait.
			if (left.redis === 0) cut("kv", KV);
			cut("objects", OBJECTS);
			await apply();
			if (!random.chance(KILLS)) return;
			const kind = random.pick<ObjectKind>(["PRODUCT", "PRODUCT", "PRODUCT", "ACCOUNT", "ACCOUNT", "DIRECTORY"]);
			const name = { PRODUCT, DIRECTORY: "directory", ACCOUNT: random.pick(accounts) }[kind];
			const after = Math.floor(random.between(0, STATEMENTS));
			await service.order({ do: "kill", kind, name, after });
			done.kills += 1;
		},
		async mend() {
			left.redis = left.kv = left.objects = 0;
			await apply();
		},
	};
}
