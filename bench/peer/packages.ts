// Which programs and libraries the peer needs, and which of them this machine lacks. They are Debian's; other systems have
// them under other names.
import { accessSync, constants, globSync } from "node:fs";
import { delimiter, join } from "node:path";

interface Part {
	/** of Debian */
	readonly package: string;
	/** one of these files must be there; `*` stands for any name */
	readonly files: readonly string[];
}

/** Debian keeps servers where a user's PATH does not lead. */
const PROGRAM_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"];
export const MODULE_FOLDERS = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules"];
/** Debian names the processor's architecture in between. */
export const LUA_LIBRARIES = ["/usr/lib/*/lua/5.1", "/usr/lib/lua/5.1", "/usr/local/lib/lua/5.1"];
const LUA_SOURCES = ["/usr/share/lua/5.1", "/usr/local/share/lua/5.1"];

const within = (folders: readonly string[], file: string) => folders.map((folder) => `${folder}/${file}`);

/** @param path the environment's PATH */
function partsOf(path: string): readonly Part[] {
	const programs = [...path.split(delimiter), ...PROGRAM_FOLDERS];
	return [
		{ package: "nginx", files: within(programs, "nginx") },
		{ package: "libnginx-mod-http-ndk", files: within(MODULE_FOLDERS, "ndk_http_module.so") },
		{ package: "libnginx-mod-http-lua", files: within(MODULE_FOLDERS, "ngx_http_lua_module.so") },
		{ package: "lua-nginx-redis", files: within(LUA_SOURCES, "nginx/redis.lua") },
		{ package: "lua-cjson", files: within(LUA_LIBRARIES, "cjson.so") },
		{ package: "lua-luaossl", files: within(LUA_LIBRARIES, "_openssl.so") },
		{ package: "redis-server", files: within(programs, "redis-server") },
	];
}

/**
 * @param find the first file that fits a pattern, null when there is none
 * @returns names of Debian packages
 */
export function findMissingPackages(path: string, find: (pattern: string) => string | null = findFile): string[] {
	return partsOf(path)
		.filter(({ files }) => files.every((file) => find(file) === null))
		.map((part) => part.package);
}

/** @returns what to do about it, for people */
export function describeMissing(packages: readonly string[]): string {
	const names = packages.join(" ");
	const count = packages.length === 1 ? "a package is" : "packages are";
	return `${count} not installed: ${packages.join(", ")}\n  fix: sudo apt-get update && sudo apt-get install --no-install-recommends ${names} (Debian, Ubuntu)`;
}

/** @param file relative to the folders @returns the first that is there @throws Error when there is none */
export function locate(folders: readonly string[], file: string): string {
	for (const folder of folders) {
		const found = findFile(`${folder}/${file}`);
		if (found !== null) return found;
	}
	throw new Error(`${file} is in none of ${folders.join(", ")}`);
}

/** @returns where nginx is @throws Error when it is nowhere */
export function locateNginx(path: string): string {
	return locate([...path.split(delimiter), ...PROGRAM_FOLDERS], "nginx");
}

function findFile(pattern: string): string | null {
	const found = pattern.includes("*") ? globSync(pattern) : [pattern];
	return found.find(isReadable) ?? null;
}

function isReadable(file: string): boolean {
	try {
		accessSync(join(file), constants.R_OK);
		return true;
	} catch {
		return false;
	}
}
