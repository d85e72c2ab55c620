// `ha:<group>`: what the edges know of an HA group. Roles only, no versions: those change with every update, and each change
// of a record is a write to every store.
import { z } from "zod";
import { haMode, haRole } from "./ha-group.ts";

/** Lower or higher is the vendor's affair; it is shown as it was said. */
const haPriority = z.int().min(0).max(255);

export const haGroupRecord = z.object({
	id: z.string(),
	account: z.string(),
	mode: haMode,
	/** the devices that count, in the order of their ids; none when the group is no more */
	members: z.array(
		z.object({
			device: z.string(),
			/** null = it has not said, or another one has become active since */
			role: haRole.nullable(),
			priority: haPriority.nullable(),
		}),
	),
});
export type HaGroupRecord = z.infer<typeof haGroupRecord>;
