// The lock on a firewall's home: one holder at a time, and none that outlives its process.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withHomeLock } from "../../../../cli/firewall/home-lock.ts";

const HOME_LOCK = join(import.meta.dirname, "../../../../cli/firewall/home-lock.ts");

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
});
