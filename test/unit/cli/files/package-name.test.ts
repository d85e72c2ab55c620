// What the name of a package file says.
import { expect, it } from "vitest";
import { parsePackageName } from "../../../../cli/files/package-name.ts";

it.each([
	["crs-4.27.0.tar.gz", "crs", "4.27.0", "crs-4.27.0.tar", "gzip"],
	["/a/b/crs-4.28.0.tgz", "crs", "4.28.0", "crs-4.28.0.tar", "gzip"],
	["sample-rules-1.1.0.rules", "sample-rules", "1.1.0", "sample-rules-1.1.0.rules", "none"],
	["threats-8890.bin.zst", "threats", "8890", "threats-8890.bin", "zstd"],
	["url-db_v2026.11-rc1", "url-db", "2026.11-rc1", "url-db_v2026.11-rc1", "none"],
	["rules.tar", undefined, undefined, "rules.tar", "none"],
])("reads %s", (file, product, version, payloadName, packing) => {
	expect(parsePackageName(file)).toEqual({ product, version, payloadName, packing });
});
