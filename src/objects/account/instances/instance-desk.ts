// What becomes of an Account's codes and devices as instances are launched and terminated. Each method is synchronous
// and runs in the caller's transaction. An event that comes again, or late, changes nothing more.
import {
	decideLaunch,
	decideTermination,
	LAUNCH_CODE_SECONDS,
	UNKNOWN_INSTANCE,
} from "../../../entitlement/instances/instance-lifecycle.ts";
import type { Change } from "../../audit.ts";
import type { DeskParts } from "../desk.ts";
import type { DeviceDesk } from "../devices/device-desk.ts";
import type { Device } from "../devices/device-tables.ts";
import type { LicenseDesk } from "../licenses/license-desk.ts";
import type { Code } from "../licenses/license-tables.ts";
import type { InstanceTables } from "./instance-tables.ts";

export interface InstanceEvent extends Change {
	readonly instance: string;
	/** when it happened, unix seconds; what claims to come from the future is taken as of now */
	readonly at: number;
}

export interface InstanceLaunch extends InstanceEvent {
	readonly license: string;
	/** of a code that is to be made */
	readonly codeId: string;
	/** keyed hashes of the code that belongs to this very launch, by each key that may have made it; the first is the present */
	readonly hashes: readonly string[];
}

export type LaunchOutcome =
	/** `index`: which of the hashes it has */
	| { readonly ok: true; readonly code: Code; readonly index: number }
	| { readonly ok: false; readonly reason: "used" | "revoked" | "over" | "unknown_license" | "id_taken" };

export interface TerminationOutcome {
	readonly ok: true;
	/** false: the instance was launched again since, and its code and its present device stay */
	readonly isNews: boolean;
	/** ids of the devices that gave up their seats now */
	readonly deactivated: readonly string[];
	/** ids of the codes that were revoked now */
	readonly revokedCodes: readonly string[];
}

export interface InstanceDeskParts extends DeskParts {
	readonly instances: InstanceTables;
	readonly licenseDesk: LicenseDesk;
	readonly deviceDesk: DeviceDesk;
}

export class InstanceDesk {
	readonly #parts: InstanceDeskParts;

	constructor(parts: InstanceDeskParts) {
		this.#parts = parts;
	}

	/** Makes the launch's code, or finds it. Other codes bound to the instance are revoked: one instance, one code. */
	launch(input: InstanceLaunch): LaunchOutcome {
		const { instances, licenses, licenseDesk } = this.#parts;
		const { actor, now, via, instance, license, codeId, hashes } = input;
		const at = Math.min(input.at, now);
		const index = Math.max(
			0,
			hashes.findIndex((one) => licenses.code("hash", one) !== null),
		);
		const hash = hashes[index] ?? "";
		const known = licenses.code("hash", hash);
		if (licenses.license(license) === null) return { ok: false, reason: "unknown_license" };
		const decision = decideLaunch({ ...instances.times(instance), code: known, at, now });
		if (!decision.ok) return decision;
		const expiresAt = now + LAUNCH_CODE_SECONDS;
		if (known !== null) {
			if (decision.kind === "prolong") licenses.prolongCode(known.id, expiresAt);
			return { ok: true, index, code: decision.kind === "prolong" ? { ...known, expiresAt } : known };
		}
		const bound = { serial: null, model: null, instance };
		const made = licenseDesk.createCode({ actor, now, via, id: codeId, hash, license, uses: 1, expiresAt, ...bound });
		if (!made.ok) return { ok: false, reason: made.reason === "id_taken" ? "id_taken" : "unknown_license" };
		this.#revokeCodes(input, codeId);
		instances.note(instance, { ...UNKNOWN_INSTANCE, launchedAt: at }, now);
		return { ok: true, index, code: made.code };
	}

	/** Frees the seats of the devices on the instance, and revokes its codes: a used one would let its device come back. */
	terminate(input: InstanceEvent): TerminationOutcome {
		const { instances, devices, licenses, deviceDesk } = this.#parts;
		const { actor, now, via, instance } = input;
		const at = Math.min(input.at, now);
		const { isNews, activatedBefore } = decideTermination(instances.times(instance), at);
		const activatedAt = (device: Device) => Math.max(device.activatedAt, licenses.activatedOn(instance, device.id));
		const wasThere = (device: Device) => activatedBefore === null || activatedAt(device) < activatedBefore;
		const gone = devices.devicesOnInstance(instance).filter(wasThere);
		const deactivated = gone.map(({ id, status }) => {
			// The machine is gone with its key. Deactivated, a suspended device could come back without being reinstated.
			const wanted = status === "suspended" ? "revoked" : "deactivated";
			const reason = `instance ${instance} terminated`;
			deviceDesk.changeStatus({ actor, now, via, deviceId: id, status: wanted, reason });
			return id;
		});
		// The launch that came since has revoked those from before it.
		const revokedCodes = isNews ? this.#revokeCodes(input, null) : [];
		instances.note(instance, { ...UNKNOWN_INSTANCE, terminatedAt: at }, now);
		return { ok: true, isNews, deactivated, revokedCodes };
	}

	/** @param except id of the one that stays */
	#revokeCodes({ actor, now, via, instance }: InstanceEvent, except: string | null): string[] {
		const open = this.#parts.licenses.openCodesFor(instance, now).filter(({ id }) => id !== except);
		for (const { id } of open) this.#parts.licenseDesk.revokeCode({ actor, now, via, id });
		return open.map(({ id }) => id);
	}
}
