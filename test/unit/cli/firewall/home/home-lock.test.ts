// The lock on a firewall's home: one holder at a time, and none that outlives its process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withHomeLock } from "../../../../../cli/firewall/home/home-lock.ts";

const HOME_LOCK = join(import.meta.dirname, "../../../../../cli/firewall/home/home-lock.ts");

let folder: string;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Another process that holds the lock until it is killed. */
async function startHolder() {
	const script = `import { withHomeLock } from ${JSON.stringify(HOME_LOCK)};
		await withHomeLock(${JSON.stringify(folder)}, () => { console.log("held"); return new Promise((resolve) => setTimeout(resolve, 60_000)); });`;
	const holder = spawn(process.execPath, ["--input-type=module", "--eval", script], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	await once(holder.stdout, "data");
	return holder;
}

/**
 * Another process that tries to take the lock at each word on its input, says what came of it, and keeps what it got until the
 * next word.
 */
async function startTaker() {
	const script = `import { once } from "node:events";
		import { withHomeLock } from ${JSON.stringify(HOME_LOCK)};
		const word = () => once(process.stdin, "data");
		console.log("ready");
		for (;;) {
			await word();
			let isHeld = false;
			await withHomeLock(${JSON.stringify(folder)}, () => { isHeld = true; console.log("held"); return word(); })
				.catch((error) => console.log(error.code));
			if (!isHeld) await word();
			console.log("free");
		}`;
	const taker = spawn(process.execPath, ["--input-type=module", "--eval", script], {
		stdio: ["pipe", "pipe", "inherit"],
	});
	const said = async () => String((await once(taker.stdout, "data"))[0]).trim();
	expect(await said()).toBe("ready");
	return {
		/** @returns what it says of a word */
		async tell(): Promise<string> {
			const answer = said();
			taker.stdin.write("go");
			return answer;
		},
		async kill(): Promise<void> {
			taker.kill("SIGKILL");
			await once(taker, "exit");
		},
	};
}

describe("the lock on a firewall's home", () => {
	it("is held by one at a time, and free afterwards", async () => {
		await withHomeLock(folder, async () => {
			await expect(withHomeLock(folder, async () => "inside")).rejects.toMatchObject({ code: "busy" });
		});
		expect(await withHomeLock(folder, async () => "inside")).toBe("inside");
	});

	it("is free again after its holder failed", async () => {
		await expect(withHomeLock(folder, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
		expect(await withHomeLock(folder, async () => "inside")).toBe("inside");
	});

	it("ends with the process that held it, however that ended", async () => {
		const holder = await startHolder();
		await expect(withHomeLock(folder, async () => "inside")).rejects.toMatchObject({ code: "busy" });
		holder.kill("SIGKILL");
		await once(holder, "exit");
		expect(await withHomeLock(folder, async () => "inside")).toBe("inside");
	});

	it("lets one of many in that find the lock of a dead one", async () => {
		const holder = await startHolder();
		holder.kill("SIGKILL");
		await once(holder, "exit");
		let inside = 0;
		let refused = 0;
		// Whoever is in stays until all others have been turned away, however slowly they come.
		const isAlone = Promise.withResolvers<void>();
		const takers = Array.from({ length: 20 }, async () => {
			const work = withHomeLock(folder, async () => {
				inside += 1;
				await isAlone.promise;
			});
			await work.catch((error: unknown) => {
				refused += 1;
				if (refused === 19) isAlone.resolve();
				throw error;
			});
		});
		const outcomes = await Promise.allSettled(takers);
		expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
		expect(inside).toBe(1);
	});

	it.each(["1", "not a database, ".repeat(100)])(
		"is taken where its file holds something else (%#)",
		async (content) => {
			await writeFile(join(folder, "update.lock"), content);
			expect(await withHomeLock(folder, async () => "inside")).toBe("inside");
		},
	);

	it("where its file holds something else lets in one of several processes that come at once", async () => {
		const takers = await Promise.all(Array.from({ length: 6 }, startTaker));
		for (let round = 0; round < 5; round += 1) {
			await writeFile(join(folder, "update.lock"), "not a database, ".repeat(100));
			const said = await Promise.all(takers.map((taker) => taker.tell()));
			expect(said.toSorted()).toEqual(["busy", "busy", "busy", "busy", "busy", "held"]);
			const after = await Promise.all(takers.map((taker) => taker.tell()));
			expect([...new Set(after)]).toEqual(["free"]);
		}
		await Promise.all(takers.map((taker) => taker.kill()));
	}, 60_000);

	it("stays with its holder when others find something else in its file", async () => {
		await writeFile(join(folder, "update.lock"), "not a database, ".repeat(100));
		const holder = await startHolder();
		for (let round = 0; round < 3; round += 1) {
			await expect(withHomeLock(folder, async () => "inside")).rejects.toMatchObject({ code: "busy" });
		}
		holder.kill("SIGKILL");
		await once(holder, "exit");
	});

	it("says which path it is where there is a folder instead of the file", async () => {
		const path = join(folder, "update.lock");
		await mkdir(path);
		await expect(withHomeLock(folder, async () => "inside")).rejects.toMatchObject({
			code: "lock_unusable",
			message: `${path} cannot be locked: unable to open database file`,
			fix: "make it a file that can be read and written, or remove it while no update is running",
		});
	});
});
