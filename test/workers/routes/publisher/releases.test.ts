// Publishing: what goes up is what is offered, once and for ever; saying it again changes nothing, saying otherwise is refused.
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import { packageKey } from "../../../../src/storage/keys.ts";
import { createFleet, makePackage, type Package, publish, upload } from "../../../support/fleet.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operate, operated, send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { check, checkProduct, newFirewall, newProduct, newScene, offerOf, permitOf } from "../../support/fixtures.ts";

let product: string;
let content: Package;
beforeEach(async () => {
	product = await newProduct();
	content = await makePackage(`rules of ${product}`);
});

const path = (version: string, action = "") => `/v1/products/${product}/releases/${version}${action}`;
interface Release {
	version: string;
	sequence: number | null;
	status: string;
	name: string;
}
const list = async () => (await operated<{ releases: Release[] }>("GET", `/v1/products/${product}/releases`)).releases;

test("an uploaded package is offered to nobody until it is released", async () => {
	const { code } = await createFleet({ products: [product] });
	const firewall = await newFirewall(code);
	expect((await upload(product, "1.0.0", content)).status).toBe(201);
	expect(await checkProduct(firewall, product)).toMatchObject({ status: "unavailable", reason: "no_release" });
	expect(await list()).toMatchObject([{ version: "1.0.0", status: "uploaded", sequence: null }]);
	expect((await operate("PUT", path("1.0.0"), {})).status).toBe(201);
	expect((await checkProduct(firewall, product)).offer).toMatchObject({ version: "1.0.0", sha256: content.sha256 });
});

test("the same upload and the same release again are the same release", async () => {
	const metadata = { notes: "Rules", urgency: "important", models: ["FW-100"], engine: { min: "11.1" } };
	const uploads = [await upload(product, "1.0.0", content), await upload(product, "1.0.0", content)];
	expect(uploads.map(({ status }) => status)).toEqual([201, 200]);
	const [first, again] = uploads.map((answer) => answer.json());
	expect(await again).toEqual(await first);

	const releases = [await operate("PUT", path("1.0.0"), metadata), await operate("PUT", path("1.0.0"), metadata)];
	expect(releases.map(({ status }) => status)).toEqual([201, 200]);
	const [released, repeated] = releases.map((answer) => answer.json());
	expect(await repeated).toEqual(await released);
	expect(await list()).toHaveLength(1);
});

test("a version never gets other bytes, before its release or after", async () => {
	await upload(product, "1.0.0", content);
	const other = await makePackage("other bytes");
	await expectProblem(await upload(product, "1.0.0", other), "version_exists");
	await operated("PUT", path("1.0.0"), {});
	await expectProblem(await upload(product, "1.0.0", other), "version_exists");
	const again = await expectProblem(await operate("PUT", path("1.0.0"), { notes: "other notes" }), "version_exists");
	expect(again).toMatchObject({ detail: "the version was released with other metadata: `notes`" });
	expect(await list()).toMatchObject([{ version: "1.0.0", sha256: content.sha256 }]);
});

test("other bytes for a version that is filled, or for a product that is not there, leave nothing in storage", async () => {
	await upload(product, "1.0.0", content);
	const other = await makePackage(`other bytes of ${product}`);
	await expectProblem(await upload(product, "1.0.0", other), "version_exists");
	await expectProblem(await upload("no-such-product", "1.0.0", other), "not_found");
	expect(await env.PACKAGES.head(packageKey(other.sha256))).toBeNull();
	expect(await env.PACKAGES.head(packageKey(content.sha256))).not.toBeNull();
});

test("a second upload must have the bytes too, and the first one's file name stays", async () => {
	await upload(product, "1.0.0", content);
	const liar = { ...content, bytes: (await makePackage("x".repeat(content.bytes.length))).bytes };
	await expectProblem(await upload(product, "1.0.0", liar), "digest_mismatch");

	const renamed = await upload(product, "1.0.0", content, {}, "?name=other.bin");
	expect(renamed.status).toBe(200);
	const [release] = await list();
	expect(await renamed.json()).toMatchObject({ name: release?.name });
	expect(release?.name).toBe(`${product}-1.0.0.rules`);
});

test("the same bytes may be two versions, and the digest may come as Content-Digest", async () => {
	await upload(product, "1.0.0", content);
	const answer = await send(path("2.0.0", "/package"), {
		method: "PUT",
		headers: { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`, "content-digest": content.digest },
		body: content.bytes,
	});
	expect(answer.status).toBe(201);
	expect(await answer.json()).toMatchObject({ sha256: content.sha256, name: `${product}-2.0.0` });
});

test("twenty publishers at once make twenty releases in one order, and the newest is offered", async () => {
	const { code } = await createFleet({ products: [product] });
	const versions = Array.from({ length: 20 }, (_, index) => `1.${index}`);
	await Promise.all(versions.map((version) => publish(product, version, `rules ${version}`)));
	const releases = await list();
	expect(releases.map(({ sequence }) => sequence)).toEqual(versions.map((_, index) => 20 - index));
	expect(releases.filter(({ status }) => status === "current")).toHaveLength(1);
	expect((await offerOf(await newFirewall(code), product)).version).toBe(releases[0]?.version);
});

test("a withdrawn release is offered to nobody, replaced where it runs, and stays withdrawn", async () => {
	const scene = await newScene();
	await publish(scene.product, "2.0.0", "bad rules");
	const withdraw = () =>
		operate("POST", `/v1/products/${scene.product}/releases/2.0.0/withdraw`, { reason: "false positives" });
	for (const changed of [true, false]) {
		expect(await (await withdraw()).json()).toMatchObject({ status: "withdrawn", changed });
	}
	expect((await offerOf(scene.firewall, scene.product)).version).toBe("1.0.0");
	expect(await checkProduct(scene.firewall, scene.product, "2.0.0")).toMatchObject({
		status: "offered",
		reason: "installed_withdrawn",
		offer: { version: "1.0.0", downgrade: true },
	});
	await expectProblem(await operate("PUT", `/v1/products/${scene.product}/releases/2.0.0`, {}), "conflict");
	expect((await offerOf(scene.firewall, scene.product)).version).toBe("1.0.0");
});

test("a device is offered the newest release that fits its model and engine", async () => {
	const { code } = await createFleet({ products: [product] });
	const firewall = await newFirewall(code);
	await publish(product, "1", "for all");
	await publish(product, "2", "for new engines", { engine: { min: "11.1.4" } });
	await publish(product, "3", "for other models", { models: ["FW-900"] });
	const offered = async (engine: string) =>
		(await check(firewall, `?installed=${product}${engine}`)).products[0]?.offer?.version;
	expect(await offered("")).toBe("1");
	expect(await offered("&engine=11.1.3")).toBe("1");
	expect(await offered("&engine=11.1.4-rc1")).toBe("1");
	expect(await offered("&engine=11.1.4-h7")).toBe("2");
	expect((await permitOf(firewall, product)).version).toBe("1");
});

test("a product name can be taken once", async () => {
	await expectProblem(await operate("POST", "/v1/products", { product }), "already_exists");
});

test("a version with every character that a version may have gets a file name that devices can download", async () => {
	const version = "1.0+build_7.a-b";
	const uploaded = await upload(product, encodeURIComponent(version), content, {}, "");
	expect(await uploaded.json()).toMatchObject({ name: `${product}-1.0-build_7.a-b` });
	await operated("PUT", path(encodeURIComponent(version)), {});

	const { code } = await createFleet({ products: [product] });
	const { url, version: permitted } = await permitOf(await newFirewall(code), product);
	expect(permitted).toBe(version);
	expect(new Uint8Array(await (await send(url)).arrayBuffer())).toEqual(content.bytes);
});

test("an older version is refused where a newer one is released, until it is said that it is meant", async () => {
	await publish(product, "9.0.0", "rules");
	await upload(product, "8.9.1", await makePackage("backport"));
	const refusal = await expectProblem(await operate("PUT", path("8.9.1"), {}), "older_version");
	expect(refusal).toMatchObject({ newest: "9.0.0" });
	expect(await list()).toMatchObject([
		{ version: "8.9.1", status: "uploaded" },
		{ version: "9.0.0", status: "current" },
	]);
	const { code } = await createFleet({ products: [product] });
	const firewall = await newFirewall(code);
	expect((await operate("PUT", path("8.9.1"), { allow_older: true })).status).toBe(201);
	expect(await checkProduct(firewall, product, "9.0.0")).toMatchObject({
		status: "offered",
		offer: { version: "8.9.1", downgrade: true },
	});
});

test("a release for a 33rd audience is refused until another audience has no release any more", async () => {
	for (let number = 1; number <= 32; number += 1)
		await publish(product, `1.${number}`, "rules", { models: [`M-${number}`] });
	await upload(product, "1.33", await makePackage("rules"));
	const release = (models: string[]) => operate("PUT", path("1.33"), { models });
	const refusal = await expectProblem(await release(["M-33"]), "conflict");
	expect(String(refusal["detail"])).toMatch(
		/^the product has releases for 32 audiences .* first withdraw the releases/,
	);
	expect((await list())[0]).toMatchObject({ version: "1.33", status: "uploaded" });
	await operated("POST", path("1.7", "/withdraw"), { reason: "M-7 is no more" });
	expect((await release(["M-33"])).status).toBe(201);
});

test("versions without an order are released as they come", async () => {
	const hashes = `hashes-${product.slice(-8)}`;
	await operated("POST", "/v1/products", { product: hashes, version_order: "none", plan: "immediate" });
	for (const version of ["ffff", "0000"]) await publish(hashes, version, version);
	expect(await operated("GET", `/v1/products/${hashes}/releases`)).toMatchObject({
		version_order: "none",
		releases: [{ version: "0000", status: "current" }, { version: "ffff" }],
	});
});
