// What a customer's network has to let through, as discovery says it: the hosts that a firewall of this deployment speaks with. The
// same in words, with what else is good to know: docs/network.md.
import { z } from "@hono/zod-openapi";
import type { Config } from "../../config.ts";

/** What the platform is set to (infra/cloudflare, or by hand: docs/network.md); the service itself does not look. */
const TLS_MINIMUM = "1.2";
/** The platform answers for every zone from these, by anycast; nobody can have addresses of their own in them. */
const ADDRESS_RANGES = "https://www.cloudflare.com/ips/";

export const networkBody = z
	.object({
		hosts: z.array(
			z.object({
				host: z.string().openapi({ example: "updates.example.com" }),
				port: z.int().openapi({ example: 443 }),
				serves: z
					.array(z.enum(["service", "downloads", "pulses", "client_certificates"]))
					.openapi({ example: ["service", "downloads"] }),
			}),
		),
		tls_minimum: z.string().nullable().openapi({
			description: "Oldest version of TLS that is taken; null where there is no TLS (a local service)",
			example: TLS_MINIMUM,
		}),
		ip_versions: z.array(z.int()).openapi({ description: "One of them is enough", example: [4, 6] }),
		address_ranges: z.string().nullable().openapi({
			description: "Page with the ranges that the hosts' addresses are of; they are not this service's alone",
			example: ADDRESS_RANGES,
		}),
	})
	.openapi("Network");

type Network = z.infer<typeof networkBody>;
type Served = Network["hosts"][number]["serves"][number];

export function networkFacts(
	config: Pick<Config, "isLocal" | "issuer" | "pulseOrigin" | "downloadCdn" | "s3" | "mutualTls">,
): Network {
	const { isLocal, issuer, pulseOrigin, downloadCdn, s3, mutualTls } = config;
	const served: [string, Served][] = [
		[issuer, "service"],
		[downloadCdn?.origin ?? s3?.bucketUrl ?? issuer, "downloads"],
		...(pulseOrigin === null ? [] : ([[pulseOrigin, "pulses"]] satisfies [string, Served][])),
		...(mutualTls === null ? [] : ([[mutualTls.origin, "client_certificates"]] satisfies [string, Served][])),
	];
	const hosts = new Map<string, Network["hosts"][number]>();
	for (const [url, what] of served) {
		const { host, hostname, port, protocol } = new URL(url);
		const known = hosts.get(host);
		if (known !== undefined) known.serves.push(what);
		else hosts.set(host, { host: hostname, port: Number(port) || (protocol === "http:" ? 80 : 443), serves: [what] });
	}
	return {
		hosts: [...hosts.values()],
		tls_minimum: isLocal ? null : TLS_MINIMUM,
		ip_versions: isLocal ? [4] : [4, 6],
		address_ranges: isLocal ? null : ADDRESS_RANGES,
	};
}
