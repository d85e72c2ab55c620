// An HA group as lines for people: who is active, what each device runs, and where versions differ.
import { z } from "zod";
import { formatTable } from "../../terminal/output.ts";

/** The server's answer about a group's devices, as far as it is shown. */
export const haStateAnswer = z.object({
	active: z.string().nullable(),
	sync: z.boolean().optional(),
	updates: z
		.array(
			z.object({
				product: z.string(),
				version: z.string().nullable(),
				state: z.string(),
				device: z.string().nullable(),
				since: z.string(),
				until: z.string().nullable(),
			}),
		)
		.optional(),
	split_brain_since: z.string().nullable(),
	devices: z.array(
		z.object({
			device: z.string(),
			status: z.string(),
			serial: z.string(),
			model: z.string(),
			role: z.string().nullable(),
			priority: z.number().nullable(),
			versions: z.record(z.string(), z.string().nullable()),
			reported_at: z.string().nullable(),
		}),
	),
	skew: z.array(
		z.object({
			product: z.string(),
			since: z.string(),
			told: z.boolean(),
			versions: z.array(z.object({ device: z.string(), version: z.string().nullable() })),
		}),
	),
});
export type HaStateAnswer = z.infer<typeof haStateAnswer>;

/** @returns a table of the devices, then one line for each thing that is wrong, or that holds somebody up */
export function describeHaState({
	devices,
	skew,
	sync,
	updates = [],
	split_brain_since: splitSince,
}: HaStateAnswer): string[] {
	const rows = devices.map((one) => [
		one.device,
		one.status,
		one.model,
		one.serial,
		one.role ?? "not known",
		one.priority,
		Object.entries(one.versions)
			.map(([product, version]) => `${product}@${version ?? "nothing"}`)
			.join(","),
		one.reported_at ?? "never",
	]);
	const split = `split brain since ${splitSince}: each of several devices says that it is the active one`;
	return [
		...formatTable(["DEVICE", "STATUS", "MODEL", "SERIAL", "ROLE", "PRIORITY", "RUNS", "SAYS SO SINCE"], rows),
		...(splitSince === null ? [] : [split]),
		...skew.map(describeSkew),
		...(sync === true ? ["its devices bring each other up to date: a permit of one is for all"] : []),
		...devices.filter(({ status }) => status === "suspended").map(({ device }) => describeSuspended(device)),
		...updates.map((update) => describeUpdate(update, devices.find(({ device }) => device === update.device)?.status)),
	];
}

/** What its suspension means for the group, which is not what its license says. */
function describeSuspended(device: string): string {
	return `${device} is suspended: it gets nothing and keeps its part in the seat, and nobody waits for it to go first; \`parapet device reinstate ${device}\` takes it back`;
}

function describeUpdate(
	{ product, version, state, device, since, until }: NonNullable<HaStateAnswer["updates"]>[number],
	status?: string,
): string {
	const what = `${product}@${version}`;
	switch (state) {
		case "under_way":
			if (status === "suspended")
				return `${what} is under way on ${device}, which is suspended and may still install it: the others wait until ${until}; see \`parapet ha unlock --help\``;
			return `${what} is under way on ${device} since ${since}, until ${until} at most: the others wait`;
		case "joined":
			if (status === "suspended")
				return `${product} may be under way on ${device}, which joined ${since}, was offered it before and is suspended: the others wait until ${until}; see \`parapet ha unlock --help\``;
			return `${product} may be under way on ${device}, which joined ${since} and was offered it before: the others wait until it checks, or until ${until}; see \`parapet ha unlock --help\``;
		case "waiting":
			return `${what} waits for ${device}, which goes first and has not asked, since ${since}`;
		case "unlocked":
			return `${what} was unlocked ${since}: it comes to the devices in whatever order`;
		default:
			return `${what} ${state === "failed" ? "failed" : "went silent"} on ${device}, permitted ${since}: the others keep what they have; see \`parapet ha unlock --help\``;
	}
}

function describeSkew({ product, since, told, versions }: HaStateAnswer["skew"][number]): string {
	const each = versions.map(({ device, version }) => `${version ?? "nothing"} on ${device}`).join(", ");
	return `${product} differs since ${since}${told ? ", longer than the group allows" : ""}: ${each}`;
}
