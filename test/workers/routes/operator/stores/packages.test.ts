// Orphaned packages in the real storage: what no version has is shown, removed when that is wanted, and can be uploaded again.
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { packageKey } from "../../../../../src/storage/keys.ts";
import { makePackage, type Package, publish, upload } from "../../../../support/fleet.ts";
import { bindings } from "../../../../support/object-bindings.ts";
import { operate, operated } from "../../../../support/service.ts";
import { expectProblem } from "../../../support/expectations.ts";
import { newProduct } from "../../../support/fixtures.ts";
import { DAY, HOUR, useFrozenClock } from "../../../support/frozen-clock.ts";

interface Page {
	packages: number;
	orphans: { sha256: string; size: number; uploaded_at: string; outcome: string }[];
	next: string | null;
}
const collect = (body: object = {}) => operated<Page>("POST", "/v1/packages/collect", body);
const directory = () => bindings.DIRECTORY.getByName("directory");

// It begins years from now, so that what R2 stored just now is old.
const clock = useFrozenClock();

/** As an upload leaves it that is never heard of again. */
async function abandon(text: string): Promise<Package> {
	const content = await makePackage(text);
	await env.PACKAGES.put(packageKey(content.sha256), content.bytes);
	return content;
}
const isThere = async ({ sha256 }: Package) => (await env.PACKAGES.head(packageKey(sha256))) !== null;

test("without any product nothing is an orphan, as every package would be one", async () => {
	const content = await abandon("rules of nobody");
	await expectProblem(await operate("POST", "/v1/packages/collect", { remove: true }), "conflict");
	expect(await isThere(content)).toBe(true);
});

describe("a package that no version has", () => {
	test("is shown, stays, and is removed only if that is said", async () => {
		await newProduct();
		const content = await abandon("rules of nobody, twice");
		const shown = (await collect()).orphans.find(({ sha256 }) => sha256 === content.sha256);
		expect(shown).toMatchObject({ size: content.bytes.length, outcome: "orphaned" });
		expect(await isThere(content)).toBe(true);
		const removed = (await collect({ remove: true })).orphans.find(({ sha256 }) => sha256 === content.sha256);
		expect(removed).toMatchObject({ outcome: "removed" });
		expect(await isThere(content)).toBe(false);
		expect((await collect()).orphans).toEqual([]);
	});

	test("stands in the trail once it is removed, with who wanted it", async () => {
		await newProduct();
		const { sha256, bytes } = await abandon("rules of nobody, in the trail");
		await collect({ remove: true });
		const { events } = await operated<{ events: Record<string, unknown>[] }>(
			"GET",
			"/v1/events?type=package.remove&limit=500",
		);
		expect(events.find((event) => event["subject"] === sha256)).toMatchObject({
			actor: "bootstrap",
			detail: `${bytes.length} bytes`,
		});
	});

	test("can be uploaded and released again at once", async () => {
		const product = await newProduct();
		const content = await abandon("rules that come back");
		await collect({ remove: true });
		expect(await isThere(content)).toBe(false);
		expect((await upload(product, "1.0.0", content)).status).toBe(201);
		clock.moveTo(2 * DAY);
		expect((await collect({ remove: true })).orphans).toEqual([]);
		expect(await isThere(content)).toBe(true);
	});

	test("is left for a day after an upload of it began, however that ended", async () => {
		const product = await newProduct();
		const content = await abandon("rules on their way");
		// Its sender sends something else: nothing is bound.
		const broken = { ...content, bytes: new Uint8Array(content.bytes.length) };
		await expectProblem(await upload(product, "1.0.0", broken), "digest_mismatch");
		clock.moveTo(DAY - HOUR);
		expect((await collect({ remove: true })).orphans).toEqual([]);
		clock.moveTo(DAY);
		expect((await collect({ remove: true })).orphans).toMatchObject([{ sha256: content.sha256, outcome: "removed" }]);
	});

	test("is left while it is younger than a day", async () => {
		vi.useRealTimers();
		await newProduct();
		const content = await abandon("young rules");
		expect((await collect({ remove: true })).orphans).toEqual([]);
		expect(await isThere(content)).toBe(true);
		await env.PACKAGES.delete(packageKey(content.sha256));
	});
});

test("what any version of any product has stays: current, older, withdrawn, or not released yet", async () => {
	const [one, other] = [await newProduct(), await newProduct()];
	const shared = `shared rules of ${one}`;
	await publish(one, "1.0.0", shared);
	await publish(one, "2.0.0", `new rules of ${one}`);
	await publish(other, "1.0.0", shared);
	await operated("POST", `/v1/products/${other}/releases/1.0.0/withdraw`, { reason: "false positives" });
	const waiting = await makePackage(`waiting rules of ${one}`);
	await upload(one, "3.0.0", waiting);
	clock.moveTo(3 * DAY);
	expect((await collect({ remove: true })).orphans).toEqual([]);
	for (const text of [shared, `new rules of ${one}`]) expect(await isThere(await makePackage(text))).toBe(true);
	expect(await isThere(waiting)).toBe(true);
});

test("an upload of bytes that are being removed is told to come back, and nothing is counted or stored", async () => {
	const product = await newProduct();
	const content = await makePackage("rules that are being removed");
	const { until } = await directory().claimRemoval({ actor: "ops", sha256s: [content.sha256] });
	const answer = await upload(product, "1.0.0", content);
	expect(answer.headers.get("retry-after")).toBe("60");
	await expectProblem(answer, "unavailable");
	expect(await isThere(content)).toBe(false);
	await directory().endRemoval({ actor: "ops", now: 0, until, removed: [], kept: [content.sha256] });
	expect((await upload(product, "1.0.0", content)).status).toBe(201);
});

test("a large storage is gone through page by page, whatever is removed on the way", async () => {
	await newProduct();
	const digests = Array.from({ length: 405 }, (_, number) => `f${String(number).padStart(63, "0")}`).toSorted();
	await Promise.all(digests.map((sha256) => env.PACKAGES.put(packageKey(sha256), "x")));
	const removed: string[] = [];
	for (let after: string | null | undefined; after !== null; ) {
		const page: Page = await collect({ remove: true, ...(after !== undefined && { after }) });
		expect(page.packages).toBeLessThanOrEqual(200);
		removed.push(...page.orphans.filter(({ outcome }) => outcome === "removed").map(({ sha256 }) => sha256));
		after = page.next;
	}
	expect(removed.filter((sha256) => digests.includes(sha256))).toEqual(digests);
	for (const sha256 of digests.slice(0, 3)) expect(await env.PACKAGES.head(packageKey(sha256))).toBeNull();
});

test.each(["garbage", "A".repeat(64), "a".repeat(63), ""])(
	"a place that no page gave is refused: %s",
	async (after) => {
		await expectProblem(await operate("POST", "/v1/packages/collect", { after }), "invalid_request");
	},
);

// The last one: from here on a product is listed that has lost everything.
test("a product that is listed and has lost all that it knew stops the collection: its packages would be orphans", async () => {
	const content = await abandon("rules of a lost product");
	await directory().createProduct({ actor: "ops", now: 0, name: "lost-product", title: "" });
	const answer = await operate("POST", "/v1/packages/collect", { remove: true });
	const problem = await expectProblem(answer, "conflict");
	expect(problem).toMatchObject({ detail: expect.stringContaining("lost-product") });
	expect(await isThere(content)).toBe(true);
});
