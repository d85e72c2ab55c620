// What a release takes, and what a firewall has, where the one does not fit into the other.
import { z } from "zod";
import { formatBytes } from "../../../terminal/output.ts";

export const footprint = z.looseObject({
	unpacked: z.number().nullish(),
	disk: z.number().nullish(),
	memory: z.number().nullish(),
});

/** Of the explanation of a device. */
export const room = { disk_free: z.number().nullish(), memory: z.number().nullish() };

interface Asked {
	readonly disk_free?: number | null | undefined;
	readonly memory?: number | null | undefined;
}

/** @returns the numbers of both, behind the verdict that it is too large; else nothing */
export function roomWords(
	release: { readonly verdict: string; readonly footprint?: z.infer<typeof footprint> | null | undefined },
	{ disk_free: disk, memory }: Asked,
): string {
	if (release.verdict !== "too_large_for_device") return "";
	const takes = Object.entries(footprint.parse(release.footprint ?? {}));
	const has = Object.entries({ disk, memory });
	return `: takes ${list(takes)}; the firewall has ${list(has)}`;
}

function list(amounts: readonly (readonly [name: string, bytes: unknown])[]): string {
	const said = amounts.flatMap(([name, bytes]) => (typeof bytes === "number" ? [`${name} ${formatBytes(bytes)}`] : []));
	return said.join(", ");
}
