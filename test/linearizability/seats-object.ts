// How a call of a history is made to an Account, by its public methods, and how its answer is put down.
import type { Account } from "../../src/objects/account/account.ts";
import type { SeatCall } from "./seats.ts";

type Outcome<T> = Promise<({ readonly ok: true } & T) | { readonly ok: false; readonly reason: string }>;

/** What of an Account the callers use, and what of its answers. */
export interface SeatsObject extends Pick<Account, "renewSeat" | "changeLicense" | "listLicenses" | "listDevices"> {
	activate(
		...input: Parameters<Account["activate"]>
	): Outcome<{ readonly kind: string; readonly device: { readonly id: string } }>;
	setDeviceStatus(...input: Parameters<Account["setDeviceStatus"]>): Outcome<object>;
}

/** The one license of the account. */
export const LICENSE = "lic-a";

/** Calls the object. @returns what came of it, in words that the specification uses too */
export async function perform(account: SeatsObject, input: SeatCall): Promise<string> {
	const by = { actor: "operator", now: input.now };
	switch (input.name) {
		case "activate": {
			const outcome = await account.activate(activationOf(input));
			return outcome.ok ? `${outcome.kind} ${outcome.device.id}` : outcome.reason;
		}
		case "renew": {
			const outcome = await account.renewSeat({ deviceId: input.device, now: input.now });
			if (!outcome.ok) return outcome.reason;
			return outcome.lease === null ? "for good" : `until ${outcome.lease.until}`;
		}
		case "deactivate": {
			const change = { ...by, deviceId: input.device, status: "deactivated", reason: "" } as const;
			return outcomeOf(await account.setDeviceStatus(change));
		}
		case "status": {
			const { device: deviceId, to: status } = input;
			if (status === "deactivated") throw new RangeError("that is the device's own wish");
			return outcomeOf(await account.setDeviceStatus({ ...by, deviceId, status, reason: "" }));
		}
		case "seats":
			return outcomeOf(await account.changeLicense({ ...by, id: LICENSE, terms: { seats: input.to } }));
		case "taken":
			return `${(await account.listLicenses(input.now))[0]?.seatsTaken} taken`;
		case "list": {
			const devices = (await account.listDevices()).map(({ id, status }) => `${id} ${status}`);
			return devices.sort().join(" ") || "none";
		}
	}
}

function activationOf({ key, code, candidate, now }: SeatCall & { name: "activate" }) {
	return {
		codeHash: `hash-${code}`,
		candidateDeviceId: candidate ?? "",
		jwk: { kty: "OKP", crv: "Ed25519", x: `key-${key}` } as const,
		jkt: `thumbprint-${key}`,
		serial: `FW-${key}`,
		model: "PA-440",
		labels: {},
		dpopBound: true,
		now,
	};
}

function outcomeOf(outcome: { readonly ok: true } | { readonly ok: false; readonly reason: string }): string {
	return outcome.ok ? "ok" : outcome.reason;
}
