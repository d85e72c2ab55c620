// Memory of workerd while one large package goes up and comes down again: it must not grow with the package.
import { createHash } from "node:crypto";
import { request } from "node:http";
import { HOST } from "../load/requests.ts";
import { readResidentBytes } from "../process-use.ts";
import type { Service } from "../workerd/service.ts";

export interface MemoryUse {
	/** size of the package, in bytes */
	readonly packageBytes: number;
	/** resident memory of workerd before, and the most while the package went up and down, in bytes */
	readonly before: number;
	readonly uploading: number;
	readonly downloading: number;
}

const PART = new Uint8Array(1_000_000).fill(7);
const SAMPLE_MS = 20;

/**
 * Uploads one large package in parts that are never all in memory, and downloads it.
 * @returns null where the system does not tell how much memory a process has
 */
export async function measureMemory(
	service: Service,
	key: string,
	urlOf: (sha256: string, name: string) => Promise<string>,
	megabytes: number,
): Promise<MemoryUse | null> {
	const before = await readResidentBytes(service.pids[0]);
	if (before === null) return null;
	const port = service.ports.parapet;
	const hash = createHash("sha256");
	for (let part = 0; part < megabytes; part++) hash.update(PART);
	const digest = hash.digest();
	const headers = {
		host: HOST,
		authorization: `Bearer ${key}`,
		"content-length": String(megabytes * PART.length),
		"repr-digest": `sha-256=:${digest.toString("base64")}:`,
	};
	const path = "/v1/products/crs/releases/large/package?name=large.bin";
	const uploading = await watchMemory(service, () =>
		transfer({ port, method: "PUT", path, headers, parts: megabytes }),
	);
	const url = await urlOf(digest.toString("hex"), "large.bin");
	const downloading = await watchMemory(service, () =>
		transfer({ port, method: "GET", path: url, headers: { host: HOST }, parts: 0 }),
	);
	return { packageBytes: megabytes * PART.length, before, uploading, downloading };
}

/** @returns the most resident memory while `work` ran */
async function watchMemory(service: Service, work: () => Promise<void>): Promise<number> {
	let most = 0;
	const sample = async (): Promise<void> => {
		most = Math.max(most, (await readResidentBytes(service.pids[0])) ?? 0);
	};
	const timer = setInterval(() => void sample(), SAMPLE_MS);
	try {
		await work();
		await sample();
	} finally {
		clearInterval(timer);
	}
	return most;
}

interface Transfer {
	readonly port: number;
	readonly method: "GET" | "PUT";
	readonly path: string;
	readonly headers: Readonly<Record<string, string>>;
	readonly parts: number;
}

/** Sends `parts` parts, each when the one before has left, and throws the answer's bytes away. */
function transfer({ port, method, path, headers, parts }: Transfer): Promise<void> {
	return new Promise((resolve, reject) => {
		const call = request({ port, host: "127.0.0.1", method, path, headers, agent: false }, (answer) => {
			answer.resume();
			answer.on("error", reject);
			answer.on("end", () => {
				const status = answer.statusCode ?? 0;
				if (status >= 300) reject(new Error(`${method} of a large package: ${status}`));
				else resolve();
			});
		});
		call.on("error", reject);
		let sent = 0;
		const write = (): void => {
			while (sent < parts) {
				sent += 1;
				if (!call.write(PART)) {
					call.once("drain", write);
					return;
				}
			}
			call.end();
		};
		write();
	});
}
