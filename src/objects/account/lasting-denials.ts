// Renews what the Directory was told of an Account for as long as some store has an outdated record. A denial or a new license
// epoch is announced with an end, and a store that is down, or many devices, may take longer than that. To be called by every
// alarm. What cannot be renewed is renewed by the next alarm, minutes before the end.
import { deviceKey } from "../../storage/keys.ts";
import type { DirectoryPort } from "../outbox/directory-port.ts";
import { DENIAL_MARGIN_SECONDS, denyStep, licenseEpochStep } from "./account-records.ts";
import type { DeskParts } from "./desk.ts";

export interface LastingDenialsParts extends Pick<DeskParts, "account" | "devices" | "outbox" | "tokensEndAfter"> {
	readonly directory: DirectoryPort;
}

/** Twice the longest time between two alarms of an object that owes something. */
const RENEW_BEFORE_SECONDS = 2 * DENIAL_MARGIN_SECONDS;

export class LastingDenials {
	readonly #parts: LastingDenialsParts;
	/** The license epoch that this instance has renewed; after a restart it does so again, which changes nothing at the Directory. */
	#announced = { epoch: 0, until: 0 };

	constructor(parts: LastingDenialsParts) {
		this.#parts = parts;
	}

	/** Never rejects. @param now unix seconds */
	async renew(now: number): Promise<void> {
		const doubtful = this.#parts.outbox.doubtfulKeys();
		await Promise.allSettled([...this.#denials(doubtful, now), this.#renewLicenseEpoch(doubtful.length > 0, now)]);
	}

	/** Tokens may still be made from the device's earlier record: the denial has to outlast them. */
	#denials(doubtful: readonly string[], now: number): Promise<unknown>[] {
		const { devices, directory, tokensEndAfter } = this.#parts;
		const late = doubtful.map((key) => devices.device(key.slice(deviceKey("").length)));
		const refused = late.filter((device) => device !== null).filter(({ status }) => status !== "active");
		return refused.map((device) => directory.deny(denyStep(device, now, tokensEndAfter)));
	}

	async #renewLicenseEpoch(isDoubtful: boolean, now: number): Promise<void> {
		const { account, directory, tokensEndAfter } = this.#parts;
		const info = account.info();
		if (info === null || info.licenseEpoch === 0 || (account.renewedTo() === null && !isDoubtful)) return;
		const { epoch, until } = this.#announced;
		if (epoch === info.licenseEpoch && until - now > RENEW_BEFORE_SECONDS) return;
		const step = licenseEpochStep(info, now, tokensEndAfter);
		await directory.deny(step);
		this.#announced = { epoch: info.licenseEpoch, until: step.until };
	}
}
