// A plain node:http server with the devices of one account: it takes lines, lists what it has, and misbehaves on request,
// before or after it has taken them.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json, listen, problem, readBody } from "./contract-replies.ts";

export interface TakenDevice extends Record<string, unknown> {
	readonly device: string;
	readonly serial: string;
}

/** lost: the connection breaks off, before or after the server has done what it was asked for */
export type Misbehaviour = { status: number; retryAfter?: number } | "lost before" | "lost after" | null;

export interface DevicesServer {
	readonly url: string;
	/** by the x of their keys, in the order in which they came */
	readonly devices: Map<string, TakenDevice>;
	/** bodies of batches, as they came */
	readonly bodies: string[];
	/** queries of lists */
	readonly queries: string[];
	/** @param call 1 for the first call of all */
	misbehave: (call: number) => Misbehaviour;
	/** why a serial number is refused */
	refusals: Record<string, string>;
	close(): Promise<void>;
}

export const ACCOUNT = "acct-f5any44xnhvcz9cn";
const DEVICE = (number: number) => `dev-f5any44xnh-${String(number).padStart(16, "0")}`;

export async function startDevicesServer(): Promise<DevicesServer> {
	let calls = 0;
	const state: DevicesServer = {
		url: "",
		devices: new Map(),
		bodies: [],
		queries: [],
		misbehave: () => null,
		refusals: {},
		close: async () => {},
	};
	const take = (line: Record<string, unknown>) => {
		const serial = String(line["serial"]);
		const code = state.refusals[serial];
		if (code !== undefined) return { result: "refused", code };
		const { x } = line["jwk"] as { x: string };
		const known = state.devices.get(x);
		const device = known?.device ?? DEVICE(state.devices.size);
		const now = { labels: {}, dpop_bound: false, status: "active", ha_group: null, ...line, device, serial };
		state.devices.set(x, { ...now, activated_at: "2026-11-21T00:00:00Z" });
		if (known === undefined) return { result: "created", device };
		return { result: known["model"] === line["model"] ? "same" : "changed", device };
	};
	const server = createServer(async (request, response) => {
		const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
		const body = await readBody(request);
		calls += 1;
		const misbehaviour = state.misbehave(calls);
		if (misbehaviour === "lost before") return request.socket.destroy();
		if (typeof misbehaviour === "object" && misbehaviour !== null) {
			const { status, retryAfter } = misbehaviour;
			if (retryAfter !== undefined) response.setHeader("retry-after", String(retryAfter));
			return problem(response, status, "unavailable");
		}
		if (pathname !== `/v1/accounts/${ACCOUNT}/devices`) return problem(response, 404, "not_found");
		if (request.method === "POST") {
			state.bodies.push(body);
			const results = (JSON.parse(body) as { devices: Record<string, unknown>[] }).devices.map(take);
			if (misbehaviour === "lost after") return request.socket.destroy();
			return json(response, 200, { results, waiting: 0 });
		}
		state.queries.push(searchParams.toString());
		const limit = Number(searchParams.get("limit"));
		const after = searchParams.get("after") ?? "";
		const rest = [...state.devices.values()].filter(({ device }) => device > after);
		const devices = rest.slice(0, limit);
		const next = devices.length === limit ? devices.at(-1)?.device : null;
		return json(response, 200, { devices, next });
	});
	await listen(server);
	Object.assign(state, {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: () => new Promise<void>((resolve) => server.close(() => resolve())),
	});
	return state;
}
