// Charts that scripts draw have their times in UTC, wherever the reader is: a day of the service is a day of UTC.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInNewContext } from "node:vm";
import { afterEach, expect, it } from "vitest";

type TzDate = (seconds: number) => Date;
const zone = process.env["TZ"];
afterEach(() => {
	if (zone === undefined) delete process.env["TZ"];
	else process.env["TZ"] = zone;
});

/** @returns what the console's script has uPlot take a time for */
function chartTimes(): TzDate {
	const source = readFileSync(createRequire(import.meta.url).resolve("uplot/dist/uPlot.iife.js"), "utf8");
	const { tzDate } = runInNewContext(`${source}; uPlot`, { Date, Intl, navigator: { language: "en" } });
	const made: { tzDate: TzDate }[] = [];
	class Plot {
		static readonly paths = { stepped: () => {} };
		static readonly tzDate = tzDate;
		readonly root = { setAttribute() {} };
		constructor(options: { tzDate: TzDate }) {
			made.push(options);
		}
	}
	const figure = {
		dataset: { chart: '{"times":[0],"lines":[]}' },
		querySelector: () => ({ before() {}, classList: { add() {} } }),
	};
	const document = {
		readyState: "loading",
		querySelectorAll: (selector: string) => (selector.startsWith("figure") ? [figure] : []),
		addEventListener: (type: string, run: () => void) => type === "DOMContentLoaded" && run(),
	};
	runInNewContext(readFileSync("src/console/files/console.js", "utf8"), {
		...{ document, uPlot: Plot, Date, JSON, getComputedStyle: () => ({ getPropertyValue: () => "" }) },
		ResizeObserver: class {
			observe() {}
		},
	});
	const [options] = made;
	if (options === undefined) throw new Error("no chart was drawn");
	return options.tzDate;
}

it.each(["America/Los_Angeles", "Europe/Berlin", "Pacific/Auckland", "Asia/Kolkata", "UTC"])("in %s", (there) => {
	process.env["TZ"] = there;
	const timeOf = chartTimes();
	for (const text of ["2026-03-29T00:00:00Z", "2026-10-25T12:00:00Z", "2026-11-23T00:00:00Z"]) {
		const at = timeOf(Date.parse(text) / 1_000);
		const shown = [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours()].join("-");
		const [year, month, day, hour] = text.split(/[-T:]/).map(Number);
		expect(shown).toBe([year, month, day, hour].join("-"));
	}
});
