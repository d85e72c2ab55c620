// The index by symptom in docs/operations.md leaves out nothing that a firewall or the doctor can say.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { judgeBootstrapKey } from "../../../cli/commands/doctor/bootstrap-key.ts";
import { judgeDownloads, judgePromises, judgePulse, judgeStatus } from "../../../cli/commands/doctor/findings.ts";
import { createApp } from "../../../src/app.ts";
import { operationsOf } from "../../../src/routes/description/api-document.ts";
import { describeApi } from "../../../src/routes/description/describe-api.ts";

const [, rest = ""] = readFileSync("docs/operations.md", "utf8").split("\n## By symptom\n");
const [index = ""] = rest.split("\n## ");

/** Faults of a program that speaks with the service, which no operator can mend. */
const OF_THE_CLIENT = [
	...["invalid_request", "invalid_client_metadata", "invalid_identifier", "invalid_scope", "unsupported_grant_type"],
	...["length_required", "content_too_large", "unsupported_media_type", "not_found", "server_error"],
];

describe("the index by symptom", () => {
	it("has every code that a device can be refused with", () => {
		const codes = operationsOf(describeApi(createApp()))
			.filter(({ operation }) => operation.tags[0] === "Device")
			.flatMap(({ operation }) => Object.values(operation.responses).flatMap((answer) => answer["x-codes"] ?? []));
		expect(codes.length).toBeGreaterThan(20);
		const told = [...new Set(codes)].filter((code) => !OF_THE_CLIENT.includes(code));
		expect(told.filter((code) => !index.includes(`\`${code}\``))).toEqual([]);
	});

	it("has every line of the doctor that is not good", () => {
		const promised = { issuer: "https://a.test", time: "2026-11-28T00:00:00Z" } as Parameters<typeof judgePromises>[0];
		const down = { state: "unreachable", latency_ms: 0, heads: null };
		const findings = [
			...judgePromises(promised, "https://b.test", 0),
			...judgeStatus({
				stores: [{ store: "kv", broken: [], ...down }],
				directory: { ...down, settled: false, owners_behind: 2, some_behind: ["acct-a", "crs"] },
				packages: down,
				keys: { bootstrap: "on", operate: 0 },
				pulse: null,
				downloads: null,
			}),
			judgeBootstrapKey({ bootstrap: "on", operate: 0 }),
			judgeBootstrapKey({ bootstrap: "off", operate: 0 }),
			judgePulse(null, { value: undefined, isCached: false }, "https://b.test"),
			judgeDownloads("https://packages.test", 404),
		];
		expect(findings.every(({ verdict }) => verdict !== "good")).toBe(true);
		const missing = findings.map(({ what }) => what.split(" ")[0]).filter((what) => !index.includes(`\`${what}\``));
		expect(missing).toEqual([]);
	});
});
