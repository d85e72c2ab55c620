// What grew or shrank beyond a product's bounds is refused with both sizes, until somebody says that it is meant; that is kept.
import { beforeEach, expect, test } from "vitest";
import { makePackage, upload } from "../../../../support/fleet.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newProduct } from "../../../support/fixtures.ts";

let product: string;
beforeEach(async () => {
	product = await newProduct();
});

const path = (version: string) => `/v1/products/${product}/releases/${version}`;
async function uploaded(version: string, size: number): Promise<string> {
	await upload(product, version, await makePackage(version.padEnd(size, "x")));
	return path(version);
}
const events = async () =>
	(
		await operated<{ events: { type: string; detail: string; actor: string }[] }>(
			"GET",
			`/v1/products/${product}/events`,
		)
	).events;

test("a release that doubled is refused with both sizes, stays uploaded, and goes on its way once it is said to be meant", async () => {
	await operated("PUT", await uploaded("1.0", 110_000), {});
	const doubled = await uploaded("1.1", 220_001);
	expect(await expectProblem(await operate("PUT", doubled, {}), "size_out_of_bounds")).toMatchObject({
		...{ detail: "size 220001, against 110000 of 1.0, which everybody may have", current: "1.0" },
		...{ compared: "size", from: 110_000, to: 220_001 },
	});
	const { releases } = await operated<{ releases: unknown[] }>("GET", `/v1/products/${product}/releases`);
	expect(releases).toMatchObject([{ status: "uploaded" }, { status: "current" }]);

	for (const reason of [true, "", "two\nlines"]) {
		await expectProblem(await operate("PUT", doubled, { allow_size: reason }), "invalid_request");
	}
	expect(await operated("PUT", doubled, { allow_size: "it is a whole set" })).toMatchObject({ status: "current" });
	// Saying the same again needs no word.
	expect((await operate("PUT", doubled, {})).status).toBe(200);
	const said = (await events()).filter(({ type }) => type === "release.size_allowed");
	expect(said).toMatchObject([{ actor: "bootstrap", detail: "size 220001, against 110000 of 1.0: it is a whole set" }]);
});

test("fewer entries than half are refused too, whatever the size; without a number nothing is compared", async () => {
	await operated("PUT", await uploaded("1.0", 100), { entries: 1_000 });
	const half = await uploaded("1.1", 100);
	await expectProblem(await operate("PUT", half, { entries: 499 }), "size_out_of_bounds");
	expect(await operated("PUT", half, {})).toMatchObject({ status: "current", entries: null });
});

test("is compared with what everybody may have for the same models, and with what was withdrawn where there is nothing else", async () => {
	await operated("PUT", await uploaded("1.0", 300_000), { models: ["FW-100"] });
	await operated("PUT", await uploaded("1.1", 1_000), { models: ["FW-200"] });
	const small = await uploaded("1.2", 1_000);
	await expectProblem(await operate("PUT", small, { models: ["FW-100"] }), "size_out_of_bounds");
	await operated("POST", `${path("1.0")}/withdraw`, { reason: "too large" });
	expect(await expectProblem(await operate("PUT", small, { models: ["FW-100"] }), "size_out_of_bounds")).toMatchObject({
		detail: "size 1000, against 300000 of 1.0, which was out last, and is withdrawn",
	});
	expect(await operated("PUT", small, { models: ["FW-100"], allow_size: "for these alone" })).toMatchObject({
		status: "current",
	});
	// Now there is something else.
	expect(await operated("PUT", await uploaded("1.3", 1_500), { models: ["FW-100"] })).toMatchObject({
		status: "current",
	});
});

test("is compared with what its devices have, whichever audience that was released to", async () => {
	await operated("PUT", await uploaded("1.0", 110_000), {});
	const doubled = await uploaded("1.1", 220_001);
	for (const audience of [{ models: ["FW-100"] }, { engine: { min: "1" } }]) {
		expect(await expectProblem(await operate("PUT", doubled, audience), "size_out_of_bounds")).toMatchObject({
			current: "1.0",
		});
	}
	const forOne = await uploaded("1.2", 150_000);
	expect(await operated("PUT", forOne, { models: ["FW-100"] })).toMatchObject({ status: "current" });
	// Within the bounds of what most have, and twice what one model has.
	const forAll = await uploaded("1.3", 74_000);
	expect(await expectProblem(await operate("PUT", forAll, {}), "size_out_of_bounds")).toMatchObject({ current: "1.2" });
});

test("a product sets its own bounds, or none; a change is an event, the same again is none", async () => {
	const bounds = { grow: 10, shrink: 0.1, above: 0 };
	for (const _ of ["once", "again"]) {
		const change = { size_bounds: bounds };
		expect(await operated("PATCH", `/v1/products/${product}`, change)).toMatchObject(change);
	}
	expect((await events()).filter(({ type }) => type === "product.limits")).toHaveLength(1);
	await operated("PUT", await uploaded("1.0", 100), {});
	expect(await operated("PUT", await uploaded("1.1", 1_000), {})).toMatchObject({ status: "current" });
	const eleven = await uploaded("1.2", 10_001);
	await expectProblem(await operate("PUT", eleven, {}), "size_out_of_bounds");
	await operated("PATCH", `/v1/products/${product}`, { size_bounds: null });
	expect(await operated("PUT", eleven, {})).toMatchObject({ status: "current" });
	for (const wrong of [
		{ ...bounds, grow: 1 },
		{ ...bounds, shrink: 1 },
		{ ...bounds, above: -1 },
		{ grow: 2 },
		2,
		"none",
	])
		await expectProblem(await operate("PATCH", `/v1/products/${product}`, { size_bounds: wrong }), "invalid_request");
});
