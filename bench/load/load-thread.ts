// Runs one load plan at a time: keep-alive connections, one request under way on each, every connection with its own slice
// of the requests. Reads just enough of an answer to know its status and where it ends.
import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { parentPort } from "node:worker_threads";
import type { LoadPlan, LoadReply, LoadResult } from "./load-generator.ts";

const DEFAULT_CONNECTIONS = 32;
const HEAD_END = Buffer.from("\r\n\r\n");
/** Latencies of this many answers are kept; a run is shorter. */
const MAX_LATENCIES = 4_000_000;
const SHOWN_OF_BAD_ANSWER = 600;

const latencies = new Float32Array(MAX_LATENCIES);

parentPort?.on("message", async (plan: LoadPlan) => {
	let reply: LoadReply;
	try {
		reply = { ok: true, ...(await runPlan(plan)) };
	} catch (error) {
		reply = { ok: false, message: error instanceof Error ? error.message : String(error) };
	}
	parentPort?.postMessage(reply);
});

/** What all connections of a run share. */
interface Tally {
	done: number;
	others: number;
	bytes: number;
	readonly deadline: number;
	readonly answers: string[];
}

async function runPlan(plan: LoadPlan): Promise<LoadResult> {
	const count = Math.min(plan.connections ?? DEFAULT_CONNECTIONS, plan.requests.ends.length);
	const sockets = await Promise.all(Array.from({ length: count }, () => open(plan.port)));
	const startedAt = performance.now();
	const idleBefore = performance.eventLoopUtilization();
	const tally: Tally = { done: 0, others: 0, bytes: 0, deadline: startedAt + plan.seconds * 1000, answers: [] };
	try {
		await Promise.all(sockets.map((socket, index) => converse(socket, plan, index, count, tally)));
	} finally {
		for (const socket of sockets) socket.destroy();
	}
	const seconds = (performance.now() - startedAt) / 1000;
	const busy = performance.eventLoopUtilization(idleBefore).utilization;
	const sorted = latencies.subarray(0, Math.min(tally.done, MAX_LATENCIES)).slice().sort();
	const { done, others, bytes, answers } = tally;
	const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? 0;
	const max = sorted.at(-1) ?? 0;
	return { requests: done, seconds, others, p50: at(0.5), p99: at(0.99), max, bytes, busy, answers };
}

function open(port: number): Promise<Socket> {
	return new Promise((resolve, reject) => {
		const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
		socket.once("error", reject);
	});
}

/** One connection from its first request to its last answer: of all that are sent the `first`, and then each `step`-th. */
function converse(socket: Socket, plan: LoadPlan, first: number, step: number, tally: Tally): Promise<void> {
	const { bytes, ends } = plan.requests;
	const { from = 0, limit = Number.POSITIVE_INFINITY } = plan;
	const buffer = Buffer.from(bytes.buffer);
	return new Promise((resolve, reject) => {
		let sent = first;
		let index = 0;
		let sentAt = 0;
		let head: Buffer | null = null;
		/** bytes of the body that are still to come; -1 = the head is not complete */
		let missing = -1;
		let text = "";

		function send(): void {
			index = (from + sent) % ends.length;
			sentAt = performance.now();
			if (sent >= limit || sentAt >= tally.deadline) resolve();
			else socket.write(buffer.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
		}

		function finish(): void {
			latencies[tally.done % MAX_LATENCIES] = performance.now() - sentAt;
			tally.done += 1;
			if (plan.capture === true) tally.answers[index] = text;
			text = "";
			missing = -1;
			sent += step;
			send();
		}

		function receive(chunk: Buffer): void {
			if (missing < 0) {
				const all = head === null ? chunk : Buffer.concat([head, chunk]);
				const end = all.indexOf(HEAD_END);
				head = end < 0 ? all : null;
				if (end < 0) return;
				const lines = all.toString("latin1", 0, end);
				const status = Number(lines.slice(9, 12));
				const length = lengthOfBody(status, lines);
				if (length === null || !plan.statuses.includes(status)) {
					reject(new Error(describeUnexpected(plan, index, all)));
					return;
				}
				if (status !== plan.statuses[0]) tally.others += 1;
				tally.bytes += length;
				missing = length + end + HEAD_END.length;
				chunk = all;
			}
			if (plan.capture === true) text += chunk.toString();
			missing -= chunk.length;
			if (missing === 0) finish();
		}

		socket.on("data", receive);
		socket.on("error", reject);
		socket.on("close", () => reject(new Error("the service closed a connection")));
		send();
	});
}

function lengthOfBody(status: number, head: string): number | null {
	if (status === 304 || status === 204) return 0;
	const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
	return length === undefined ? null : Number(length);
}

function describeUnexpected({ statuses, requests }: LoadPlan, index: number, answer: Buffer): string {
	const { bytes, ends } = requests;
	const from = index === 0 ? 0 : ends[index - 1];
	const line = Buffer.from(bytes.buffer)
		.toString("latin1", from, (from ?? 0) + 60)
		.split("\r\n")[0];
	return `expected ${statuses.join(" or ")} with Content-Length for "${line}", got: ${answer.toString("utf8", 0, SHOWN_OF_BAD_ANSWER)}`;
}
