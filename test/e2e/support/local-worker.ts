// A Worker on a port that is free. Another process may take the port between the look and the start: then it takes another.
import { type LocalWorker, startWorker, type WorkerOptions } from "../../../cli/worker/local-worker.ts";
import { findFreePort } from "../../../cli/worker/port.ts";

const TRIES = 3;

export async function startOnFreePort(options: Omit<WorkerOptions, "port">): Promise<LocalWorker> {
	for (let count = 1; ; count++) {
		try {
			return await startWorker({ ...options, port: await findFreePort() });
		} catch (error) {
			if (count === TRIES || !String(error).includes("Address already in use")) throw error;
		}
	}
}
