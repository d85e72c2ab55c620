// What stands in the way of a version in an HA group: the device that is to be the first, or the one on which it failed. Told once, as an
// event. Synchronous, in the caller's transaction.
import type { HaMember, HaPermit } from "../../../entitlement/ha/ha-lock.ts";
import { SERVICE, type WriteAudit } from "../../audit.ts";
import type { HaLockTables, HaStop } from "./ha-lock-tables.ts";
import type { HaGroup } from "./ha-tables.ts";

export interface HaStopsParts {
	readonly audit: WriteAudit;
	readonly haLockTables: HaLockTables;
}

type FailedOn = Pick<HaPermit, "device" | "version" | "sequence">;

export class HaStops {
	readonly #parts: HaStopsParts;

	constructor(parts: HaStopsParts) {
		this.#parts = parts;
	}

	/** @returns by version, the newest first */
	of(haGroup: string, product: string): HaStop[] {
		return this.#parts.haLockTables.stops(haGroup).filter((one) => one.product === product);
	}

	/** Remembers what failed on a device that gets another permit. It is told of where others wait for it. */
	block(group: HaGroup, product: string, failed: FailedOn, members: readonly HaMember[], now: number): void {
		const { version, sequence, device } = failed;
		if (this.of(group.id, product).some((one) => one.version === version && one.state === "blocked")) return;
		const stop = { version, sequence, state: "blocked", device } as const;
		if (this.isWaitedFor(group.id, product, failed, members)) this.note(group, product, stop, now);
		else this.#parts.haLockTables.saveStop(group.id, product, { ...stop, since: now, told: true });
	}

	/** A device has a permit: nobody is waited for to be the first with that version, or with an older one. */
	start(haGroup: string, product: string, sequence: number): void {
		for (const stop of this.of(haGroup, product))
			if (stop.state === "waiting" && stop.sequence <= sequence)
				this.#parts.haLockTables.deleteStop(haGroup, product, stop.version);
	}

	/**
	 * A device is healthy: what is known of older versions is past, and of this one where it was the device itself that failed. Not before,
	 * since a permit may be given back.
	 */
	pass(haGroup: string, product: string, { version, sequence, device }: HaPermit): void {
		for (const stop of this.of(haGroup, product)) {
			const isOwn = stop.version === version && stop.state === "blocked" && stop.device === device;
			if (isOwn || stop.sequence < sequence) this.#parts.haLockTables.deleteStop(haGroup, product, stop.version);
		}
	}

	/** @returns whether a device of the group has not come to the version of another one's permit yet */
	isWaitedFor(haGroup: string, product: string, { device, version }: FailedOn, members: readonly HaMember[]): boolean {
		const permits = this.#parts.haLockTables.permitsFor(haGroup, product);
		const isDone = (member: HaMember) =>
			member.installed === version ||
			permits.some((one) => one.device === member.device && one.version === version && one.outcome === "healthy");
		return members.some((member) => member.device !== device && !isDone(member));
	}

	/** A group that waits for its first device is told of once it has waited for as long as its versions may differ. */
	note(
		{ id, skewLimitSeconds }: HaGroup,
		product: string,
		found: Pick<HaStop, "version" | "sequence" | "state" | "device">,
		now: number,
	): void {
		const { version, state, device } = found;
		const stops = this.of(id, product);
		const before = stops.find((one) => one.version === version);
		// That a device has to be the first takes nothing from what is known of the version's failure.
		if (before?.state === "blocked" && state === "waiting") return;
		if (state === "waiting")
			for (const one of stops)
				if (one.state === "waiting" && one !== before) this.#parts.haLockTables.deleteStop(id, product, one.version);
		const isSame = before?.state === state && before.device === device;
		const { since, told } = isSame ? before : { since: now, told: false };
		const isDue = !told && (state === "blocked" || now - since >= skewLimitSeconds);
		if (isSame && !isDue) return;
		this.#parts.haLockTables.saveStop(id, product, { ...found, since, told: told || isDue });
		if (!isDue) return;
		const why = state === "blocked" ? "it failed, or never said what became of it" : "it has not asked for it yet";
		this.#parts.audit(
			{ actor: SERVICE, now },
			"ha_group.update_blocked",
			id,
			`${product} ${version} by ${device}: ${why}`,
		);
	}
}
