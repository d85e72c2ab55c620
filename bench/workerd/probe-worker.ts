// Workers around Parapet's own bundle. They run inside workerd, so they are text here.

/** A record to be written by `POST /bench/seed`. */
export interface SeedRecord {
	readonly key: string;
	readonly text: string;
}

/**
 * Rate limits that answer from memory, as those of production do: there a limit is counted on the machine that asks. Miniflare's
 * emulation sends a request to an object of its own, which writes to SQLite at each call, and would cost twice what a permit costs.
 */
const LIMITS_IN_MEMORY = `
const limit = { limit: async () => ({ success: true }) };
const limits = { RATE_TOKEN: limit, RATE_REGISTER: limit, RATE_CODE: limit, RATE_ACCOUNT: limit, RATE_PUBLISH: limit };`;

/** The service with such limits; nothing else is changed. */
export const SERVICE_SCRIPT = `
import worker from "./worker.js";
export * from "./worker.js";
${LIMITS_IN_MEMORY}
let known;
export default {
	fetch: (request, env, context) => worker.fetch(request, (known ??= { ...env, ...limits }), context),
};`;

/** The same again, which counts what it reads from the replicated store, and writes records into it in bulk. */
export const PROBE_SCRIPT = `
import worker from "./worker.js";
${LIMITS_IN_MEMORY}
let reads = 0;
let counted;
function count(env) {
	const records = { get(...args) { reads += 1; return env.RECORDS.get(...args); }, put: (...args) => env.RECORDS.put(...args) };
	return (counted ??= { ...env, RECORDS: records, ...limits });
}
export default {
	async fetch(request, env, context) {
		const { url } = request;
		if (url.endsWith("/bench/reads")) {
			const answer = Response.json({ reads });
			reads = 0;
			return answer;
		}
		if (url.endsWith("/bench/seed")) {
			const records = await request.json();
			await Promise.all(records.map(({ key, text }) => env.RECORDS.put(key, text)));
			return Response.json({ written: records.length });
		}
		return worker.fetch(request, count(env), context);
	},
};`;
