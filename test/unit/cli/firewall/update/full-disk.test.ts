// A disk that takes no byte more, as the kernel says it (/dev/full): it is no broken line and no bad release, and nothing of what
// a firewall has may suffer. A small file system that really fills up: small-disk.test.ts.
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeAtomically } from "../../../../../cli/files/atomic-file.ts";
import { updateFirewall } from "../../../../../cli/firewall/update/update.ts";
import { packageOf } from "../../support/contract-download.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";

const FIRST = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };
const SECOND = { version: "4.28.0", bytes: Buffer.alloc(300_000, "second release ") };

let firewall: ContractFirewall;
beforeEach(async () => {
	firewall = await startContractFirewall();
	firewall.server.release = FIRST;
	await firewall.activate();
	await updateFirewall(firewall.session, undefined);
	firewall.server.release = SECOND;
});
afterEach(() => firewall.close());

/** Makes every write to the part of SECOND fail as on a full disk. */
async function fillDisk(): Promise<void> {
	await mkdir(join(firewall.folder, "downloads"), { recursive: true });
	await symlink("/dev/full", join(firewall.folder, "downloads", `crs@${packageOf(SECOND).sha256}.part`));
}

describe.skipIf(process.platform !== "linux")("a download that the disk does not take", () => {
	it("ends at once: its part goes, the reason and the bytes are said, and nothing is reported", async () => {
		await fillDisk();
		const run = await firewall.run("update", "--json");
		expect(run.exitCode).toBe(1);
		const { error } = JSON.parse(run.stderr);
		expect(error).toMatchObject({ code: "disk", fix: expect.stringContaining("make room") });
		expect(error.message).toMatch(
			/cannot write .*\.part: there is no room left \(\d+ bytes are needed in .*, \d+ are free\)$/,
		);
		expect(firewall.asked("/d/")).toHaveLength(2);
		expect(firewall.pauses).toEqual([]);
		expect(firewall.server.reports.map(({ outcome }) => outcome)).toEqual(["healthy"]);
		expect(await firewall.files("downloads")).toEqual([]);
		expect(await firewall.installedBytes()).toEqual(FIRST.bytes);
	});

	it("is whole the next time, once there is room", async () => {
		await fillDisk();
		expect((await updateFirewall(firewall.session, undefined)).updates).toMatchObject([{ ok: false, reason: "disk" }]);
		expect((await updateFirewall(firewall.session, undefined)).updates).toMatchObject([{ ok: true, resumedFrom: 0 }]);
		expect(await firewall.installedBytes()).toEqual(SECOND.bytes);
	});
});

describe("a package that was in its place when the run was cut short", () => {
	it("is not downloaded again", async () => {
		const { session, server, folder } = firewall;
		const before = await session.home.load("installed");
		await updateFirewall(session, undefined);
		if (before !== null) await session.home.save("installed", before);
		const old = join(folder, "packages", "crs", FIRST.version);
		await mkdir(old);
		await writeFile(join(old, packageOf(FIRST).name), FIRST.bytes);
		server.seen.length = 0;
		expect((await updateFirewall(session, undefined)).updates).toMatchObject([{ ok: true, version: SECOND.version }]);
		expect(firewall.asked("/d/")).toEqual([]);
		expect(await firewall.installedBytes()).toEqual(SECOND.bytes);
		expect(await firewall.files("packages", "crs")).toEqual([SECOND.version]);
	});

	it("goes with the next update where it is not offered any more", async () => {
		const orphan = join(firewall.folder, "packages", "crs", "4.27.5");
		await mkdir(orphan);
		await writeFile(join(orphan, "crs-4.27.5.tar"), "never named");
		await updateFirewall(firewall.session, undefined);
		expect(await firewall.files("packages", "crs")).toEqual([SECOND.version]);
	});
});

it("a state file that cannot be written stays as it was, and the error says what to do", async () => {
	const path = join(firewall.folder, "installed.json");
	const before = await readFile(path, "utf8");
	await mkdir(`${path}.${process.pid}.new`);
	await expect(writeAtomically(path, "{}")).rejects.toMatchObject({
		code: "disk",
		message: expect.stringContaining(`cannot write ${path}: `),
		fix: expect.stringContaining("make room there"),
	});
	expect(await readFile(path, "utf8")).toBe(before);
});
