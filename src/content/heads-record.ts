// `heads`: the one small record that moves. It says which immutable revision of everything shared is current, so an
// isolate stays up to date with a single read however many products there are. `denied` is its bad-news companion.
import { z } from "zod";
import { productName } from "./names.ts";

const revision = z.int().nonnegative();

export const headsRecord = z.object({
	products: z.record(productName, revision),
	/** 0 = there has never been one */
	messages: revision,
	denied: revision,
});
export type HeadsRecord = z.infer<typeof headsRecord>;

/** `denied@<revision>`: who is refused although an access token may still say otherwise; id → unix seconds of the end. */
export const deniedRecord = z.object({
	revision: revision,
	devices: z.record(z.string(), z.int().nonnegative()),
	accounts: z.record(z.string(), z.int().nonnegative()),
});
export type DeniedRecord = z.infer<typeof deniedRecord>;
