// A firewall whose disk is full, on a file system that really is: parts give way, what is installed stays, and nothing has to be
// removed by hand.
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { fillWith, findSmallDisks, mountSmallDisk, type SmallDisk } from "../../../../support/small-disk.ts";
import { packageOf } from "../../support/contract-download.ts";
import { type ContractFirewall, startContractFirewall } from "../../support/contract-firewall.ts";

const PARAPET = join(import.meta.dirname, "../../../../../bin/parapet.mjs");
const DISK_BYTES = 2_000_000;
const FIRST = { version: "4.27.0", bytes: Buffer.alloc(200_000, "first release ") };
const EMERGENCY = { version: "4.28.1", bytes: Buffer.alloc(300_000, "emergency ") };
const HUGE = { version: "4.28.0", bytes: Buffer.alloc(3_000_000, "huge release ") };

const describeOnSmallDisk = await findSmallDisks();

describeOnSmallDisk("on a disk of two megabytes", () => {
	let disk: SmallDisk | null;
	let firewall: ContractFirewall;
	beforeEach(async () => {
		disk = await mountSmallDisk(DISK_BYTES);
		firewall = await startContractFirewall(disk?.folder);
		firewall.server.release = FIRST;
		await firewall.activate();
		expect(await update()).toMatchObject({ code: 0 });
		firewall.server.reports.length = 0;
		firewall.server.seen.length = 0;
	});
	afterEach(async () => {
		await firewall.close();
		await disk?.close();
	});

	async function update() {
		const home = firewall.folder.replace(disk?.folder ?? "", disk?.inside ?? "");
		const run = await disk?.run(process.execPath, [PARAPET, "device", "update", "--json", "--home", home]);
		const { stdout = "", stderr = "", code } = run ?? {};
		const updates = stdout === "" ? [] : JSON.parse(stdout).updates;
		return { code, updates, error: stderr === "" ? null : JSON.parse(stderr).error };
	}
	const partOf = (release: typeof FIRST) => join(firewall.folder, "downloads", `crs@${packageOf(release).sha256}.part`);
	const logs = () => join(firewall.folder, "..", "logs");
	const readState = () =>
		Promise.all(
			["installed", "identity", "key"].map((name) => readFile(join(firewall.folder, `${name}.json`), "utf8")),
		);

	it("a package that cannot fit is not begun: no permit, no byte, and the bytes are said", async () => {
		firewall.server.release = HUGE;
		const { code, updates, error } = await update();
		expect(code).toBe(1);
		const words = /there is no room left: 3262144 bytes are needed in .*, \d+ are free$/;
		expect(updates).toMatchObject([{ ok: false, reason: "disk", detail: expect.stringMatching(words) }]);
		expect(error).toMatchObject({ code: "disk", fix: expect.stringContaining("make room there") });
		expect([...firewall.asked("/v1/permits"), ...firewall.asked("/d/")]).toEqual([]);
		expect(firewall.server.reports).toEqual([]);
	});

	it("a part that has filled it gives way to an emergency, although no state file could be written", async () => {
		await mkdir(join(firewall.folder, "downloads"), { recursive: true });
		await rm(join(firewall.folder, "token.json"));
		fillWith(partOf(HUGE));
		firewall.server.release = EMERGENCY;
		expect((await update()).updates).toMatchObject([{ ok: true, version: EMERGENCY.version }]);
		expect(await firewall.installedBytes()).toEqual(EMERGENCY.bytes);
		expect(await firewall.files("downloads")).toEqual([]);
	});

	it("a file of somebody else's that has filled it stops updates with words, and harms nothing", async () => {
		await rm(join(firewall.folder, "token.json"));
		await rm(join(firewall.folder, "update.lock"));
		fillWith(logs());
		const before = await readState();
		firewall.server.release = EMERGENCY;
		expect((await update()).error).toMatchObject({
			code: "disk",
			message: expect.stringMatching(/^cannot write .*\.json: there is no room left$/),
			fix: expect.stringContaining("make room there"),
		});
		expect(await readState()).toEqual(before);
		expect(await firewall.installedBytes()).toEqual(FIRST.bytes);
		expect((await firewall.files()).filter((name) => name.endsWith(".new"))).toEqual([]);
		await rm(logs());
		expect((await update()).updates).toMatchObject([{ ok: true, version: EMERGENCY.version }]);
	});

	it("what fills it in the middle of a download makes the part go, and nothing is reported", async () => {
		const { server } = firewall;
		server.release = EMERGENCY;
		server.faults.cutAt = 100_000;
		server.faults.instead = () => {
			if (firewall.asked("/d/").length === 2) fillWith(logs());
			return null;
		};
		const { updates } = await update();
		const words = /cannot write .*\.part: there is no room left \(562144 bytes are needed in .*, \d+ are free\)$/;
		expect(updates).toMatchObject([{ ok: false, reason: "disk", detail: expect.stringMatching(words) }]);
		expect(firewall.asked("/d/")).toHaveLength(2);
		expect(await firewall.files("downloads")).toEqual([]);
		expect(server.reports).toEqual([]);
		expect(await firewall.installedBytes()).toEqual(FIRST.bytes);
	});
});
