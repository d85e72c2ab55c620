// An HA group on the wire, as its devices describe it: roles, versions, and where these differ.
import { z } from "@hono/zod-openapi";
import { deviceStatus } from "../../../entitlement/devices/device-record.ts";
import { haMode, haRole } from "../../../entitlement/ha/ha-group.ts";
import type { HaLock } from "../../../objects/account/ha/ha-lock-info.ts";
import type { HaState } from "../../../objects/account/ha/ha-reports.ts";
import { timestamp, toTimestamp, toTimestampOrNull } from "../../http/openapi.ts";

const installedVersion = z.string().nullable().openapi({ description: "Null = nothing is installed of it" });

/** A device of the group, and what it says of itself. */
export const haDeviceBody = z
	.object({
		device: z.string(),
		status: deviceStatus,
		serial: z.string(),
		model: z.string(),
		role: haRole.nullable().openapi({
			description: "Null = it has not said, or another one has become active since it said that it was",
		}),
		priority: z.int().nullable(),
		versions: z.record(z.string(), installedVersion).openapi({
			description: "By product. Of a device that has never said, as its one peer sees it",
		}),
		reported_at: timestamp.nullable().openapi({ description: "When it first said this; null = it has said nothing" }),
	})
	.openapi("HaDevice");

/** Of the group as a whole. */
export const haStateFields = {
	sync: z.boolean().openapi({
		description:
			"Its devices bring each other up to date: a permit of one is for all of them, and none goes before another",
	}),
	updates: z
		.array(
			z.object({
				product: z.string(),
				version: z.string().nullable().openapi({ description: "Null = `joined`: whatever it was offered before" }),
				state: z.enum(["under_way", "joined", "failed", "silent", "waiting", "unlocked"]).openapi({
					description:
						"Of the device's permit, for which all others wait; `joined`: the device was in no group, and may still install what it was offered; `waiting`: for the device to be the first; `unlocked`: by an operator, so the version comes in whatever order",
				}),
				device: z.string().nullable().openapi({ description: "Null = unlocked" }),
				since: timestamp,
				until: timestamp.nullable().openapi({
					description:
						"When a permit that is under way ends without a word, and when the others wait no more for who joined",
				}),
			}),
		)
		.openapi({ description: "By product: what the next device of the group waits for" }),
	active: z.string().nullable().openapi({
		description: "The one active device of an active-passive group; null = none, or several",
	}),
	split_brain_since: timestamp.nullable().openapi({
		description: "Since when several say that they are active where one should be",
	}),
	skew: z
		.array(
			z.object({
				product: z.string(),
				since: timestamp,
				told: z.boolean().openapi({ description: "It has lasted past the group's limit, and is an event" }),
				versions: z.array(z.object({ device: z.string(), version: installedVersion })),
			}),
		)
		.openapi({ description: "Products of which its devices run different versions" }),
};

/** In an explanation. */
export const explainedHaBody = z
	.object({
		group: z.string(),
		mode: haMode,
		role: haRole.nullable().openapi({ description: "Of the device that this is about; as in `devices`" }),
		devices: z.array(haDeviceBody),
		...haStateFields,
	})
	.openapi("ExplainedHa");

/** @returns a `haDeviceBody` for each device */
export function describeHaDevices({ members }: HaState): z.infer<typeof haDeviceBody>[] {
	return members.map(({ versions, reportedAt, ...device }) => ({
		...device,
		versions: { ...versions },
		reported_at: toTimestampOrNull(reportedAt),
	}));
}

/** @returns `haStateFields` */
export function describeHaState({ group, active, splitBrainSince, skew }: HaState, locks: readonly HaLock[]) {
	return {
		sync: group.sync,
		updates: locks.map(({ since, until, ...lock }) => ({
			...lock,
			since: toTimestamp(since),
			until: toTimestampOrNull(until),
		})),
		active,
		split_brain_since: toTimestampOrNull(splitBrainSince),
		skew: skew.map(({ product, since, told, versions }) => ({
			product,
			since: toTimestamp(since),
			told,
			versions: versions.map((one) => ({ ...one })),
		})),
	};
}

/** @param device whose explanation it is */
export function explainHa(state: HaState, locks: readonly HaLock[], device: string): z.infer<typeof explainedHaBody> {
	const { id: group, mode } = state.group;
	const role = state.members.find((member) => member.device === device)?.role ?? null;
	return { group, mode, role, devices: describeHaDevices(state), ...describeHaState(state, locks) };
}
