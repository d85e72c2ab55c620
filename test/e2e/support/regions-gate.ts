// A Worker around Parapet's own bundle whose way to the rest of the world can be cut: KV, Redis and the objects each answer,
// refuse or stay silent, as the test says. It also counts what is asked of them. It runs inside workerd, so it is text here.

/** What an edge reaches over the network. */
export type Line = "kv" | "redis" | "objects";
/** refuses: fails at once, as the platform marks it; silent: fails after longer than anybody waits */
export type LineState = "answers" | "refuses" | "silent";
export type LineCounts = Readonly<Record<Line, number>>;

/** PUT here sets lines, as a JSON object of line → state; GET answers how often each was asked. */
export const GATE_PATH = "/.gate";

/** In the module worker.js beside it is the bundle. Objects that live in this Worker are not behind the gate. */
export const GATE_SCRIPT = `
import worker from "./worker.js";
export * from "./worker.js";
const states = { kv: "answers", redis: "answers", objects: "answers" };
const counts = { kv: 0, redis: 0, objects: 0 };
async function over(line, ask) {
	counts[line] += 1;
	// A timer, as an answer that is not there yet would keep a request alive: workerd ends those that wait for nothing.
	if (states[line] === "silent") await new Promise((resolve) => setTimeout(resolve, 30_000));
	if (states[line] !== "answers") throw Object.assign(new Error("no way to " + line), { retryable: true });
	return ask();
}
const fetchForReal = globalThis.fetch;
globalThis.fetch = (...args) => over("redis", () => fetchForReal(...args));
function gateKv(kv) {
	return { get: (...args) => over("kv", () => kv.get(...args)), put: (...args) => over("kv", () => kv.put(...args)) };
}
function gateObjects(namespace) {
	const gateStub = (stub) =>
		new Proxy(stub, { get: (_, method) => (...args) => over("objects", () => stub[method](...args)) });
	return { getByName: (name) => gateStub(namespace.getByName(name)) };
}
// One for all requests: services are made once per environment.
let gated;
function gate(env) {
	return (gated ??= {
		...env,
		RECORDS: gateKv(env.RECORDS),
		ACCOUNT: gateObjects(env.ACCOUNT),
		PRODUCT: gateObjects(env.PRODUCT),
		DIRECTORY: gateObjects(env.DIRECTORY),
		REPLAY_GUARD: gateObjects(env.REPLAY_GUARD),
	});
}
export default {
	async fetch(request, env, context) {
		if (new URL(request.url).pathname !== "${GATE_PATH}") return worker.fetch(request, gate(env), context);
		if (request.method === "PUT") Object.assign(states, await request.json());
		return Response.json(counts);
	},
};`;
