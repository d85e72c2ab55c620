// Accounts that are broken on purpose, each in one way in which a real one could be: what finds nothing wrong with these
// proves nothing about those that work.
import { LICENSE, type SeatsObject } from "./seats-object.ts";

type Wrap = (account: SeatsObject) => SeatsObject;

const FORGETS_EVERY = 3;

/** What the broken methods take the place of; the others stay. */
function instead(account: SeatsObject, broken: Partial<SeatsObject>): SeatsObject {
	const { activate, renewSeat, setDeviceStatus, changeLicense, listLicenses, listDevices } = account;
	const whole = { activate, renewSeat, setDeviceStatus, changeLicense, listLicenses, listDevices };
	const bound = Object.entries(whole).map(([name, method]) => [name, method.bind(account)]);
	return { ...(Object.fromEntries(bound) as SeatsObject), ...broken };
}

/** By name, each in a fresh state for one history. */
export const BROKEN_ACCOUNTS = {
	/** It looks whether a seat is free, and takes it a moment later. */
	"counts before it waits": () => (account) =>
		instead(account, {
			async activate(input) {
				const [license] = await account.listLicenses(input.now);
				const { seats = 0, seatsTaken = 0 } = license ?? {};
				await new Promise((resolve) => setTimeout(resolve, 20));
				if (seatsTaken >= seats) return account.activate(input);
				const by = { actor: "operator", now: input.now, id: LICENSE };
				await account.changeLicense({ ...by, terms: { seats: seats + 100 } });
				const outcome = await account.activate(input);
				await account.changeLicense({ ...by, terms: { seats } });
				return outcome;
			},
		}),

	/** A device that is told that it has a seat, every third time, has it no longer. */
	"forgets a seat": () => {
		let activations = 0;
		return (account) =>
			instead(account, {
				async activate(input) {
					const outcome = await account.activate(input);
					if (outcome.ok && outcome.kind === "new" && ++activations % FORGETS_EVERY === 0) {
						await account.setDeviceStatus({
							actor: "operator",
							now: input.now,
							deviceId: outcome.device.id,
							status: "deactivated",
							reason: "",
						});
					}
					return outcome;
				},
			});
	},

	/** It says yes and writes that down afterwards: an object that dies in between knows nothing of it. */
	"answers before it commits": () => (account) =>
		instead(account, {
			async activate(input) {
				const [license] = await account.listLicenses(input.now);
				if (license === undefined || license.seatsTaken >= license.seats) return account.activate(input);
				const devices = await account.listDevices();
				if (devices.some(({ jkt }) => jkt === input.jkt)) return account.activate(input);
				setTimeout(() => void account.activate(input).catch(() => {}), 50);
				return { ok: true, kind: "new", device: { id: input.candidateDeviceId } };
			},
		}),

	/** It knows a device by the attempt, not by its key. */
	"gives a key another device": () => {
		const keys = new Map<string, number>();
		return (account) =>
			instead(account, {
				async activate(input) {
					const attempt = keys.get(input.jkt) ?? 0;
					keys.set(input.jkt, attempt + 1);
					const other = { jkt: `${input.jkt}-${attempt}`, serial: `${input.serial}-${attempt}` };
					return account.activate({ ...input, ...other });
				},
			});
	},

	/** It answers from what it read a moment ago: no rule about the sum of seats notices. */
	"reads from a copy": () => {
		let copy: Awaited<ReturnType<SeatsObject["listLicenses"]>> | null = null;
		return (account) =>
			instead(account, {
				async listLicenses(now) {
					const read = copy ?? (await account.listLicenses(now));
					copy = copy === null ? read : null;
					return read;
				},
			});
	},

	/** It says that a device has left, every second time, and keeps it. */
	"loses a change": () => {
		let changes = 0;
		return (account) =>
			instead(account, {
				async setDeviceStatus(input) {
					const isKept = input.status === "deactivated" && ++changes % 2 === 0;
					return isKept ? { ok: true } : account.setDeviceStatus(input);
				},
			});
	},

	/** A lease that ends is renewed although another device has the seat by then. */
	"renews what is over": () => (account) =>
		instead(account, {
			async renewSeat(input) {
				const outcome = await account.renewSeat(input);
				if (outcome.ok || outcome.reason !== "seat_lost") return outcome;
				const [license] = await account.listLicenses(input.now);
				const by = { actor: "operator", now: input.now, id: LICENSE };
				await account.changeLicense({ ...by, terms: { seats: (license?.seats ?? 0) + 1 } });
				const renewed = await account.renewSeat(input);
				await account.changeLicense({ ...by, terms: { seats: license?.seats ?? 1 } });
				return renewed;
			},
		}),
} as const satisfies Record<string, () => Wrap>;
