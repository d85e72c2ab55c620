// Publishing releases that require other products: what is refused and what is said then, two publishers at the same time, and what
// withdrawing does to a circle that would have been one.
import { beforeEach, describe, expect, test } from "vitest";
import { makePackage, publish, upload } from "../../../support/fleet.ts";
import { operate, operated } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import { newProduct } from "../../support/fixtures.ts";
import { SECOND, useFrozenClock } from "../../support/frozen-clock.ts";

let crs: string;
let base: string;
let count = 0;

beforeEach(async () => {
	[crs, base] = [await newProduct(), await newProduct()];
	await publish(base, "4.26.0", `engine rules of ${base}`);
});

const path = (product: string, version: string) => `/v1/products/${product}/releases/${version}`;
async function release(product: string, version: string, requires: object[] | undefined, more: object = {}) {
	count += 1;
	const content = await makePackage(`rules ${count}`);
	expect((await upload(product, version, content)).ok).toBe(true);
	return operate("PUT", path(product, version), { ...(requires && { requires }), ...more });
}
const withdraw = (product: string, version: string) =>
	operated("POST", `${path(product, version)}/withdraw`, { reason: "boxes reboot" });
const released = async (product: string) =>
	(await operated<{ releases: Record<string, unknown>[] }>("GET", `/v1/products/${product}/releases`)).releases;
const fromNow = () => [{ product: base, min: "4.26.0" }];

test("a release says what it requires, again and in the trail; said again it changes nothing, and otherwise it is another", async () => {
	const made = await release(crs, "1.0.0", fromNow());
	expect([made.status, await made.json()]).toMatchObject([201, { requires: fromNow() }]);
	expect(await released(crs)).toMatchObject([{ version: "1.0.0", requires: fromNow() }]);
	expect(await released(base)).toMatchObject([{ requires: [] }]);
	expect((await operate("PUT", path(crs, "1.0.0"), { requires: fromNow() })).status).toBe(200);
	for (const body of [{}, { requires: [{ product: base, min: "4.25.0" }] }]) {
		const { detail } = await expectProblem(await operate("PUT", path(crs, "1.0.0"), body), "version_exists");
		expect(detail).toBe("the version was released with other metadata: `requires`");
	}
	const { events } = await operated<{ events: { type: string; detail: string }[] }>(
		"GET",
		`/v1/products/${crs}/events`,
	);
	expect(events.find(({ type }) => type === "release.publish")?.detail).toContain(`, requires ${base} >= 4.26.0`);
	// Also where the prerequisite has gone meanwhile.
	await withdraw(base, "4.26.0");
	expect((await operate("PUT", path(crs, "1.0.0"), { requires: fromNow() })).status).toBe(200);
});

describe("is refused", () => {
	test.each([
		["where no release would do", () => [{ product: base, min: "4.27.0" }], (name: string) => `${name} >= 4.27.0`],
		["where that is another version", () => [{ product: base, exactly: "4.26" }], (name: string) => `${name} = 4.26`],
	])("%s", async (_, requires, told) => {
		const refused = await expectProblem(await release(crs, "1.0.0", requires()), "prerequisite_not_released");
		expect(refused["unmet"]).toEqual(requires());
		expect(refused["detail"]).toBe(`nothing that is released on stable would do: ${told(base)}`);
		expect(await released(crs)).toMatchObject([{ status: "uploaded", requires: [] }]);
	});

	test("where what would do is withdrawn, not released, or on beta alone", async () => {
		await withdraw(base, "4.26.0");
		await expectProblem(await release(crs, "1.0.0", fromNow()), "prerequisite_not_released");
		await upload(base, "4.27.0", await makePackage("a draft"));
		await expectProblem(await operate("PUT", path(crs, "1.0.0"), { requires: fromNow() }), "prerequisite_not_released");
		await operated("PUT", path(base, "4.27.0"), { channel: "beta" });
		await expectProblem(await operate("PUT", path(crs, "1.0.0"), { requires: fromNow() }), "prerequisite_not_released");
		const onBeta = { requires: fromNow(), channel: "beta" };
		expect((await operate("PUT", path(crs, "1.0.0"), onBeta)).status).toBe(201);
		const promoted = await operate("POST", `${path(crs, "1.0.0")}/promote`, { channel: "stable" });
		await expectProblem(promoted, "prerequisite_not_released");
		await operated("POST", `${path(base, "4.27.0")}/promote`, { channel: "stable" });
		expect((await operate("POST", `${path(crs, "1.0.0")}/promote`, { channel: "stable" })).status).toBe(200);
	});

	test.each([
		["a product that there is not", () => [{ product: "nonesuch" }], /no product/i],
		["its own product", () => [{ product: crs }], /own product/],
		["a product twice", () => [{ product: base }, { product: base }], /twice/],
		["a range that nothing lies in", () => [{ product: base, min: "2", max: "1" }], /no version lies/],
	])("with %s", async (_, requires, message) => {
		const refused = await expectProblem(await release(crs, "1.0.0", requires()), "invalid_request");
		expect(JSON.stringify(refused["errors"])).toMatch(message);
	});

	test("with a range of versions that have no order; one of them, or any, will do", async () => {
		const hashes = `${base}h`.slice(0, 24);
		await operated("POST", "/v1/products", { product: hashes, plan: "immediate", version_order: "none" });
		await publish(hashes, "c0ffee", "by its hash");
		const refused = await expectProblem(
			await release(crs, "0.9.0", [{ product: hashes, min: "c0ffee" }]),
			"invalid_request",
		);
		expect(JSON.stringify(refused["errors"])).toContain("have no order");
		for (const [at, one] of [{ exactly: "c0ffee" }, {}].entries())
			expect((await release(crs, `1.0.${at}`, [{ product: hashes, ...one }])).status).toBe(201);
	});
});

describe("a circle", () => {
	test("of two and of three is refused with its way, and ends with the withdrawal of what makes it", async () => {
		const third = await newProduct();
		expect((await release(crs, "1.0.0", [{ product: base }])).status).toBe(201);
		expect((await release(third, "1.0.0", [{ product: crs }])).status).toBe(201);
		const refused = await expectProblem(await release(base, "4.27.0", [{ product: third }]), "circular_requires");
		expect(refused["circle"]).toEqual([base, third, crs, base]);
		expect(refused["detail"]).toBe([base, third, crs, base].join(" requires "));
		expect(refused["releases"]).toEqual([
			{ product: crs, version: "1.0.0", requires: base },
			{ product: third, version: "1.0.0", requires: crs },
		]);
		expect((await released(base)).map(({ status }) => status)).toEqual(["uploaded", "current"]);
		await withdraw(third, "1.0.0");
		await publish(third, "1.0.1", "requires nothing");
		expect((await operate("PUT", path(base, "4.27.0"), { requires: [{ product: third }] })).status).toBe(201);
	});

	test("is made by neither of two publishers at the same time", async () => {
		await publish(crs, "1.0.0", "before");
		const both = await Promise.all([
			release(crs, "2.0.0", [{ product: base }]),
			release(base, "5.0.0", [{ product: crs }]),
		]);
		const statuses = both.map(({ status }) => status).sort();
		expect(statuses).toEqual([201, 409]);
		const lost = both.find(({ status }) => status === 409);
		if (lost !== undefined) await expectProblem(lost, "circular_requires");
	});

	describe("that a refused release would have made", () => {
		const { moveTo } = useFrozenClock();

		test("counts for an hour, in which its publisher may try again", async () => {
			await publish(crs, "2.0.0", "the newest");
			await expectProblem(await release(crs, "1.0.0", [{ product: base }]), "older_version");
			await expectProblem(await release(base, "5.0.0", [{ product: crs }]), "circular_requires");
			const again = () => operate("PUT", path(base, "5.0.0"), { requires: [{ product: crs }] });
			moveTo(3_600 * SECOND);
			await expectProblem(await again(), "circular_requires");
			moveTo(3_602 * SECOND);
			expect((await again()).status).toBe(201);
			const late = { requires: [{ product: base }], allow_older: true };
			await expectProblem(await operate("PUT", path(crs, "1.0.0"), late), "circular_requires");
		});
	});
});

test("a rollout shares its buckets with that of what it requires, as long as that is on its way", async () => {
	const saltOf = async (product: string, version: string) => {
		const log = await operated("GET", `${path(product, version)}/rollout/log`);
		return /"salt":"([^"]+)"/.exec(JSON.stringify(log))?.[1];
	};
	expect((await release(base, "4.27.0", undefined, { plan: "rapid" })).status).toBe(201);
	expect((await release(crs, "1.0.0", [{ product: base, min: "4.27.0" }], { plan: "rapid" })).status).toBe(201);
	expect(await saltOf(crs, "1.0.0")).toBe(await saltOf(base, "4.27.0"));
	expect((await release(crs, "1.0.1", [{ product: base, min: "4.26.0" }], { plan: "rapid" })).status).toBe(201);
	expect(await saltOf(crs, "1.0.1")).not.toBe(await saltOf(base, "4.27.0"));
});
