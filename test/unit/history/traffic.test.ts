// What devices asked for and were answered, added up from rows of the history.
import { describe, expect, test } from "vitest";
import { countTraffic, type StoredRow } from "../../../src/history/traffic.ts";

const FROM = Date.parse("2026-11-28T22:00:00Z") / 1_000;
let made = 0;

function row(more: StoredRow = {}): StoredRow {
	return {
		id: `row-${made++}`,
		time: "2026-11-28T22:00:30.000Z",
		kind: "token",
		weight: 1,
		status: 200,
		duration_ms: 4,
		bytes: 0,
		country: "BR",
		...more,
	};
}

test("a row counts for as many events as it stands for, a refusal with what was asked for", () => {
	const { events, kinds, answers, countries, minutes } = countTraffic(
		[
			row({ kind: "check", weight: 100 }),
			row({ kind: "refusal", asked: "check", status: 403, problem: "device_refused" }),
			row({ kind: "download", bytes: 3_000, country: "DE", time: "2026-11-28T22:01:00.000Z" }),
		],
		FROM,
	);
	expect(events).toBe(102);
	expect(kinds).toMatchObject([
		{ kind: "check", events: 101, refused: 1, bytes: 0 },
		{ kind: "download", events: 1, refused: 0, bytes: 3_000 },
	]);
	expect(answers).toEqual([
		{ kind: "check", status: 200, problem: null, events: 100 },
		{ kind: "check", status: 403, problem: "device_refused", events: 1 },
		{ kind: "download", status: 200, problem: null, events: 1 },
	]);
	expect(countries).toEqual([
		{ country: "BR", events: 101, refused: 1 },
		{ country: "DE", events: 1, refused: 0 },
	]);
	expect(minutes).toEqual([
		{ at: FROM, events: 101, refused: 1 },
		{ at: FROM + 60, events: 1, refused: 0 },
	]);
});

test("what is asked of one country keeps to it, and still says from where else something came", () => {
	const failed = row({ kind: "refusal", asked: "download", status: 403, problem: "signed_url_expired" });
	const lost = row({ kind: "lost", weight: 5, country: null });
	const rows = [failed, lost, row({ country: "DE" }), row({ country: null })];
	const { events, lost: dropped, kinds, answers, minutes, countries } = countTraffic(rows, FROM, "BR");
	expect([events, dropped]).toEqual([1, 5]);
	expect(kinds).toMatchObject([{ kind: "download", events: 1, refused: 1 }]);
	expect(answers).toEqual([{ kind: "download", status: 403, problem: "signed_url_expired", events: 1 }]);
	expect(minutes).toEqual([{ at: FROM, events: 1, refused: 1 }]);
	expect(countries.map(({ country }) => country)).toEqual(["BR", "DE", null]);
});

test("a device whose turn has not come is an event, and not refused in any list", () => {
	const waiting = row({ kind: "wait", asked: "permit", status: 403, problem: "exposure_limited" });
	const refused = row({ kind: "refusal", asked: "permit", status: 403, problem: "not_entitled" });
	const { events, kinds, answers, countries, minutes } = countTraffic([waiting, refused], FROM);
	expect(events).toBe(2);
	expect(kinds).toMatchObject([{ kind: "permit", events: 2, refused: 1 }]);
	expect(countries).toMatchObject([{ events: 2, refused: 1 }]);
	expect(minutes).toMatchObject([{ events: 2, refused: 1 }]);
	expect(answers.map(({ problem }) => problem)).toEqual(["exposure_limited", "not_entitled"]);
});

describe("counted are not", () => {
	test("a row a second time", () => {
		const one = row();
		expect(countTraffic([one, one], FROM).events).toBe(1);
	});
	test.each(["2026-11-28T21:59:59.999Z", "yesterday", undefined])("one of the time %j", (time) => {
		expect(
			countTraffic([row({ ...(time !== undefined && { time }), ...(time === undefined && { time: "" }) })], FROM)
				.events,
		).toBe(0);
	});
	test("events that were lost: they are told apart", () => {
		expect(countTraffic([row({ kind: "lost", weight: 7 })], FROM)).toMatchObject({ events: 0, lost: 7, kinds: [] });
	});
});

test("percentiles of latency are of events, not of rows", () => {
	const slow = row({ kind: "check", duration_ms: 50, weight: 1, status: 503 });
	const { kinds } = countTraffic([slow, row({ kind: "check", duration_ms: 2, weight: 100 })], FROM);
	expect(kinds).toMatchObject([{ p50: 2, p90: 2, p99: 2 }]);
	const alike = Array.from({ length: 100 }, (_, index) => row({ duration_ms: index + 1 }));
	expect(countTraffic(alike, FROM).kinds).toMatchObject([{ p50: 50, p90: 90, p99: 99 }]);
});
