// What a device's updates rest on, in words.
import { z } from "zod";

export const deviceTrust = z
	.looseObject({
		told_at: z.string(),
		tls_root: z.looseObject({ name: z.string(), ends: z.string() }).nullable(),
		tuf_root: z.looseObject({ version: z.number(), ends: z.string() }).nullable(),
		certificate_ends: z.string().nullable(),
	})
	.nullish()
	.catch(null);

export function describeTrust(trust: z.infer<typeof deviceTrust>): string {
	if (trust == null) return "not said yet";
	const { tls_root: tls, tuf_root: tuf, certificate_ends: certificate } = trust;
	const parts = [
		...(tls === null ? [] : [`TLS root ${tls.name} until ${tls.ends}`]),
		...(tuf === null ? [] : [`TUF root ${tuf.version} until ${tuf.ends}`]),
		...(certificate === null ? [] : [`its certificate until ${certificate}`]),
	];
	return parts.length === 0 ? "nothing that ends" : parts.join("; ");
}
