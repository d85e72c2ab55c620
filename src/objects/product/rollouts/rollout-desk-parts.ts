// What the desk of a Product's rollouts works with.
import type { Turn } from "../../../rollout/decide-rollout.ts";
import type { Rollout } from "../../../rollout/rollout.ts";
import type { Alarm } from "../../alarm.ts";
import type { Change } from "../../audit.ts";
import type { ProductTables } from "../product-tables.ts";
import type { LeaseEndsParts } from "./lease-ends.ts";

export interface RolloutDeskParts extends LeaseEndsParts {
	readonly alarm: Alarm;
	readonly releases: ProductTables;
	/** whether the product's validator keeps the version from its first step */
	readonly isHeld: (version: string) => boolean;
	/** tells the trail of a turn; part of the transaction */
	readonly tell: (version: string, turn: Turn, rollout: Rollout, change: Change) => void;
	/** tells the trail of a device that broke a limit of health; part of the transaction */
	readonly tellUnhealthy: (version: string, detail: string, change: Change) => void;
	/** has the edges know how far the releases reach now; part of the transaction */
	readonly publish: (now: number) => void;
	/** who acts where nobody does */
	readonly service: (now: number) => Change;
	/** to be called after each transaction of the alarm: has the outbox deliver */
	readonly deliver: () => void;
}
