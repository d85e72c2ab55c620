// An HA group as lines for people: who is active, what each device runs, and where versions differ.
import { z } from "zod";
import { formatTable } from "../../terminal/output.ts";

/** The server's answer about a group's devices, as far as it is shown. */
export const haStateAnswer = z.object({
	active: z.string().nullable(),
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

/** @returns a table of the devices, then one line for each thing that is wrong */
export function describeHaState({ devices, skew, split_brain_since: splitSince }: HaStateAnswer): string[] {
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
	];
}

function describeSkew({ product, since, told, versions }: HaStateAnswer["skew"][number]): string {
	const each = versions.map(({ device, version }) => `${version ?? "nothing"} on ${device}`).join(", ");
	return `${product} differs since ${since}${told ? ", longer than the group allows" : ""}: ${each}`;
}
