// `npm run bench:pulses`: how soon a fleet that waits by pulses asks about a release, how evenly, and what a device asks in a
// day; and how a fleet comes back after an outage. In virtual time, by the command line's own waiting.
import { parseArgs } from "node:util";
import { fleetOutage, type Outage } from "../../test/simulation/fleet/fleet-outage.ts";
import { fleetPulses, INTERVAL, spreadingAfter, spreadingOf } from "../../test/simulation/fleet/fleet-pulses.ts";
import { mark } from "../progress.ts";

const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});

const devices = options.quick ? 20_000 : 1_000_000;
const DAY = 86_400;
const HERD = 1.5;

const rows = [];
for (const emergency of [false, true]) {
	const plan = { devices, seconds: 1_500, publishes: [{ at: 100, emergency }], isBrief: true };
	const spread = emergency ? 60 : INTERVAL;
	rows.push({ news: emergency ? "emergency" : "routine", spread, ...spreadingOf(plan, await fleetPulses(plan), 0) });
}
const moment = { devices, seconds: 1_500, publishes: [], momentAt: 100, isBrief: true };
rows.push({ news: "moment for all", spread: INTERVAL, ...spreadingAfter(moment, await fleetPulses(moment)) });

const OUTAGE_SECONDS = 1_800;
const DENSE = 5;
const BACK_SECONDS = 600;
const KINDS: readonly Outage[] = ["silence", "refusals", "degraded"];
const outages = KINDS.map((outage) => ({ outage, ...fleetOutage({ devices, outage, lasts: OUTAGE_SECONDS }) }));

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

if (options.json) console.log(JSON.stringify({ devices, rows, outages, days }));
else {
	console.log(`${devices} devices, one publish, or one moment at which every answer changes`);
	console.log("news | spread s | asked by 99 %, s | goal | busiest second ÷ (devices ÷ spread) | goal");
	for (const { news, spread, askedBy99, herd } of rows) {
		const soon = `≤ ${60 + spread}, ${mark(askedBy99 <= 60 + spread)}`;
		console.log(
			[news, spread, askedBy99.toFixed(0), soon, herd.toFixed(2), `≤ ${HERD}, ${mark(herd <= HERD)}`].join(" | "),
		);
	}
	console.log(
		`\n${devices} devices that poll, ${OUTAGE_SECONDS / 60} minutes of outage; busiest second ÷ (devices ÷ ${INTERVAL})`,
	);
	console.log("outage | during | in the ten minutes after | goal | in the hour after those | all back, s | goal");
	for (const { outage, during, after, later, allBack } of outages) {
		const dense = `≤ ${DENSE}, ${mark(after <= DENSE)}`;
		// Where there was an answer all the time, nobody is away.
		const back = outage === "degraded" ? "-" : `≤ ${BACK_SECONDS}, ${mark(allBack <= BACK_SECONDS)}`;
		const figures = [during, after].map((figure) => figure.toFixed(2));
		console.log([outage, ...figures, dense, later.toFixed(2), allBack.toFixed(0), back].join(" | "));
	}
	console.log("\npublishes a day | checks a device and day | readings of its product's pulse");
	for (const { publishes, checks, reads } of days)
		console.log([publishes, checks.toFixed(1), reads.toFixed(0)].join(" | "));
}
