// Parts of packages are given up where they are no longer offered or their room is needed, and nothing else is.
import { mkdir, mkdtemp, readdir, rm, statfs, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FirewallHome } from "../../../../../cli/firewall/home/firewall-state.ts";
import { openHome } from "../../../../../cli/firewall/home/state.ts";
import { dropOldParts, dropParts, makeRoomFor, partPathOf } from "../../../../../cli/firewall/update/parts.ts";
import { findSmallDisks, mountSmallDisk } from "../../../../support/small-disk.ts";

const describeOnSmallDisk = await findSmallDisks();
const [A, B] = ["a".repeat(64), "b".repeat(64)];

let folder: string;
let home: FirewallHome;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "parapet-test-"));
	home = openHome(folder);
	await mkdir(join(folder, "downloads"));
});
afterEach(() => rm(folder, { recursive: true }));

const left = async () => (await readdir(join(folder, "downloads"))).sort();
const part = (product: string, sha256: string) => writeFile(partPathOf(home, { product, sha256 }), "some bytes");
function offered(product: string, sha256: string, status = "offered") {
	const offer = { version: "1", sequence: 1, sha256, size: 9, name: "x", capability: "c", expires_at: "2030-01-01" };
	return { product, status, offer };
}

describe("after a check", () => {
	beforeEach(async () => {
		await part("crs", A);
		await part("crs", B);
		await part("crs-extra", A);
		await writeFile(join(folder, "downloads", "anything else"), "");
	});

	it("the parts of what is offered stay, and all else goes", async () => {
		await dropOldParts(home, [offered("crs", B), offered("crs-extra", A, "held")], undefined);
		expect(await left()).toEqual([`crs@${B}.part`]);
	});

	it("for one product the parts of the others stay", async () => {
		await dropOldParts(home, [offered("crs", B)], "crs");
		expect(await left()).toEqual(["anything else", `crs-extra@${A}.part`, `crs@${B}.part`]);
	});

	it("that offers nothing none stays", async () => {
		await dropOldParts(home, [], undefined);
		expect(await left()).toEqual([]);
	});
});

describe("room", () => {
	it("that is there costs no part anything", async () => {
		await part("crs", A);
		await part("crs", B);
		expect(await makeRoomFor(home, { product: "crs", sha256: A, size: 1000 })).toBeNull();
		expect(await left()).toHaveLength(2);
	});

	it("that cannot be had is said in bytes, and no part stays in the way of others", async () => {
		await part("crs", A);
		await part("crs", B);
		const { blocks, bsize } = await statfs(folder);
		const size = (blocks + 1) * bsize;
		const need = await makeRoomFor(home, { product: "crs", sha256: A, size });
		expect(need).toMatch(new RegExp(`^${size + 256 * 1024} bytes are needed in ${folder}, \\d+ are free$`));
		expect(await left()).toEqual([]);
	});

	it("that the part has already is not asked for twice", async () => {
		const { blocks, bsize } = await statfs(folder);
		const size = Math.min((blocks + 1) * bsize, 2 ** 43);
		await part("crs", A);
		// A sparse file takes no room.
		await truncate(partPathOf(home, { product: "crs", sha256: A }), size);
		expect(await makeRoomFor(home, { product: "crs", sha256: A, size })).toBeNull();
	});
});

describeOnSmallDisk("on a disk of two megabytes", () => {
	it("the part of another package gives way, and its own stays", async () => {
		const disk = await mountSmallDisk(2_000_000);
		if (disk === null) throw new Error("no small disk");
		try {
			const small = openHome(disk.folder);
			const [own, other] = [
				partPathOf(small, { product: "crs", sha256: A }),
				partPathOf(small, { product: "url", sha256: B }),
			];
			await mkdir(join(disk.folder, "downloads"));
			await writeFile(own, "some bytes");
			await writeFile(other, Buffer.alloc(1_500_000));
			expect(await makeRoomFor(small, { product: "crs", sha256: A, size: 600_000 })).toBeNull();
			expect(await readdir(join(disk.folder, "downloads"))).toEqual([`crs@${A}.part`]);
		} finally {
			await disk.close();
		}
	});
});

it("where there is no folder there is nothing to give up", async () => {
	await rm(join(folder, "downloads"), { recursive: true });
	expect(await dropParts(home)).toBe(0);
});
