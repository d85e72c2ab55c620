// Ctrl-C of a command that can be ended in good order: what it is told, and with which error it ends.
import { describe, expect, it } from "vitest";
import { CliError } from "../../../../cli/errors.ts";
import { unlessInterrupted } from "../../../../cli/terminal/interruption.ts";

class Stopped extends CliError {}

/** Work that is under way when the signal comes, and fails because of it. */
const workThatFailsWith = (error: Error, signalName: NodeJS.Signals) => async (signal: AbortSignal) => {
	const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
	process.emit(signalName);
	await aborted;
	throw error;
};

describe.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s", (name) => {
	const others = process.listenerCount(name);

	it("ends work with `interrupted`, whatever broke because of it, and has its usual meaning afterwards", async () => {
		const work = workThatFailsWith(new Error("socket hang up"), name);
		await expect(unlessInterrupted(work, Stopped)).rejects.toMatchObject({ code: "interrupted" });
		expect(process.listenerCount(name)).toBe(others);
	});

	it("leaves the last word to work that says itself where it was", async () => {
		const error = new Stopped("stopped after line 7", { code: "stopped" });
		await expect(unlessInterrupted(workThatFailsWith(error, name), Stopped)).rejects.toBe(error);
	});
});

it("an error of work that nobody interrupted stays what it is", async () => {
	const error = new Error("the disk is full");
	await expect(unlessInterrupted(() => Promise.reject(error), Stopped)).rejects.toBe(error);
});
