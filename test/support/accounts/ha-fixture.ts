// An account with an HA group under lic-a, a code for the group, and short ways to what happens to both.
import type { HaSettings, NewHaGroup } from "../../../src/objects/account/ha/ha-desk.ts";
import { type AccountFixture, createAccount, DAY, NOW, OPERATOR } from "./account-fixture.ts";

/** Makes an HA group under lic-a, and a code for it (`hash-ha`). @returns the group's id, and what was set */
export async function addHaGroup({ account, name }: Pick<AccountFixture, "account" | "name">) {
	const group = `hag-${name}-00000000`;
	const settings = {
		name: "edge",
		mode: "active-passive",
		license: "lic-a",
		skewLimitSeconds: DAY,
		sync: false,
	} as const;
	await account().changeHaGroup({ kind: "create", ...OPERATOR, id: group, devices: [], ...settings });
	const code = { id: "code-ha", hash: "hash-ha", license: null, uses: 1_000, expiresAt: NOW + 30 * DAY };
	await account().createCode({ ...OPERATOR, ...code, haGroup: group, serial: null, model: null });
	return { group, settings };
}

export async function createHaAccount(options: Parameters<typeof createAccount>[0] = {}) {
	const fixture = await createAccount(options);
	const { account, device } = fixture;
	const idOf = (number: number) => device(number).candidateDeviceId;
	const { group, settings } = await addHaGroup(fixture);
	return {
		...fixture,
		group,
		settings,
		idOf,
		/** another group, with the settings of the first one */
		create: (id: string, wanted: Partial<NewHaGroup>) =>
			account().changeHaGroup({ kind: "create", ...OPERATOR, devices: [], ...settings, ...wanted, id }),
		change: (wanted: Partial<HaSettings>, now = NOW) =>
			account().changeHaGroup({ kind: "change", ...OPERATOR, now, id: group, settings: wanted }),
		remove: () => account().changeHaGroup({ kind: "delete", ...OPERATOR, id: group }),
		activate: (number: number, now = NOW) => account().activate(device(number, { now })),
		/** with the code for the group */
		activateIn: (number: number, now = NOW) => account().activate(device(number, { codeHash: "hash-ha", now })),
		join: (number: number, now = NOW) =>
			account().changeHaGroup({ kind: "join", ...OPERATOR, now, id: group, deviceId: idOf(number) }),
		leave: (number: number, now = NOW) =>
			account().changeHaGroup({ kind: "leave", ...OPERATOR, now, id: group, deviceId: idOf(number) }),
		setStatus: (number: number, status: "active" | "suspended" | "revoked", now = NOW) =>
			account().setDeviceStatus({ ...OPERATOR, now, deviceId: idOf(number), status, reason: "" }),
		deactivate: (number: number, now = NOW) =>
			account().setDeviceStatus({ ...OPERATOR, now, deviceId: idOf(number), status: "deactivated", reason: "" }),
		renew: (number: number, now: number) => account().renewSeat({ deviceId: idOf(number), now }),
		/** live seats of lic-a */
		taken: (now = NOW) => seatsTaken(fixture, now),
		/** its seat and the devices that it lists, by number */
		state: async (now = NOW) => {
			const found = await account().haGroup(group, now);
			return (
				found && {
					seat: found.seat === null ? "none" : (found.seat.until ?? "for good"),
					devices: found.devices.map(({ id }) => Number(id.slice(-16))),
				}
			);
		},
	};
}
export type HaFixture = Awaited<ReturnType<typeof createHaAccount>>;

async function seatsTaken({ account }: AccountFixture, now: number): Promise<number | undefined> {
	return (await account().listLicenses(now)).find(({ id }) => id === "lic-a")?.seatsTaken;
}
