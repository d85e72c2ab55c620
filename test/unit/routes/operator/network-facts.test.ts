// Which hosts discovery names: each once, with everything that comes from it.
import { describe, expect, it } from "vitest";
import { networkFacts } from "../../../../src/routes/operator/network-facts.ts";

const config = {
	isLocal: false,
	issuer: "https://updates.example.com",
	pulseOrigin: null,
	downloadCdn: null,
	s3: null,
	mutualTls: null,
};
const s3 = { region: "auto", accessKeyId: "id", secretAccessKey: "secret" };

describe("the hosts that a firewall speaks with", () => {
	it.each([
		["the service alone", {}, [["updates.example.com", 443, "service", "downloads"]]],
		[
			"a CDN and pulses of its own",
			{
				downloadCdn: { origin: "https://packages.example.com", key: "key" },
				pulseOrigin: "https://pulses.example.com",
			},
			[
				["updates.example.com", 443, "service"],
				["packages.example.com", 443, "downloads"],
				["pulses.example.com", 443, "pulses"],
			],
		],
		[
			"a host that asks for client certificates",
			{ mutualTls: { origin: "https://mtls.example.com", proxySecret: null } },
			[
				["updates.example.com", 443, "service", "downloads"],
				["mtls.example.com", 443, "client_certificates"],
			],
		],
		[
			"storage at a port of its own",
			{ s3: { ...s3, bucketUrl: "https://s3.example.com:8443/bucket" } },
			[
				["updates.example.com", 443, "service"],
				["s3.example.com", 8443, "downloads"],
			],
		],
		[
			"pulses at the service's own host",
			{ pulseOrigin: "https://updates.example.com" },
			[["updates.example.com", 443, "service", "downloads", "pulses"]],
		],
	])("with %s", (_, settings, expected) => {
		const { hosts } = networkFacts({ ...config, ...settings });
		expect(hosts.map(({ host, port, serves }) => [host, port, ...serves])).toEqual(expected);
	});

	it("on this machine without TLS", () => {
		const facts = networkFacts({ ...config, isLocal: true, issuer: "http://127.0.0.1:8787" });
		expect(facts).toMatchObject({ tls_minimum: null, ip_versions: [4], address_ranges: null });
		expect(facts.hosts).toEqual([{ host: "127.0.0.1", port: 8787, serves: ["service", "downloads"] }]);
	});
});
