// `npm run bench:pulses`: how soon a fleet that waits by pulses asks about a release, how evenly, and what a device asks in a
// day. In virtual time, by the command line's own waiting.
import { parseArgs } from "node:util";
import { fleetPulses, INTERVAL, spreadingOf } from "../../test/simulation/fleet-pulses.ts";
import { mark } from "../progress.ts";

const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});

const devices = options.quick ? 20_000 : 100_000;
const DAY = 86_400;
const HERD = 1.5;

const rows = [];
for (const emergency of [false, true]) {
	const plan = { devices, seconds: 1_500, publishes: [{ at: 100, emergency }] };
	const spread = emergency ? 60 : INTERVAL;
	rows.push({ news: emergency ? "emergency" : "routine", spread, ...spreadingOf(plan, await fleetPulses(plan), 0) });
}

/** Publishes a day of the one product that each device has: 20 over five products. */
const PUBLISHES = [0, 4];
const days = [];
for (const count of PUBLISHES) {
	const publishes = Array.from({ length: count }, (_, index) => ({
		at: ((index + 0.5) * DAY) / count,
		emergency: false,
	}));
	const fleet = options.quick ? 100 : 500;
	const { checks, reads } = await fleetPulses({ devices: fleet, seconds: DAY, publishes });
	const asked = checks.reduce((sum, made) => sum + made.length, 0);
	days.push({ publishes: count, checks: asked / fleet, reads: reads / fleet });
}

if (options.json) console.log(JSON.stringify({ devices, rows, days }));
else {
	console.log(`${devices} devices, one publish`);
	console.log("news | spread s | asked by 99 %, s | goal | busiest second ÷ (devices ÷ spread) | goal");
	for (const { news, spread, askedBy99, herd } of rows) {
		const soon = `≤ ${60 + spread}, ${mark(askedBy99 <= 60 + spread)}`;
		console.log(
			[news, spread, askedBy99.toFixed(0), soon, herd.toFixed(2), `≤ ${HERD}, ${mark(herd <= HERD)}`].join(" | "),
		);
	}
	console.log("\npublishes a day | checks a device and day | readings of its product's pulse");
	for (const { publishes, checks, reads } of days)
		console.log([publishes, checks.toFixed(1), reads.toFixed(0)].join(" | "));
}
