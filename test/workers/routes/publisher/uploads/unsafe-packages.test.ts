// What no firewall should unpack is refused by the service too, whoever uploads it, and no version ever has it.
import { beforeEach, expect, test } from "vitest";
import { joinBytes, makeTar, tarEntry } from "../../../../support/archives/tar.ts";
import { makeZip } from "../../../../support/archives/zip.ts";
import { createProduct, makePackage, upload } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";

let product: string;
beforeEach(async () => {
	product = freshProduct().name;
	await createProduct(product);
});

const send = async (bytes: Uint8Array, name: string) =>
	upload(product, "1.0.0", await makePackage(bytes), {}, `?name=${name}`);
const gzip = async (bytes: Uint8Array) =>
	new Uint8Array(
		await new Response(
			new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new CompressionStream("gzip")),
		).arrayBuffer(),
	);
const good = makeTar({ path: "rules/a.rules", content: "a".repeat(3_000) }, { path: "rules/b.rules" });
const bad = makeTar({ path: "rules/a.rules" }, { path: "../x" });
const zeros = new Uint8Array(2 ** 20);

test.each<[string, string, () => Promise<Uint8Array> | Uint8Array, string[]]>([
	["a way out", "crs.tar", () => bad, ["traversal"]],
	["a way out, packed", "crs.tar.gz", () => gzip(bad), ["traversal"]],
	["a way out in a zip", "crs.zip", () => makeZip([{ path: "../x" }]), ["traversal"]],
	["what was cut", "crs.tar", () => good.subarray(0, 2_048), ["truncated"]],
	["what was cut, packed", "crs.tar.gz", async () => (await gzip(good)).subarray(0, 40), ["damaged"]],
	["a page of HTML", "crs.rules", () => new TextEncoder().encode("<html>502</html>"), ["wrong_type"]],
	["another type than its name says", "crs.tar", () => gzip(good), ["wrong_type"]],
	[
		"a bomb",
		"crs.tar.gz",
		() => gzip(makeTar(...Array.from({ length: 20 }, (_, n) => ({ path: `${n}`, content: zeros })))),
		["bomb"],
	],
])("%s is refused, and the version is not there", async (_what, name, make, codes) => {
	const problem = await expectProblem(await send(await make(), name), "unsafe_package");
	expect(problem).toMatchObject({ findings: codes.map((code) => expect.objectContaining({ code })) });
	const { releases } = await operated<{ releases: unknown[] }>("GET", `/v1/products/${product}/releases`);
	expect(releases).toEqual([]);
	await expectProblem(await operate("PUT", `/v1/products/${product}/releases/1.0.0`, {}), "not_found");
	expect((await send(good, "crs.tar")).status).toBe(201);
});

test.each<[string, string, () => Promise<Uint8Array> | Uint8Array, boolean]>([
	["a tar", "crs.tar", () => good, true],
	["a packed tar", "crs.tar.gz", () => gzip(good), true],
	["a zip", "crs.zip", () => makeZip([{ path: "a", content: "x" }]), false],
	["xz", "crs.tar.xz", () => new Uint8Array([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 1]), false],
	["an unpacked text", "crs.rules", () => new TextEncoder().encode("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR"), true],
	["zstd", "crs.zst", () => new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 1]), false],
	[
		"a tar of more entries than the service looks at",
		"crs.tar",
		() => {
			const entry = tarEntry({ path: "a/", type: "5" });
			return joinBytes(...new Array<Uint8Array>(20_001).fill(entry), new Uint8Array(1_024));
		},
		false,
	],
])("of %s it says whether the service has looked at all of it", async (_what, name, make, inspected) => {
	const answer = await send(await make(), name);
	expect([answer.status, await answer.json()]).toEqual([201, expect.objectContaining({ inspected })]);
});
