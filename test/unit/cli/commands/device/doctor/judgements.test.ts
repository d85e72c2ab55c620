// What is made of what was seen where a test cannot easily make it be seen.
import { describe, expect, it } from "vitest";
import { judgeDisk, judgeEcho, judgeReach } from "../../../../../../cli/commands/device/doctor/judgements.ts";

const NOW = Date.parse("2027-03-01T00:00:00Z");
const reached = { origin: "https://updates.test", proxy: null, addresses: ["192.0.2.1"], connected: 12 };
const good = { fault: null, byOwnAuthority: false, issuer: "Good Authority", endsMs: NOW, protocol: "TLSv1.3" };

describe("a certificate", () => {
	it.each([
		["of a public authority", {}, "good", undefined],
		["that ended", { fault: "CERT_HAS_EXPIRED" }, "bad", "set the clock"],
		["that begins later", { fault: "CERT_NOT_YET_VALID" }, "bad", "set the clock"],
		["of another host", { fault: "ERR_TLS_CERT_ALTNAME_INVALID" }, "bad", "something answers for updates.test"],
		["of an unknown authority", { fault: "SELF_SIGNED_CERT_IN_CHAIN" }, "bad", "PARAPET_CA_FILE"],
		["of a known private authority", { byOwnAuthority: true }, "notice", "without inspection"],
	])("%s", (_, more, verdict, fix) => {
		const found = judgeReach({ ...reached, certificate: { ...good, ...more } }).at(-1);
		expect(found).toMatchObject({ what: "tls", verdict });
		if (fix === undefined) expect(found?.fix).toBeUndefined();
		else expect(found?.fix).toContain(fix);
	});

	it("that was not seen through a proxy is the proxy's doing", () => {
		const proxy = "http://proxy.test:3128";
		const findings = judgeReach({ ...reached, proxy, certificate: { fault: "407" } });
		expect(findings[0]?.finding).toBe(`${proxy} for updates.test`);
		expect(findings.at(-1)).toMatchObject({
			verdict: "bad",
			fix: expect.stringContaining("CONNECT to updates.test:443"),
		});
	});
});

it("a proxy that is not there is named, and how to go without it", () => {
	const proxy = "http://proxy.test:3128";
	const findings = judgeReach({ ...reached, proxy, connected: { fault: "refused" }, certificate: undefined });
	expect(findings.at(-1)).toMatchObject({ what: "tcp", verdict: "bad", fix: expect.stringContaining("NO_PROXY") });
});

describe("interception shows", () => {
	const arrived = { authorization: true, dpop: true, if_none_match: true, range: true, via: false };
	const echo = {
		clock_offset_seconds: 0,
		address: null,
		tls: "TLSv1.3",
		http: null,
		country: null,
		colo: null,
		arrived,
	};
	it.each([
		["not where both ends speak the same TLS", echo, "TLSv1.3", false],
		["by another version of TLS at the other end", { ...echo, tls: "TLSv1.2" }, "TLSv1.3", true],
		["by a proxy's own word", { ...echo, arrived: { ...arrived, via: true } }, "TLSv1.3", true],
		["not where there is no TLS here", echo, null, false],
		["not where the platform does not say", { ...echo, tls: null }, "TLSv1.3", false],
	])("%s", (_, seen, protocol, isShown) => {
		const findings = judgeEcho("https://updates.test", seen, protocol);
		expect(findings.some(({ what, verdict }) => what === "interception" && verdict === "notice")).toBe(isShown);
	});
});

it.each([
	[59, "notice"],
	[60, "notice"],
	[61, "bad"],
	[-61, "bad"],
	[20, "good"],
	[-21, "notice"],
])("a clock that is off by %i s is %s", (offset, verdict) => {
	const arrived = { authorization: true, dpop: true, if_none_match: true, range: true };
	const echo = {
		clock_offset_seconds: offset,
		address: null,
		tls: null,
		http: null,
		country: null,
		colo: null,
		arrived,
	};
	expect(judgeEcho("https://updates.test", echo, null).find(({ what }) => what === "clock")?.verdict).toBe(verdict);
});

it.each([
	[1_000, 1_000, "good"],
	[999, 1_000, "notice"],
	[999, null, "good"],
	[null, 1_000, "good"],
])("a disk with %j bytes free for packages of %j is %s", (freeBytes, packageBytes, verdict) => {
	expect(judgeDisk("home", { fault: null, freeBytes }, packageBytes).verdict).toBe(verdict);
});
