// A Worker around Parapet's own bundle that counts what it reads from the replicated store, writes records into it in bulk,
// and answers its rate limits from memory: Miniflare's emulation of that binding writes to SQLite at each call and would cost
// many times what a token costs. It runs inside workerd, so it is text here.

/** A record to be written by `POST /bench/seed`. */
export interface SeedRecord {
	readonly key: string;
	readonly text: string;
}

export const PROBE_SCRIPT = `
import worker from "./worker.js";
let reads = 0;
let counted;
function count(env) {
	const records = { get(...args) { reads += 1; return env.RECORDS.get(...args); }, put: (...args) => env.RECORDS.put(...args) };
	const limit = { limit: async () => ({ success: true }) };
	return (counted ??= { ...env, RECORDS: records, RATE_TOKEN: limit, RATE_REGISTER: limit, RATE_CODE: limit, RATE_ACCOUNT: limit, RATE_PUBLISH: limit });
}
export default {
	async fetch(request, env, context) {
		const { pathname } = new URL(request.url);
		if (pathname === "/bench/reads") {
			const answer = Response.json({ reads });
			reads = 0;
			return answer;
		}
		if (pathname === "/bench/seed") {
			const records = await request.json();
			await Promise.all(records.map(({ key, text }) => env.RECORDS.put(key, text)));
			return Response.json({ written: records.length });
		}
		return worker.fetch(request, count(env), context);
	},
};`;
