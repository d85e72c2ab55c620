// The TUF repository on the wire: what operators and publishers see of a product's role.
import { z } from "@hono/zod-openapi";
import { countReleases } from "../../../content/releases/signed-releases.ts";
import type { RoleView } from "../../../objects/trust/trust-view.ts";

export const fileText = z
	.string()
	.openapi({ description: "The file's text, as it was signed", example: '{"signatures":[…],"signed":{…}}' });

export const roleSummary = z.object({
	product: z.string(),
	version: z.int().nullable().openapi({ description: "Of the role file; null = there is none" }),
	expires: z.string().nullable(),
	keyids: z.array(z.string()),
	threshold: z.int(),
	trusted: z.boolean().openapi({ description: "Whether enough of the keys of now have signed the file" }),
	releases: z.int().openapi({ description: "How many the file names" }),
});

export function describeRole({ digests, product, version, expires, keyids, threshold, trusted }: RoleView) {
	const releases = countReleases(digests);
	return { product, version, expires, keyids: [...keyids], threshold, trusted, releases };
}
