// What a device needs to fetch a release: signed URLs of the package and of the cheapest way to it. The only place where download URLs
// are made, for permits and for offers that need none. Who may have them is decided before.
import { z } from "@hono/zod-openapi";
import { cheapestWay, type Delta } from "../../../content/releases/delta.ts";
import type { Release } from "../../../content/releases/product-record.ts";
import type { RequestScope } from "../../../request-scope.ts";
import { timestamp, toTimestamp } from "../../http/openapi.ts";

/** Of an offer and its permit. */
export const offeredVariant = z.string().optional().openapi({
	description: "Which of the release's packages for some models this is; left out = the one for all others",
	example: "arm",
});

/** As fields of an answer. */
export const downloadLinks = {
	url: z.string().openapi({ description: "Signed download URL" }),
	delta: z
		.object({
			coding: z.enum(["dcz", "zstd"]).openapi({
				description:
					"dcz: RFC 9842, a zstd frame whose dictionary is what is installed; zstd: a packed copy of the whole",
			}),
			from: z.string().nullable().openapi({ description: "Version of the dictionary; null with `zstd`" }),
			from_sha256: z.string().nullable().openapi({ description: "SHA-256 of the dictionary; null with `zstd`" }),
			sha256: z.string().openapi({ description: "Of the delta" }),
			size: z.int().openapi({ description: "Of the delta, bytes" }),
			url: z.string().openapi({ description: "Signed URL of the delta" }),
		})
		.optional()
		.openapi({
			description: "Fewer bytes that make the same package from what is installed; left out where there is no such way",
		}),
	expires_at: timestamp.openapi({ description: "When the URLs stop working" }),
	report_success: z.literal(false).optional().openapi({
		description:
			"That it was installed and works needs no report: the next check's `installed` and `installed_at` tell it. All else is reported. Left out: success is reported too",
	}),
};

/**
 * @param isForAll whether everybody may have the release, and nobody waits for the device's word
 * @param from version that is installed; null = none
 * @param pseudonym what logs call the device
 */
export async function signDownload(
	{ services, now }: RequestScope,
	{ sha256, name, deltas }: Pick<Release, "sha256" | "name" | "deltas">,
	{ from, pseudonym }: { readonly from: string | null; readonly pseudonym: string },
	isForAll: boolean,
): Promise<z.infer<z.ZodObject<typeof downloadLinks>>> {
	const delta = cheapestWay(deltas, from);
	const [download, byDelta] = await Promise.all([
		services.urlSigner.sign({ sha256, name, pseudonym, now, delta: delta?.sha256 }),
		delta === null ? null : services.urlSigner.sign({ sha256: delta.sha256, name, pseudonym, now }),
	]);
	return {
		url: download.url,
		...(delta !== null && byDelta !== null && { delta: describeDelta(delta, byDelta.url) }),
		expires_at: toTimestamp(download.expiresAt),
		...(isForAll && services.config.successReports === "checks" && { report_success: false }),
	};
}

function describeDelta({ from, sha256, size }: Delta, url: string) {
	const coding: "dcz" | "zstd" = from === null ? "zstd" : "dcz";
	return { coding, from: from?.version ?? null, from_sha256: from?.sha256 ?? null, sha256, size, url };
}
