// The firewall as which the service asks itself: a synthetic one, which protects nobody (`parapet probe create`).
import { z } from "zod";
import { productName } from "../names.ts";

const coordinate = z.string().regex(/^[\w-]{43}$/);

const probeDevice = z.strictObject({
	device: z.string().regex(/^dev-[0-9a-z]{10}-[0-9a-z]{16}$/),
	product: productName,
	jwk: z.strictObject({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: coordinate, d: coordinate }),
});
export type ProbeDevice = z.infer<typeof probeDevice>;

/** @param text JSON, as `parapet probe create` writes it */
export function parseProbeDevice(text: string): ProbeDevice | "malformed" {
	try {
		return probeDevice.parse(JSON.parse(text));
	} catch {
		return "malformed";
	}
}
