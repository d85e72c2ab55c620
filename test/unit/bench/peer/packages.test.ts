// What the peer needs of the machine it runs on.
import { describe, expect, it } from "vitest";
import { describeMissing, findMissingPackages } from "../../../../bench/peer/packages.ts";

/** As Debian puts them. */
const DEBIAN = [
	"/usr/sbin/nginx",
	"/usr/lib/nginx/modules/ndk_http_module.so",
	"/usr/lib/nginx/modules/ngx_http_lua_module.so",
	"/usr/share/lua/5.1/nginx/redis.lua",
	"/usr/lib/*/lua/5.1/cjson.so",
	"/usr/lib/*/lua/5.1/_openssl.so",
	"/usr/bin/redis-server",
];
const findIn = (files: readonly string[]) => (pattern: string) => (files.includes(pattern) ? pattern : null);
const PATH = "/usr/bin:/bin";

describe("packages that are missing", () => {
	it("are none where Debian's are installed", () => {
		expect(findMissingPackages(PATH, findIn(DEBIAN))).toEqual([]);
	});

	it("are all of them where nothing is", () => {
		expect(findMissingPackages(PATH, () => null)).toEqual([
			...["nginx", "libnginx-mod-http-ndk", "libnginx-mod-http-lua", "lua-nginx-redis", "lua-cjson", "lua-luaossl"],
			"redis-server",
		]);
	});

	it.each([
		["/usr/sbin/nginx", "nginx"],
		["/usr/lib/nginx/modules/ngx_http_lua_module.so", "libnginx-mod-http-lua"],
		["/usr/lib/*/lua/5.1/_openssl.so", "lua-luaossl"],
		["/usr/bin/redis-server", "redis-server"],
	])("without %s are %s", (file, name) => {
		const present = DEBIAN.filter((one) => one !== file);
		expect(findMissingPackages(PATH, findIn(present))).toEqual([name]);
	});

	it("are not those of a program that the PATH leads to elsewhere", () => {
		const present = [...DEBIAN.filter((one) => one !== "/usr/sbin/nginx"), "/opt/nginx/bin/nginx"];
		expect(findMissingPackages(`/opt/nginx/bin:${PATH}`, findIn(present))).toEqual([]);
	});

	it("come with the command that installs exactly them", () => {
		expect(describeMissing(["lua-cjson", "lua-luaossl"])).toContain(
			"apt-get install --no-install-recommends lua-cjson lua-luaossl ",
		);
		expect(describeMissing(["nginx"])).toMatch(/^a package is not installed: nginx\n/);
	});
});
