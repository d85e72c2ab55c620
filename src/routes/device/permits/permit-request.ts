// What a device says when it asks for a permit.
import { z } from "@hono/zod-openapi";
import { isRoom, roomFields } from "../words/room-word.ts";

const MAX_OFFER_LENGTH = 2048;
const MAX_INSTALLED_LENGTH = 2048;
export const permitRequest = z.object({
	offer: z.string().max(MAX_OFFER_LENGTH),
	installed: z.string().max(MAX_INSTALLED_LENGTH).optional().openapi({
		description:
			"What is installed now, form as in a check: of an offer that comes `after` others, once those are installed. Left out: as at the check",
		example: "engine-rules@4.26",
	}),
	...roomFields,
});

/** The same without a schema, which costs more in workerd than all else of a permit. */
export function isPermitRequest(body: unknown): body is z.infer<typeof permitRequest> {
	const { offer, installed, disk_free: disk, memory } = (body ?? {}) as Readonly<Record<string, unknown>>;
	if (!isRoom(disk) || !isRoom(memory)) return false;
	const isSaid = typeof installed === "string" && installed.length <= MAX_INSTALLED_LENGTH;
	return typeof offer === "string" && offer.length <= MAX_OFFER_LENGTH && (installed === undefined || isSaid);
}
