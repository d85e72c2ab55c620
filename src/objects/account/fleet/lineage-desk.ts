// Copies of the Account's devices, by what their token requests bring back: a row for each device, written once a day. The rule is in
// entitlement/devices/lineage.ts. Synchronous, in the caller's transaction.
import type { Allowance } from "../../../entitlement/allowance.ts";
import { type Branch, type DeviceLines, hearStep, resolveFork } from "../../../entitlement/devices/lineage.ts";
import { holdsSeat } from "../../../entitlement/licenses/license.ts";
import type { DeviceWord } from "../../../fleet/device-state.ts";
import { formatTimestamp } from "../../../timestamps.ts";
import { type Change, SERVICE, type WriteAudit } from "../../audit.ts";
import type { DeviceTables } from "../devices/device-tables.ts";
import { DeviceAllowance } from "./device-allowance.ts";
import type { LineageTables } from "./lineage-tables.ts";

/** Steps of one device that are written: one a day is usual. One that brings old values again and again makes no more rows than that. */
const STEPS: Allowance = { everySeconds: 6 * 3_600, burst: 8 };

export interface ForkedDevice {
	readonly device: string;
	readonly serial: string;
	readonly lines: DeviceLines;
}

export type ForkOrder =
	| { readonly kind: "list"; readonly after: string; readonly limit: number }
	| (Change & {
			readonly kind: "resolve";
			readonly device: string;
			/** anchor of the line that is the device */
			readonly keep: string;
			readonly reason: string;
	  });

export type ForkAnswer =
	| { readonly kind: "list"; readonly forks: readonly ForkedDevice[]; readonly next: string | null }
	| { readonly kind: "resolved" }
	/** not_forked: nor was it; unknown_line: of the two lines it is neither */
	| { readonly kind: "refused"; readonly reason: "unknown_device" | "not_forked" | "unknown_line" };

export const NO_FORKS: ForkAnswer = { kind: "list", forks: [], next: null };

export interface LineageDeskParts {
	readonly tables: LineageTables;
	readonly devices: Pick<DeviceTables, "device">;
	readonly audit: WriteAudit;
}

export class LineageDesk {
	readonly #parts: LineageDeskParts;
	readonly #steps = new DeviceAllowance(STEPS);

	constructor(parts: LineageDeskParts) {
		this.#parts = parts;
	}

	/** Takes down which of them have begun another day; of other words nothing. */
	hear(words: readonly DeviceWord[]): void {
		const { tables, devices, audit } = this.#parts;
		for (const { device, at, country, colo, said } of words) {
			if (said.kind !== "lineage") continue;
			const known = devices.device(device);
			if (known === null || !holdsSeat(known.status) || !this.#steps.take(device, at)) continue;
			const before = tables.lines(device);
			const after = hearStep(before, said, { at, country, colo });
			if (after === before) continue;
			tables.save(device, after);
			if (after.forkedAt === null || before?.forkedAt != null) continue;
			audit({ actor: SERVICE, now: at }, "device.forked", device, detailOf(after));
		}
	}

	obey(order: ForkOrder): ForkAnswer {
		const { tables, devices } = this.#parts;
		if (order.kind === "resolve") return this.#resolve(order);
		const { after, limit } = order;
		const found = tables.forked(after, limit);
		const forks = found.flatMap(({ device, lines }) => {
			const known = devices.device(device);
			return known === null ? [] : [{ device, serial: known.serial, lines }];
		});
		return { kind: "list", forks, next: found.length < limit ? null : (found.at(-1)?.device ?? null) };
	}

	#resolve(order: ForkOrder & { readonly kind: "resolve" }): ForkAnswer {
		const { tables, devices, audit } = this.#parts;
		const { device, keep, reason } = order;
		if (devices.device(device) === null) return { kind: "refused", reason: "unknown_device" };
		const lines = tables.lines(device);
		if (lines === null || lines.forkedAt === null) return { kind: "refused", reason: "not_forked" };
		const after = resolveFork(lines, keep);
		if (after === null) return { kind: "refused", reason: "unknown_line" };
		tables.save(device, after);
		audit(order, "device.fork_resolved", device, reason === "" ? keep : `${keep}: ${reason}`);
		return { kind: "resolved" };
	}
}

function detailOf({ main, rival }: DeviceLines): string {
	return [main, rival].flatMap((one) => (one === null ? [] : [describe(one)])).join("; ");
}

function describe({ anchor, at, country, colo }: Branch): string {
	return [anchor, country, colo, formatTimestamp(at)].filter((one) => one !== null).join(" ");
}
