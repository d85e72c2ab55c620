// Stands between the devices of a trial and the service. Counts what is refused, keeps who has a permit that is not settled, loses
// answers, and lets a device die in the moment in which it would report.
import { createServer, type IncomingMessage, type ServerResponse, request as sendOn } from "node:http";
import type { AddressInfo } from "node:net";
import type { Random } from "../../test/simulation/random.ts";

/** A permit as it was given, until its device's last word was sent, or for ever. Unix ms. */
export interface WitnessedPermit {
	readonly device: string;
	readonly version: string;
	readonly fromMs: number;
	toMs: number | null;
}

export interface WitnessOptions {
	/** the present of the trial, unix ms */
	readonly nowMs: () => number;
	readonly random: Random;
	/** @returns the part of the answers that never arrive, now */
	readonly losing: () => number;
	/** told of each report before it is passed on; @returns true = the device dies instead of sending it */
	readonly dies: (device: string, version: string) => boolean;
}

export interface Witness {
	readonly url: string;
	/** by route, status and code, how often */
	readonly answers: ReadonlyMap<string, number>;
	readonly permits: readonly WitnessedPermit[];
	/** answers that were lost on the way */
	readonly lost: number;
	/** @param key the x of a device's public key */
	know(key: string, device: string): void;
	/** What the trial gives up or repairs by hand has no permit any more. */
	forget(device: string): void;
	close(): Promise<void>;
}

const LAST_WORDS = ["healthy", "failed", "rolled_back"];
const ROUTES = [
	"/oauth2/token",
	"/oauth2/register",
	"/v1/check",
	"/v1/permits",
	"/v1/reports",
	"/v1/entitlements",
	"/d/",
];

/** @param target of the service; asked at each request, because the service starts later */
export async function startWitness(target: () => URL, options: WitnessOptions): Promise<Witness> {
	const answers = new Map<string, number>();
	const permits: WitnessedPermit[] = [];
	const byPermit = new Map<string, WitnessedPermit>();
	const devices = new Map<string, string>();
	let lost = 0;

	function note(path: string, device: string, status: number, answered: string): void {
		const route = ROUTES.find((one) => path.startsWith(one)) ?? "other";
		const problem = status >= 400 ? readJson(answered) : {};
		const code = [problem["code"] ?? problem["error"] ?? "", problem["rollout_code"] ?? ""].filter(
			(part) => part !== "",
		);
		const row = [route, String(status), ...code].join(" ");
		answers.set(row, (answers.get(row) ?? 0) + 1);
		if (path === "/v1/permits" && status === 201) {
			const { permit, version } = readJson(answered) as { permit: string; version: string };
			// Asked for once more it is the same lease.
			const open = permits.find((one) => one.device === device && one.version === version && one.toMs === null);
			const known = open ?? { device, version, fromMs: options.nowMs(), toMs: null };
			if (open === undefined) permits.push(known);
			byPermit.set(permit, known);
		}
	}

	/** From when its device speaks, the service may know: an object can die between that and its answer. */
	function settle(asked: Buffer): void {
		const { permit, outcome } = readJson(asked) as { permit: string; outcome: string };
		const settled = byPermit.get(permit);
		if (settled !== undefined && LAST_WORDS.includes(outcome)) settled.toMs ??= options.nowMs();
	}

	async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
		const { method = "GET", url = "/", headers } = incoming;
		const asked = await textOf(incoming);
		const device = devices.get(keyOf(headers["dpop"])) ?? "";
		if (url === "/v1/reports") {
			const { permit } = readJson(asked) as { permit: string };
			const version = byPermit.get(permit)?.version;
			if (version !== undefined && options.dies(device, version)) {
				incoming.socket.destroy();
				return;
			}
			settle(asked);
		}
		const { hostname, port } = target();
		const onward = sendOn({ hostname, port, method, path: url, headers, agent: false }, async (answer) => {
			const chunks: Buffer[] = [];
			for await (const chunk of answer) chunks.push(chunk as Buffer);
			const body = Buffer.concat(chunks);
			note(url, device, answer.statusCode ?? 502, body.toString());
			if (options.random.chance(options.losing())) {
				lost += 1;
				incoming.socket.destroy();
				return;
			}
			const { "transfer-encoding": _, ...kept } = answer.headers;
			outgoing.writeHead(answer.statusCode ?? 502, { ...kept, "content-length": body.length, connection: "close" });
			outgoing.end(body);
		});
		onward.once("error", () => incoming.socket.destroy());
		onward.end(asked);
	}

	const server = createServer((incoming, outgoing) => {
		pass(incoming, outgoing).catch(() => incoming.socket.destroy());
	});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		answers,
		permits,
		get lost() {
			return lost;
		},
		know: (key, device) => void devices.set(key, device),
		forget: (device) => {
			for (const permit of permits) if (permit.device === device) permit.toMs ??= options.nowMs();
		},
		close: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

async function textOf(message: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of message) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

function readJson(text: string | Buffer): Record<string, unknown> {
	try {
		return JSON.parse(text.toString()) as Record<string, unknown>;
	} catch {
		return {};
	}
}

/** @returns the x of the public key in a DPoP proof (RFC 9449 §4.2), which nobody verifies here */
function keyOf(proof: string | string[] | undefined): string {
	const [header = ""] = String(proof ?? "").split(".");
	const { jwk } = readJson(Buffer.from(header, "base64url")) as { jwk?: { x?: string } };
	return jwk?.x ?? "";
}
