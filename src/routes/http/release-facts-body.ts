// What a publisher says of a release beside what it is for, on the wire.
import { z } from "@hono/zod-openapi";
import {
	footprint,
	impact,
	orderFacts,
	type ReleaseFacts,
	releaseClasses,
} from "../../content/releases/release-facts.ts";
import { requirement } from "../../content/requires/requires.ts";

const EXAMPLE = { unpacked: 41_943_040, disk: 60_000_000, memory: 268_435_456 };

const footprintField = footprint.optional().meta({
	description:
		"Bytes: `unpacked`, of its content; `disk`, that have to be free for its installation (if left out, `size` and `unpacked`); `memory`, that a device must have for its content",
	example: EXAMPLE,
});
const impactField = impact.optional().meta({
	description:
		"What its installation interrupts: `none`, `reload` (of the content), `restart` (of the engine), `reboot`",
	example: "reload",
});
const classesField = releaseClasses.optional().meta({
	description:
		"What kind of change it is: `threat`, it recognizes more of what is known to be bad; `behaviour`, traffic that passed may be handled otherwise",
	example: ["threat"],
});

/** What a release requires, as it is described. */
export const requiredField = z
	.array(requirement)
	.meta({ description: "Of other products; none = nothing", example: [{ product: "engine-rules", min: "4.26" }] });

/** As a publisher says them. */
export const factFields = { footprint: footprintField, impact: impactField, classes: classesField };

/** As an offer has them: left out where nothing is said. */
export const offeredFacts = factFields;

/** As a release is described: null where nothing is said. */
export const describedFacts = {
	footprint: z
		.object(footprint.shape)
		.nullable()
		.meta({ description: "As its publisher says; null = not said", example: EXAMPLE }),
	impact: impact
		.nullable()
		.meta({ description: "What its installation interrupts; null = not said", example: "reload" }),
	classes: z
		.array(z.enum(["threat", "behaviour"]))
		.nullable()
		.meta({ description: "What kind of change it is; null = not said", example: ["threat"] }),
};

/** @returns what is said, for an offer */
export function offerFacts(release: ReleaseFacts) {
	const { classes, ...facts } = orderFacts(release);
	return { ...facts, ...(classes !== undefined && { classes: [...classes] }) };
}

/** @returns the same with null for what is not said */
export function describeFacts(release: ReleaseFacts) {
	return { footprint: null, impact: null, classes: null, ...offerFacts(release) };
}
