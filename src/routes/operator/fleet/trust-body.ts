// What updates rest on, on the wire: of one device, as it said it, and of a fleet.
import { z } from "@hono/zod-openapi";
import { ANCHORS, type ToldAnchors } from "../../../fleet/trust-anchors.ts";
import type { AnchorInUse } from "../../../fleet/trust-outlook.ts";
import { orNull, timestamp, toTimestamp, toTimestampOrNull } from "../../http/openapi.ts";

const count = z.int().nonnegative();

export const deviceTrustBody = orNull(
	z
		.object({
			told_at: timestamp.openapi({
				description: "When it said so first; while it goes on to say the same, a week ago at most",
			}),
			tls_root: orNull(
				z
					.object({
						sha256: z.string().openapi({ description: "Of the certificate in DER form" }),
						name: z.string(),
						ends: timestamp,
					})
					.openapi("TlsRoot"),
			).openapi({ description: "Under which it reaches the service; null = it saw none" }),
			tuf_root: orNull(z.object({ version: z.int(), ends: timestamp }).openapi("TufRoot")).openapi({
				description: "By which it verifies what it installs; null = it has none",
			}),
			certificate_ends: timestamp.nullable().openapi({ description: "Of its own certificate; null = it has none" }),
		})
		.openapi("DeviceTrust"),
).openapi({ description: "What its updates rest on; null = it has not said" });

/** @param anchors null = it has not said; undefined from an object of an earlier deployment */
export function describeTrust(anchors: ToldAnchors | null | undefined): z.infer<typeof deviceTrustBody> {
	if (anchors == null) return null;
	const { toldAt, tlsRoot: tls, tufRoot: tuf, certificateEndsAt } = anchors;
	return {
		told_at: toTimestamp(toldAt),
		tls_root: tls && { sha256: tls.sha256, name: tls.name, ends: toTimestamp(tls.endsAt) },
		tuf_root: tuf && { version: tuf.version, ends: toTimestamp(tuf.endsAt) },
		certificate_ends: toTimestampOrNull(certificateEndsAt),
	};
}

export const anchorBody = z
	.object({
		anchor: z.enum(ANCHORS),
		name: z.string().nullable().openapi({ description: "Of a TLS root, as devices read it" }),
		sha256: z.string().nullable().openapi({ description: "Of a TLS root in DER form" }),
		version: z.int().nullable().openapi({ description: "Of a TUF root, as the devices have it" }),
		ends: timestamp.openapi({
			description: "Of a TUF root: when the newest one ends, which such devices take; of certificates: the day",
		}),
		stops: z.boolean().openapi({ description: "Whether that is by `breaks_at`" }),
		devices: count.openapi({ description: "That rest on it; each device is counted with each of its anchors" }),
	})
	.openapi("AnchorInUse");

/** @param by unix seconds */
export function describeAnchor({ endsAt, ...anchor }: AnchorInUse, by: number): z.infer<typeof anchorBody> {
	const { name, sha256, version, devices } = anchor;
	return {
		...{ anchor: anchor.anchor, name, sha256, version, devices },
		ends: toTimestamp(endsAt),
		stops: endsAt <= by,
	};
}

export const stoppingAccountBody = z
	.object({ account: z.string(), stopping: count, devices: count })
	.openapi("StoppingAccount");
