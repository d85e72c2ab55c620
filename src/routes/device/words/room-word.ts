// What a device says of the room that it has: free disk, and memory for content.
import { z } from "@hono/zod-openapi";
import type { Room } from "../../../content/releases/room.ts";

/** 1 PiB, which every number up to it is exact below. Network file systems say more, where they say that there is no end: it counts as this. */
const MAX_BYTES = 2 ** 50;
/** A number of 64 bits has 20 digits; floating point has the largest of so many as this. */
const MAX_SAID = 1e20;
const bytes = z.number().min(0).max(MAX_SAID).refine(Number.isInteger, "a whole number of bytes");

const disk =
	"Bytes that are free where the device installs updates, beside what is installed: a release that takes more (`footprint`) is not for it now";
const memory =
	"Bytes of memory that the device has for the content of a product: a release that takes more is not for it";

const asNumber = { type: "integer", minimum: 0, maximum: MAX_SAID } as const;

/** Of a body. */
export const roomFields = {
	disk_free: bytes.optional().openapi({ ...asNumber, description: disk, example: 268_435_456 }),
	memory: bytes.optional().openapi({ ...asNumber, description: memory, example: 1_073_741_824 }),
};

const digits = z
	.string()
	.regex(/^(0|[1-9]\d{0,19})$/, "a whole number of bytes, of 20 digits at most")
	.optional();
/** Of a query. */
export const roomParameters = {
	disk_free: digits.openapi({
		...{ ...asNumber, example: 268_435_456 },
		description: `${disk}. Said coarsely (the command line rounds down to an eighth of the next power of two), since another number is another question: it gets no 304`,
	}),
	memory: digits.openapi({ ...asNumber, description: memory, example: 1_073_741_824 }),
};

/** @returns whether a field of a body can be `roomFields`' */
export function isRoom(value: unknown): value is number | undefined {
	return value === undefined || (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_SAID);
}

/** @param given of a query, as `roomParameters` has it @returns undefined = the device says nothing */
export function readRoom(given: { disk_free?: string | undefined; memory?: string | undefined }): Room | undefined {
	const { disk_free: free, memory: has } = given;
	return free === undefined && has === undefined ? undefined : { disk: readBytes(free), memory: readBytes(has) };
}

function readBytes(text: string | undefined): number | null {
	return text === undefined ? null : Math.min(Number(text), MAX_BYTES);
}
