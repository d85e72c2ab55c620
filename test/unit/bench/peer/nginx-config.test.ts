// The peer's configuration: one worker, and Lua strings that no key can break out of.
import { describe, expect, it } from "vitest";
import { formatNginxConfig, type PeerSettings } from "../../../../bench/peer/nginx-config.ts";

const SETTINGS: PeerSettings = {
	folder: "/tmp/peer",
	port: 8311,
	modules: "/usr/lib/nginx/modules",
	luaLibraries: "/usr/lib/x86_64-linux-gnu/lua/5.1",
	user: null,
	publicKey: "-----BEGIN PUBLIC KEY-----\nMFkw+/=\n-----END PUBLIC KEY-----\n",
	tokenSecret: "secret",
	redisSocket: "/tmp/peer/peer.sock",
	issuer: "https://updates.example.com",
	urlSecret: "other",
};

describe("nginx.conf", () => {
	it("is for one worker that keeps its connections open", () => {
		const text = formatNginxConfig(SETTINGS);
		expect(text).toContain("\nworker_processes 1;\n");
		expect(text).toContain("keepalive_requests 1000000000;");
		expect(text).toContain("listen 127.0.0.1:8311;");
	});

	it("names a user only where there is one to change to", () => {
		expect(formatNginxConfig(SETTINGS)).not.toMatch(/^user /m);
		expect(formatNginxConfig({ ...SETTINGS, user: "root" })).toMatch(/^user root;$/m);
	});

	it("keeps a PEM in one line of Lua", () => {
		expect(formatNginxConfig(SETTINGS)).toContain(
			'PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\\010MFkw+/=\\010-----END PUBLIC KEY-----\\010"',
		);
	});

	it.each([
		['a "quote"', "a \\034quote\\034"],
		["a \\ backslash", "a \\092 backslash"],
		["} $brace", "\\125 \\036brace"],
		["é", "\\195\\169"],
	])("writes %s so that neither Lua nor nginx reads more than text", (urlSecret, written) => {
		expect(formatNginxConfig({ ...SETTINGS, urlSecret })).toContain(`URL_SECRET = "${written}"`);
	});
});
