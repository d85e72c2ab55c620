// Which findings `parapet doctor` makes of a service's answers, and how bad each is: name, clock, token keys, stores and
// objects.
import { describe, expect, test } from "vitest";
import {
	judgeDownloads,
	judgePromises,
	judgePulse,
	judgeStatus,
	type Promises,
	type Status,
} from "../../../../../cli/commands/doctor/findings.ts";

const SERVER = "https://updates.test";
const NOW = "2026-10-01T12:00:00Z";
const PROMISES: Promises = {
	issuer: SERVER,
	time: NOW,
	revocation: { bound_seconds: 75, isolate_seconds: 10, location_seconds: 5, stores: [] },
	token_ttl_seconds: 3600,
	url_ttl_seconds: 300,
	check_interval_seconds: 300,
	last_good_seconds: 86_400,
	max_package_bytes: 104_857_600,
	max_body_bytes: 104_857_600,
};
const WELL: Status = {
	stores: [{ store: "kv", state: "current", latency_ms: 3, heads: 7, broken: [] }],
	directory: { state: "reachable", latency_ms: 5, heads: 7, settled: true, owners_behind: 0, some_behind: [] },
	packages: { state: "reachable", latency_ms: 9 },
	keys: { bootstrap: "off", operate: 2 },
	pulse: null,
	downloads: null,
};
const verdicts = (findings: readonly { what: string; verdict: string }[]) =>
	findings.map(({ what, verdict }) => `${what} ${verdict}`);

describe("the service is asked under its own name", () => {
	test.each([
		[SERVER, "good"],
		["https://other.test", "bad"],
		["http://updates.test", "bad"],
	])("%s: %s", (server, verdict) => {
		expect(judgePromises(PROMISES, server, Date.parse(NOW))[0]?.verdict).toBe(verdict);
	});
});

describe("clocks agree to half a minute", () => {
	test.each([
		[0, "good", "agree"],
		[30, "good", "agree"],
		[31, "notice", "31 s ahead"],
		[-31, "notice", "31 s behind"],
	])("%i s: %s", (seconds, verdict, words) => {
		const [, clock] = judgePromises(PROMISES, SERVER, Date.parse(NOW) + seconds * 1000);
		expect(clock?.verdict).toBe(verdict);
		expect(clock?.finding).toContain(words);
	});
});

describe("packages that not every plan of the platform lets through", () => {
	test.each([
		[104_857_600, SERVER, []],
		[104_857_601, SERVER, ["uploads notice"]],
		[104_857_601, "http://localhost:8787", []],
	])("up to %i bytes, at %s", (max_body_bytes, server, expected) => {
		const found = judgePromises({ ...PROMISES, issuer: server, max_body_bytes }, server, Date.parse(NOW));
		expect(verdicts(found.slice(2))).toEqual(expected);
	});
});

describe("inside", () => {
	test("all is well", () => {
		expect(verdicts(judgeStatus(WELL))).toEqual(["store kv good", "directory good", "packages good"]);
	});

	test.each([
		["current", "good"],
		["incomplete", "bad"],
		["behind", "notice"],
		["unknown", "notice"],
		["ahead", "bad"],
		["empty", "bad"],
		["unreadable", "bad"],
		["unreachable", "bad"],
	])("a store that is %s is %s, and what is not good has a fix", (state, verdict) => {
		const [store] = judgeStatus({
			...WELL,
			stores: [{ store: "redis", state, latency_ms: 1, heads: 2, broken: ["messages@3"] }],
		});
		expect(store?.verdict).toBe(verdict);
		expect(store?.finding.includes("messages@3")).toBe(state === "incomplete");
		if (state !== "current" && state !== "unknown") expect(store?.fix).toBeTruthy();
	});

	test("what does not answer is bad", () => {
		const gone = { state: "unreachable", latency_ms: 4_000 };
		const directory = { ...gone, heads: null, settled: null, owners_behind: null, some_behind: [] };
		expect(verdicts(judgeStatus({ ...WELL, directory, packages: gone }))).toEqual([
			"store kv good",
			"directory bad",
			"packages bad",
		]);
	});

	test("accounts whose records a store does not take are named, the first few of them", () => {
		const directory = { ...WELL.directory, owners_behind: 7, some_behind: ["acct-a", "crs"] };
		const found = judgeStatus({ ...WELL, directory }).find(({ what }) => what === "records");
		expect(found).toMatchObject({ verdict: "bad", finding: expect.stringContaining("acct-a, crs and 5 more") });
	});

	test("records on their way are worth a notice", () => {
		const directory = { ...WELL.directory, settled: false };
		expect(verdicts(judgeStatus({ ...WELL, directory }))).toContain("outbox notice");
	});
});

describe("pulses", () => {
	const AWAY = { url: "https://pulse.test/p/name", value: "v2" };
	const OWN = { url: `${SERVER}/p/name`, value: "v2" };

	test.each<[string, Status["pulse"], string | undefined, boolean, string]>([
		["that devices are not told of", null, undefined, false, "notice"],
		["that are not there", AWAY, undefined, false, "bad"],
		["that say something else", AWAY, "v1", true, "notice"],
		["that no cache answers", AWAY, "v2", false, "bad"],
		["of the service itself, which no cache answers", OWN, "v2", false, "good"],
		["on the same machine by another name", { ...AWAY, url: "http://127.0.0.1:8787/p/name" }, "v2", false, "good"],
		["that a cache answers", AWAY, "v2", true, "good"],
	])("%s", (_, link, value, isCached, verdict) => {
		const finding = judgePulse(link, { value, isCached }, SERVER);
		expect(finding.verdict).toBe(verdict);
		expect(finding.fix !== undefined).toBe(verdict !== "good");
	});
});

describe("downloads from a CDN", () => {
	const CDN = "https://packages.test";

	test.each([
		["refused, as the rule has it", 403, "good", "refuses a URL without a MAC"],
		["looked for in the bucket", 404, "bad", "answers 404 to a URL without a MAC: the bucket is open to everybody"],
		["answered with bytes", 200, "bad", "answers 200 to a URL without a MAC: the bucket is open to everybody"],
		["sent elsewhere", 301, "notice", "answers 301 to a URL without a MAC, and not 403"],
		["refused for another reason", 401, "notice", "answers 401"],
		["kept off for a while", 429, "notice", "answers 429"],
		["met by a domain that leads nowhere", 530, "notice", "answers 530"],
		["met by nobody", undefined, "notice", `no answer from ${CDN}`],
	])("an unsigned request that is %s (%s): %s", (_, answered, verdict, words) => {
		const { finding, fix, ...found } = judgeDownloads(CDN, answered);
		expect(found).toEqual({ verdict, what: "downloads" });
		expect(finding).toContain(CDN);
		expect(finding).toContain(words);
		expect(fix?.includes("take the domain away, then set the rule")).toBe(
			{ good: undefined, bad: true, notice: false }[verdict],
		);
		if (verdict !== "good") expect(fix).toContain("docs/operations.md, Downloads from a CDN");
	});
});
