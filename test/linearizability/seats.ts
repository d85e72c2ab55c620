// What an Account's seats are to those who call it one after the other: a sequential specification, on a page and apart from
// the service's own rules. One license, fixed or elastic; code `a` for any number of devices, code `b` for a few.
import type { Call, Specification } from "./checker.ts";

/** `now`: the caller's time when it called, unix seconds; `endedAt`: when it had its answer, or the history ended */
export type SeatCall = { readonly now: number; readonly endedAt: number } & (
	| {
			readonly name: "activate";
			readonly key: number;
			readonly code: "a" | "b";
			/** id of the device that the call may make; null: nobody has ever heard of it, so the call has made none */
			readonly candidate: string | null;
	  }
	| { readonly name: "renew" | "deactivate"; readonly device: string }
	| { readonly name: "status"; readonly device: string; readonly to: DeviceStatus }
	| { readonly name: "seats"; readonly to: number }
	| { readonly name: "taken" | "list" }
);

type DeviceStatus = "active" | "suspended" | "revoked" | "deactivated";

interface Device {
	readonly id: string;
	readonly status: DeviceStatus;
	/** end of its seat; 0 = it has none */
	readonly until: number;
	/** whether it was activated with code b */
	readonly usedB: boolean;
}

export interface Seats {
	readonly limit: number;
	/** by the number of their key */
	readonly devices: ReadonlyMap<number, Device>;
}

export interface LicenseUnderTest {
	readonly seats: number;
	/** seconds; 0 = fixed */
	readonly lease: number;
	/** of code b */
	readonly uses: number;
}

const FOR_GOOD = Number.MAX_SAFE_INTEGER;

type Outcome = readonly [output: string, after: Seats];

/** @returns the specification of the seats of one license, with answers as text (see seats-object.ts) */
export function seatsSpecification(license: LicenseUnderTest): Specification<Seats, SeatCall, string> {
	return {
		initial: { limit: license.seats, devices: new Map() },
		next: (seats, { input, output }, first) =>
			sweepsBefore(seats, input, Math.min(input.endedAt, first.input.endedAt)).flatMap((swept) => {
				const [answer, after] = run(license, swept, input);
				// A sweep that only shows in an answer may as well come before the next call.
				return output === undefined || output === answer ? [after === swept ? seats : after] : [];
			}),
		isReading: ({ output }) => output !== undefined && !/^(new|returned|ok|until)/.test(output),
		keyOf: ({ limit, devices }) =>
			[...devices]
				.sort(([one], [other]) => one - other)
				.map(([key, { id, status, until, usedB }]) => `${key} ${id} ${status} ${until} ${usedB}`)
				.join("\n") + limit,
	};
}

/**
 * The object frees seats whose lease is over, by its own clock: perhaps those that were not over when the caller looked at
 * its clock. Whether it did only shows when somebody asks about seats.
 * @param endedAt unix seconds by which the call has taken effect
 */
function sweepsBefore(seats: Seats, { name, now }: SeatCall, endedAt: number): readonly Seats[] {
	if (name !== "activate" && name !== "renew" && name !== "taken") return [seats];
	const ends = [...seats.devices.values()].map(({ until }) => until).filter((until) => until > now && until <= endedAt);
	return [seats, ...[...new Set(ends)].map((end) => sweep(seats, end))];
}

function sweep(seats: Seats, now: number): Seats {
	const ended = [...seats.devices].filter(([, { until }]) => until > 0 && until <= now);
	return ended.reduce((left, [key, device]) => put(left, key, { ...device, until: 0 }), seats);
}

function put(seats: Seats, key: number, device: Device): Seats {
	return { ...seats, devices: new Map(seats.devices).set(key, device) };
}

const takenAt = ({ devices }: Seats, now: number) => [...devices.values()].filter(({ until }) => until > now).length;

function run(license: LicenseUnderTest, seats: Seats, call: SeatCall): Outcome {
	switch (call.name) {
		case "activate":
			return activate(license, seats, call);
		case "seats":
			return ["ok", call.to === seats.limit ? seats : { ...seats, limit: call.to }];
		case "taken":
			return [`${takenAt(seats, call.now)} taken`, seats];
		case "list":
			return [
				[...seats.devices.values()]
					.map(({ id, status }) => `${id} ${status}`)
					.sort()
					.join(" ") || "none",
				seats,
			];
	}
	const [key, device] = [...seats.devices].find(([, { id }]) => id === call.device) ?? [];
	if (key === undefined || device === undefined) return ["unknown_device", seats];
	if (call.name === "renew") return renew(license, seats, call.now, key, device);
	return changeStatus(seats, key, device, call.name === "status" ? call.to : "deactivated");
}

function activate(
	{ lease, uses }: LicenseUnderTest,
	seats: Seats,
	{ key, code, candidate, now }: SeatCall & { name: "activate" },
): Outcome {
	const known = seats.devices.get(key);
	if (known?.status === "revoked") return ["key_revoked", seats];
	if (known !== undefined && known.status !== "deactivated") return [`same ${known.id}`, seats];
	const used = [...seats.devices.values()].filter(({ usedB }) => usedB).length;
	if (code === "b" && used >= uses && known?.usedB !== true) return ["code_used_up", seats];
	if (takenAt(seats, now) >= seats.limit) return ["no_seat_left", seats];
	const id = known?.id ?? candidate;
	if (id === null) return ["nothing", seats];
	const until = lease === 0 ? FOR_GOOD : now + lease;
	const device = { id, status: "active", until, usedB: code === "b" || known?.usedB === true } as const;
	return [`${known === undefined ? "new" : "returned"} ${id}`, put(sweep(seats, now), key, device)];
}

/** A lease is kept while a token under it can live a third of it and end a third, or 35 s, before it does. */
function renew({ lease }: LicenseUnderTest, seats: Seats, now: number, key: number, device: Device): Outcome {
	if (device.status !== "active") return [device.status, seats];
	if (lease === 0) return ["for good", seats];
	if (device.until > now) {
		if (device.until - now >= lease / 3 + Math.max(lease / 3, 35)) return [`until ${device.until}`, seats];
		return [`until ${now + lease}`, put(seats, key, { ...device, until: now + lease })];
	}
	if (takenAt(seats, now) >= seats.limit) return ["seat_lost", seats];
	return [`until ${now + lease}`, put(sweep(seats, now), key, { ...device, until: now + lease })];
}

function changeStatus(seats: Seats, key: number, device: Device, to: DeviceStatus): Outcome {
	const { status } = device;
	if (status === to || (status === "revoked" && to === "deactivated")) return ["ok", seats];
	if (status === "revoked") return ["device_revoked", seats];
	if (status === "deactivated" && to !== "revoked") return ["device_deactivated", seats];
	if (status === "suspended" && to === "deactivated") return ["device_suspended", seats];
	const until = to === "active" || to === "suspended" ? device.until : 0;
	return ["ok", put(seats, key, { ...device, status: to, until })];
}

/** @returns a call and its answer, for people */
export function formatCall({ input, output, invoked, returned }: Call<SeatCall, string>): string {
	const { name, now, endedAt, ...rest } = input;
	const asked = Object.entries(rest).map(([field, value]) => `${field} ${value}`);
	const places = `${invoked}–${returned ?? ""}`.padEnd(9);
	const times = `at ${now % 100_000}–${endedAt % 100_000}`;
	return `${places} ${[name, ...asked].join(" ")} ${times} → ${output ?? "no answer"}`;
}
