// `npm run bench:isolates`: reads of `heads` per second, and calls of the Directory while KV is out, as a fleet's isolates
// grow in number: each for itself, and sharing what their location has. In virtual time, by the service's own caches.
import { parseArgs } from "node:util";
import { fleetReads } from "../../test/simulation/fleet/fleet-reads.ts";

const { values: options } = parseArgs({
	options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
});

/** 1.5 million devices at 300 s with what they ask beside: 498 million requests a day. Locations: as many cities as the platform names. */
const FLEET = { requestsPerSecond: 5_760, locations: 300 };
const ISOLATES = options.quick ? [300] : [300, 1_000, 3_000, 30_000];
const seconds = options.quick ? 2 : 10;

const rows = [];
for (const isolates of ISOLATES) {
	const plan = { ...FLEET, isolates, seconds };
	const alone = await fleetReads({ ...plan, isShared: false });
	const shared = await fleetReads({ ...plan, isShared: true });
	const out = await fleetReads({ ...plan, isShared: true, isKvOut: true });
	rows.push({
		isolates,
		readsAlone: Math.round(alone.storeReads),
		readsShared: Math.round(shared.storeReads),
		directoryCallsKvOut: Math.round(out.directoryCalls),
		directoryPeakKvOut: out.directoryCallsPeak,
	});
}

if (options.json) console.log(JSON.stringify({ ...FLEET, seconds, rows }));
else {
	console.log(`heads, ${FLEET.requestsPerSecond} checks/s over ${FLEET.locations} locations, mean of ${seconds} s`);
	console.log(
		"isolates | reads/s, each alone | reads/s, shared by location | KV out: Directory calls/s | in the busiest second",
	);
	for (const { isolates, readsAlone, readsShared, directoryCallsKvOut, directoryPeakKvOut } of rows) {
		console.log([isolates, readsAlone, readsShared, directoryCallsKvOut, directoryPeakKvOut].join(" | "));
	}
}
