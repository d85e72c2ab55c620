// Where webhooks may be sent: https to a public name, and never to an address, however it is written.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptsWebhookUrl, type WebhookUrlRefusal } from "../../../src/events/webhook-url.ts";

const PRODUCTION = { ownOrigin: "https://updates.example.com", allowLoopback: false };
const LOCAL = { ownOrigin: "http://127.0.0.1:8787", allowLoopback: true };

function verdict(url: string, settings = PRODUCTION): string {
	const answer = acceptsWebhookUrl(url, settings);
	return answer.ok ? answer.url.href : answer.reason;
}

describe("a webhook may be sent to", () => {
	it.each([
		["https://hooks.example.com/parapet", "https://hooks.example.com/parapet"],
		["https://hooks.example.com", "https://hooks.example.com/"],
		["https://hooks.example.com:443/a?token=b", "https://hooks.example.com/a?token=b"],
		["https://hooks.example.com:8443/a", "https://hooks.example.com:8443/a"],
		["https://hooks.example.com:1024/", "https://hooks.example.com:1024/"],
		["HTTPS://HOOKS.EXAMPLE.COM./a", "https://hooks.example.com./a"],
		["https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"],
		["https://10.0.0.1.example.com/", "https://10.0.0.1.example.com/"],
		["https://local.example.com/", "https://local.example.com/"],
		["https://other.updates.example.com/", "https://other.updates.example.com/"],
	])("%s", (url, normal) => {
		expect(verdict(url)).toBe(normal);
	});
});

const REFUSED: readonly [WebhookUrlRefusal, readonly string[]][] = [
	[
		"malformed",
		["", "hooks", "https://", "https://a b.example.com/", "https://hooks.example.com/\t", "//hooks.example.com"],
	],
	[
		"malformed",
		[
			"https://hooks.example.com:70000/",
			"https://[::1",
			"https://1.2.3.256/",
			"https://bücher.example/",
			" https://a.example",
		],
	],
	["too_long", [`https://hooks.example.com/${"a".repeat(2048)}`]],
	["not_https", ["http://hooks.example.com/", "ftp://hooks.example.com/", "file:///etc/passwd", "javascript:alert(1)"]],
	[
		"not_https",
		["gopher://hooks.example.com/", "data:text/plain,a", "http://169.254.169.254/latest/meta-data", "wss://a.example"],
	],
	[
		"has_credentials",
		["https://user@hooks.example.com/", "https://user:pass@hooks.example.com/", "https://:x@a.example.com/"],
	],
	["has_credentials", ["https://hooks.example.com%40@10.0.0.1/"]],
	["has_fragment", ["https://hooks.example.com/#a", "https://hooks.example.com/#"]],
	["port", ["22", "25", "80", "1", "1023"].map((port) => `https://hooks.example.com:${port}/`)],
	["own_host", ["https://updates.example.com/v1/reports", "https://UPDATES.example.com.:8443/"]],
	// IPv4: private, loopback, link-local and metadata, CGNAT, this network, documentation, benchmark, multicast, reserved
	["ip_address", ["10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "127.1.2.3"].map((host) => `https://${host}/`)],
	[
		"ip_address",
		["169.254.169.254", "100.64.0.1", "0.0.0.0", "192.0.2.1", "198.18.0.1"].map((host) => `https://${host}/`),
	],
	["ip_address", ["224.0.0.1", "240.0.0.1", "255.255.255.255", "192.88.99.1"].map((host) => `https://${host}/`)],
	// … in the forms that parsers take for the same: short, one number, octal, hexadecimal, full width, with a root dot
	[
		"ip_address",
		["127.1", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "0x7f000001", "0"].map((host) => `https://${host}/`),
	],
	["ip_address", ["https://127.0.0.1./", "https://%31%32%37.0.0.1/", "https://0xA9FEA9FE/"]],
	// public ones too: Workers do not connect to them, and certificates are for names
	["ip_address", ["https://93.184.215.14/", "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/"]],
	// IPv6: unspecified, loopback, mapped, compatible, NAT64, 6to4, Teredo, unique local, link-local, multicast, documentation
	["ip_address", ["::", "::1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1"].map((host) => `https://[${host}]/`)],
	["ip_address", ["64:ff9b::a00:1", "64:ff9b:1::1", "2002:a00:1::", "2001::1"].map((host) => `https://[${host}]/`)],
	["ip_address", ["fd00::1", "fe80::1", "ff02::1", "2001:db8::1", "3fff::1"].map((host) => `https://[${host}]/`)],
	["not_a_public_name", ["localhost", "a.localhost", "localhost.", "LOCALHOST"].map((host) => `https://${host}/`)],
	[
		"not_a_public_name",
		["metadata", "redis", "printer.local", "db.internal", "metadata.google.internal"].map((host) => `https://${host}/`),
	],
	[
		"not_a_public_name",
		["db.internal.", "nas.home.arpa", "1.0.0.127.in-addr.arpa", "a.lan"].map((host) => `https://${host}/`),
	],
	[
		"not_a_public_name",
		["a.onion", "a.test", "a.invalid", "a.alt", "a.corp", "a.home"].map((host) => `https://${host}/`),
	],
	[
		"not_a_public_name",
		["a_b.example.com", "-a.example.com", "a-.example.com", "a..example.com"].map((host) => `https://${host}/`),
	],
	["not_a_public_name", [`https://${"a".repeat(64)}.example.com/`, `https://${"a.".repeat(127)}com/`]],
];

describe.each(REFUSED)("a webhook is refused as %s", (reason, urls) => {
	it.each([...urls])("%s", (url) => {
		expect(verdict(url)).toBe(reason);
	});
});

describe("on the local service", () => {
	it.each(["http://127.0.0.1:9000/", "http://localhost:9000/", "https://[::1]:9000/"])("%s is taken", (url) => {
		expect(verdict(url, LOCAL)).toBe(url);
	});
	it.each([
		["http://127.0.0.1:8787/v1/reports", "own_host"],
		["http://127.0.0.2:9000/", "not_https"],
		["https://127.0.0.2:9000/", "ip_address"],
		["http://hooks.example.com/", "not_https"],
		["https://10.0.0.1/", "ip_address"],
		["http://user@127.0.0.1:9000/", "has_credentials"],
	])("%s is refused as %s", (url, reason) => {
		expect(verdict(url, LOCAL)).toBe(reason);
	});
});

describe("whatever the text", () => {
	it("no address is accepted, in no way of writing it", () => {
		const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
		const forms = fc.constantFrom(
			([a, b, c, d]: number[]) => `${a}.${b}.${c}.${d}`,
			([a = 0, b = 0, c = 0, d = 0]: number[]) => String(((a * 256 + b) * 256 + c) * 256 + d),
			(parts: number[]) => parts.map((part) => `0x${part.toString(16)}`).join("."),
			(parts: number[]) => parts.map((part) => `0${part.toString(8)}`).join("."),
			([a = 0, b = 0, c = 0, d = 0]: number[]) => `${a}.${b}.${c * 256 + d}`,
			([a, b, c, d]: number[]) => `[::ffff:${a}.${b}.${c}.${d}]`,
			([a, b, c, d]: number[]) => `[64:ff9b::${a}.${b}.${c}.${d}]`,
		);
		fc.assert(
			fc.property(octets, forms, fc.constantFrom(PRODUCTION, LOCAL), (parts, form, settings) => {
				const host = form(parts);
				fc.pre(settings === PRODUCTION || URL.parse(`https://${host}/`)?.hostname !== "127.0.0.1");
				expect(acceptsWebhookUrl(`https://${host}/`, settings).ok).toBe(false);
			}),
		);
	});

	it("what is accepted is https, names a host with a dot, and stays as it is when it is read again", () => {
		const url = fc.oneof(
			fc.webUrl({ withQueryParameters: true }),
			fc.string(),
			fc.string().map((text) => `https://${text}`),
		);
		fc.assert(
			fc.property(url, (text) => {
				const answer = acceptsWebhookUrl(text, PRODUCTION);
				if (!answer.ok) return;
				expect(answer.url.protocol).toBe("https:");
				expect(answer.url.hostname).toContain(".");
				expect(verdict(answer.url.href)).toBe(answer.url.href);
			}),
		);
	});
});
