// How commands speak: to people, to programs, and about what failed.
import { describe, expect, it } from "vitest";
import { CliError, ServerRefusal, UsageError } from "../../../../cli/errors.ts";
import { createOutput, formatBytes, formatTable, printable, writeFailure } from "../../../../cli/terminal/output.ts";

const written = (write: (sink: { write: (text: string) => void }) => void) => {
	let all = "";
	write({
		write: (text) => {
			all += text;
		},
	});
	return all;
};
const failure = (error: unknown, json = false) => written((sink) => writeFailure(sink, error, json));

const refusal = new ServerRefusal({
	...{ status: 429, code: "rate_limited", message: "could not list: too many", fix: "come back later" },
	...{ requestId: "req-1", retryAfterSeconds: 7, clockAheadSeconds: -95 },
});

it("shows a server's text without what could drive a terminal", () => {
	expect(printable("a\u001b[31mb\r\u202ec\nd")).toBe("a?[31mb??c\nd");
});

describe("an answer", () => {
	const answer = (json: boolean, lines: string | string[]) =>
		written((stdout) => {
			const stderr = { write: () => {} };
			const surroundings = { stdout, stderr, env: {}, cwd: "/", nowMs: () => 0, sleep: async () => {} };
			createOutput(surroundings, json).answer({ text: "\u001b[31m" }, lines);
		});

	it("is lines for people, without what could drive a terminal, and none where there is nothing to say", () => {
		expect(answer(false, ["one", "\u001b[31mtwo"])).toBe("one\n?[31mtwo\n");
		expect(answer(false, [])).toBe("");
	});

	it("is one line of JSON for programs, as it came", () => {
		expect(answer(true, "one")).toBe('{"text":"\\u001b[31m"}\n');
	});
});

describe("a failure", () => {
	it("says what failed, what to do, when to come back and which request it was", () => {
		const lines = [
			"error: could not list: too many",
			"  fix: come back later",
			"  try again in 7 s",
			"  request: req-1",
		];
		expect(failure(refusal)).toBe(`${lines.join("\n")}\n`);
	});

	it("says the same as JSON, with its code and status", () => {
		expect(JSON.parse(failure(refusal, true))).toEqual({
			error: {
				...{ message: "could not list: too many", code: "rate_limited", status: 429, fix: "come back later" },
				...{ request_id: "req-1", retry_after: 7, clock_ahead_seconds: -95 },
			},
		});
	});

	it("that stands on a refusal names that one's request, and where to go on", () => {
		const stopped = new CliError("the rebuild stopped", { code: "stopped", resumeFrom: "place", cause: refusal });
		expect(failure(stopped)).toContain("  request: req-1");
		expect(JSON.parse(failure(stopped, true))).toMatchObject({
			error: { code: "stopped", resume_from: "place", status: 429, retry_after: 7 },
		});
	});

	it("says no more than what is known", () => {
		expect(failure(new UsageError("what is the code for?"))).toBe("error: what is the code for?\n");
		expect(JSON.parse(failure(new Error("out of memory"), true))).toEqual({
			error: { message: "out of memory", code: "unexpected" },
		});
		expect(failure("a word")).toBe("error: a word\n");
	});

	it("cannot drive the terminal either", () => {
		expect(failure(new CliError("no \u001b]0;title\u0007"))).toBe("error: no ?]0;title?\n");
	});
});

describe("tables", () => {
	it("are columns as wide as what is in them, with a mark for what is missing", () => {
		const rows = [
			["crs", null, ["a", "b"], true],
			["threats", 7, [], { x: 1 }],
		];
		expect(formatTable(["PRODUCT", "N", "LIST", "ANY"], rows)).toEqual([
			"PRODUCT  N  LIST  ANY",
			"crs      -  a,b   true",
			'threats  7        {"x":1}',
		]);
	});

	it("without rows say so", () => expect(formatTable(["PRODUCT"], [])).toEqual(["(none)"]));
});

it.each([
	[0, "0 B"],
	[999, "999 B"],
	[1_000, "1.0 kB"],
	[999_949, "999.9 kB"],
	[999_950, "1.0 MB"],
	[12_345_678_901_234, "12345.7 GB"],
])("%s bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));
