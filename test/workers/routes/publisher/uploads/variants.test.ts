// Variants of a release over HTTP: how they come to a version, which bytes each model is offered, permitted and sent, and what is refused.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { packageKey } from "../../../../../src/storage/keys.ts";
import { Firewall } from "../../../../support/firewall.ts";
import { makePackage, type Package, upload } from "../../../../support/fleet.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated, send } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { explain } from "../../../support/explained.ts";
import { checkProduct, newScene, offerOf, permitOf, type Scene } from "../../../support/fixtures.ts";

let scene: Scene;
let main: Package;
let arm: Package;
beforeEach(async () => {
	scene = await newScene();
	main = await makePackage(`rules of ${scene.product} for most`);
	arm = await makePackage(`rules of ${scene.product} for some models`);
});

const pathOf = (version = "2.0.0") => `/v1/products/${scene.product}/releases/${version}`;
const put = (content: Package, query: string, headers: Record<string, string> = {}, version = "2.0.0") =>
	upload(scene.product, version, content, headers, query);
const putMain = () => put(main, "");
const ARM = "?variant=arm&models=FW-100,FW-200";
const release = (body: object = {}) => operated("PUT", pathOf(), body);
const released = async (version = "2.0.0") => {
	const { releases } = await operated<{ releases: { version: string; variants: unknown }[] }>(
		"GET",
		`/v1/products/${scene.product}/releases`,
	);
	return releases.find((one) => one.version === version);
};
/** A firewall of a model under the scene's license. */
async function firewallOf(model: string): Promise<Firewall> {
	return (await (await Firewall.create()).activate(scene.code, { model })).authenticate(true);
}

describe("a release with a variant", () => {
	beforeEach(async () => {
		expect((await putMain()).status).toBe(201);
		expect((await put(arm, ARM)).status).toBe(201);
	});

	test("gives each model its own bytes, by offer, permit and download, and nobody another's", async () => {
		await release();
		for (const [model, own, variant] of [
			["FW-100", arm, "arm"],
			["FW-200", arm, "arm"],
			["FW-300", main, undefined],
		] as const) {
			const firewall = await firewallOf(model);
			const offer = await offerOf(firewall, scene.product);
			expect(offer, model).toMatchObject({ version: "2.0.0", sha256: own.sha256, size: own.bytes.length });
			expect((offer as { variant?: string }).variant, model).toBe(variant);
			const permit = await permitOf(firewall, scene.product);
			expect(permit, model).toMatchObject({ sha256: own.sha256, ...(variant && { variant }) });
			for (const url of [permit.url, offer.download?.url ?? ""]) {
				const { pathname, search } = new URL(url, "https://updates.test");
				expect(new Uint8Array(await (await send(pathname + search)).arrayBuffer()), model).toEqual(own.bytes);
			}
			expect((await checkProduct(firewall, scene.product, "2.0.0")).status, model).toBe("current");
		}
	});

	test("says its variants in the list, in the trail and in an explanation", async () => {
		await release();
		const { sha256, bytes } = arm;
		const variant = { variant: "arm", models: ["FW-100", "FW-200"], sha256, size: bytes.length };
		expect(await released()).toMatchObject({
			sha256: main.sha256,
			variants: [{ ...variant, name: `${scene.product}-2.0.0-arm` }],
		});
		expect(await released("1.0.0")).toMatchObject({ variants: [] });
		const { events } = await operated<{ events: object[] }>(
			"GET",
			`/v1/products/${scene.product}/events?type=package.add`,
		);
		expect(events).toContainEqual(
			expect.objectContaining({ subject: "2.0.0", detail: `${sha256}, variant arm for FW-100, FW-200` }),
		);
		const [newest, before] = (await explain(scene)).releases;
		expect(newest).toMatchObject({ version: "2.0.0", variant: "arm", verdict: "chosen" });
		expect(before).not.toHaveProperty("variant");
	});

	test("is taken from all of its models with one withdrawal", async () => {
		await release();
		await operated("POST", `${pathOf()}/withdraw`, { reason: "it breaks" });
		for (const model of ["FW-100", "FW-300"]) {
			const offer = await offerOf(await firewallOf(model), scene.product, "2.0.0");
			expect(offer, model).toMatchObject({ version: "1.0.0", sha256: scene.content.sha256 });
			expect(offer, model).not.toHaveProperty("variant");
		}
	});

	test("keeps the bytes of its variants in the collection of packages, until the version is discarded", async () => {
		const held = () => bindings.PRODUCT.getByName(scene.product).heldPackages([main.sha256, arm.sha256]);
		expect(new Set(await held())).toEqual(new Set([main.sha256, arm.sha256]));
		expect(await env.PACKAGES.head(packageKey(arm.sha256))).not.toBeNull();
		expect((await operate("DELETE", pathOf())).status).toBe(204);
		expect(await held()).toEqual([]);
		// And a version that is uploaded anew has none.
		await putMain();
		expect(await released()).toMatchObject({ variants: [] });
	});

	test("has a link to the bytes of each, for who is to approve them", async () => {
		const link = (query: string) => operate("GET", `${pathOf()}/package-link${query}`);
		expect(await (await link("?variant=arm")).json()).toMatchObject({ sha256: arm.sha256 });
		expect(await (await link("")).json()).toMatchObject({ sha256: main.sha256 });
		await expectProblem(await link("?variant=mips"), "not_found");
	});

	test("changes nothing where the same is uploaded again, before the release and after", async () => {
		const again = "?variant=arm&models=FW-200,FW-100,FW-200";
		expect((await put(arm, again)).status).toBe(200);
		await release();
		const answer = await put(arm, ARM);
		expect([answer.status, await answer.json()]).toEqual([
			200,
			expect.objectContaining({ variant: "arm", models: ["FW-100", "FW-200"], sha256: arm.sha256 }),
		]);
	});

	test("is not made other after its release, and its variants not before", async () => {
		const other = await makePackage(`other rules of ${scene.product}`);
		await expectProblem(await put(other, ARM), "version_exists");
		await expectProblem(await put(arm, "?variant=arm&models=FW-100"), "version_exists");
		await release();
		expect(await expectProblem(await put(other, "?variant=mips&models=FW-300"), "conflict")).toMatchObject({
			detail: expect.stringContaining("the version was released"),
		});
		expect(await released()).toMatchObject({ variants: [{ variant: "arm", sha256: arm.sha256 }] });
	});

	test("is not released for models without those of its variants", async () => {
		const refused = await expectProblem(await operate("PUT", pathOf(), { models: ["FW-100", "FW-300"] }), "conflict");
		expect(refused["detail"]).toContain("variant arm is for FW-200, and the release is not");
		expect((await operate("PUT", pathOf(), { models: ["FW-100", "FW-200", "FW-300"] })).status).toBe(201);
	});
});

describe("an upload of a variant is refused", () => {
	test("before the version has its package", async () => {
		await expectProblem(await put(arm, ARM), "not_found");
		expect(await env.PACKAGES.head(packageKey(arm.sha256))).toBeNull();
	});

	test("for a model that is in another variant", async () => {
		await putMain();
		await put(arm, ARM);
		const other = await makePackage(`other rules of ${scene.product}`);
		const refused = await expectProblem(await put(other, "?variant=mips&models=FW-300,FW-200"), "conflict");
		expect(refused["detail"]).toContain("variant arm of the version is for FW-200 already");
		expect((await put(other, "?variant=mips&models=FW-300")).status).toBe(201);
	});

	test("from another than who uploaded the version's package", async () => {
		await putMain();
		const { key } = await operated<{ key: string }>("POST", "/v1/keys", {
			subject: "another",
			scopes: [`publish:${scene.product}`],
		});
		const refused = await expectProblem(await put(arm, ARM, { authorization: `Bearer ${key}` }), "conflict");
		expect(refused["detail"]).toContain("somebody else uploaded the version's package");
	});

	test("beyond as many as a version may have", async () => {
		await putMain();
		for (let number = 0; number < 8; number++)
			expect((await put(arm, `?variant=v${number}&models=M-${number}`)).status).toBe(201);
		await expectProblem(await put(arm, "?variant=v8&models=M-8"), "conflict");
		const many = Array.from({ length: 101 }, (_, at) => `N-${at}`).join(",");
		await expectProblem(await put(arm, `?variant=v9&models=${many}`), "conflict");
	});

	test.each([
		"?variant=arm",
		"?models=FW-100",
		"?variant=ARM&models=FW-100",
		"?variant=arm&models=",
		"?variant=arm&models=FW-100,,FW-200",
		"?variant=a@b&models=FW-100",
	])("without a sound name and models: %s", async (query) => {
		await putMain();
		await expectProblem(await put(arm, query), "invalid_request");
		expect(await released()).toMatchObject({ variants: [] });
	});

	test("that a firewall should not unpack", async () => {
		await putMain();
		const elf = await makePackage(new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0]));
		await expectProblem(await put(elf, `${ARM}&name=rules.tar`), "unsafe_package");
	});
});

test("a variant goes up in parts too", async () => {
	await putMain();
	const path = `/v1/products/${scene.product}/uploads/${arm.sha256}/parts/${arm.sha256}`;
	await send(path, {
		method: "PUT",
		headers: { authorization: `Bearer ${env.BOOTSTRAP_KEY}`, "content-length": String(arm.bytes.length) },
		body: arm.bytes,
	});
	const body = { sha256: arm.sha256, parts: [arm.sha256], variant: "arm", models: ["FW-100"] };
	const join = () => operate("PUT", `${pathOf()}/package/parts`, body);
	const first = await join();
	expect([first.status, await first.json()]).toEqual([
		201,
		expect.objectContaining({ variant: "arm", models: ["FW-100"], sha256: arm.sha256 }),
	]);
	// Its parts are forgotten, and it is there.
	expect((await join()).status).toBe(200);
	await release();
	expect(await offerOf(scene.firewall, scene.product)).toMatchObject({ sha256: arm.sha256, variant: "arm" });
});

test("each variant is compared with the one of its name in the release before", async () => {
	const sized = (text: string, size: number) => makePackage(text.padEnd(size, "x"));
	await put(await sized(`${scene.product} a`, 110_000), "");
	await put(await sized(`${scene.product} b`, 300_000), ARM);
	await release({ allow_size: "it is the first of this size" });
	await put(await sized(`${scene.product} c`, 110_000), "", {}, "2.1.0");
	await put(await sized(`${scene.product} d`, 110_000), ARM, {}, "2.1.0");
	const refused = await expectProblem(await operate("PUT", pathOf("2.1.0"), {}), "size_out_of_bounds");
	expect(refused["detail"]).toBe("variant arm: size 110000, against 300000 of 2.0.0, which everybody may have");
	expect((await operate("PUT", pathOf("2.1.0"), { allow_size: "it is meant" })).status).toBe(201);
});

test("a product that demands signatures lets nothing out of which a variant is not signed", async () => {
	await operated("PATCH", `/v1/products/${scene.product}`, { signing: "required" });
	await putMain();
	await put(arm, ARM);
	const sign = (version: number, digests: Record<string, string>) =>
		bindings.PRODUCT.getByName(scene.product).noteRole({
			...{ actor: "bootstrap", now: Math.floor(Date.now() / 1_000) },
			role: { version, digests },
		});
	await sign(1, { "2.0.0": main.sha256 });
	await expectProblem(await operate("PUT", pathOf(), {}), "conflict");
	await sign(2, { "2.0.0": main.sha256, "2.0.0@arm": main.sha256 });
	await expectProblem(await operate("PUT", pathOf(), {}), "conflict");
	await sign(3, { "2.0.0": main.sha256, "2.0.0@arm": arm.sha256 });
	await release();
	expect(await offerOf(scene.firewall, scene.product)).toMatchObject({ sha256: arm.sha256, role_version: 3 });
	// What its publisher takes out of the role file is offered no more, to no model.
	await sign(4, { "2.0.0": main.sha256 });
	for (const model of ["FW-100", "FW-300"])
		expect((await checkProduct(await firewallOf(model), scene.product)).status, model).toBe("unavailable");
});
