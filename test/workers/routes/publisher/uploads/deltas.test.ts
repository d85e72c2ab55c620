// Deltas as their publishers hand them in: before the release, for these very bytes, small enough, and one for each base.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { MAX_DELTAS } from "../../../../../src/content/releases/delta.ts";
import { packageKey } from "../../../../../src/storage/keys.ts";
import { createProduct, makePackage, type Package, publish, upload } from "../../../../support/fleet.ts";
import { freshProduct } from "../../../../support/fresh-names.ts";
import { operate, operated, send } from "../../../../support/service.ts";
import { makeDeltaOf, type SentDelta, sendDelta } from "../../../support/deltas.ts";
import { expectProblem } from "../../../support/expectations.ts";

let product: string;
let old: Package;
let target: Package;
let good: SentDelta;
beforeEach(async () => {
	const { name, number } = freshProduct();
	product = name;
	await createProduct(product);
	old = await publish(product, "1.0.0", `rules of ${number} `.repeat(40));
	target = await makePackage(`new rules of ${number} `.repeat(40));
	await upload(product, "1.1.0", target);
	const delta = await makeDeltaOf(old, `what is new in ${number}`);
	good = { product, version: "1.1.0", target, from: { version: "1.0.0", sha256: old.sha256 }, delta };
});

const basesOf = (version: string) =>
	operated<{ released: boolean; bases: { version: string; sha256: string; size: number; url: string }[] }>(
		"POST",
		`/v1/products/${product}/releases/${version}/bases`,
		{},
	);

test("a delta is stored once: the same again changes nothing", async () => {
	const first = await sendDelta(good);
	expect([first.status, await first.json()]).toEqual([
		201,
		{ product, version: "1.1.0", from: "1.0.0", sha256: good.delta.sha256, size: good.delta.bytes.length },
	]);
	expect((await sendDelta(good)).status).toBe(200);
	expect((await env.PACKAGES.head(packageKey(good.delta.sha256)))?.size).toBe(good.delta.bytes.length);
});

test("another one from the same base takes its place, until the release", async () => {
	await sendDelta(good);
	const better = { ...good, delta: await makeDeltaOf(old, "less") };
	expect((await sendDelta(better)).status).toBe(201);
	await operated("PUT", `/v1/products/${product}/releases/1.1.0`, {});
	expect((await sendDelta(better)).status).toBe(200);
	await expectProblem(await sendDelta(good), "conflict");
});

describe("refused, and nothing is bound", () => {
	const cases: [string, (sent: SentDelta) => SentDelta | Promise<SentDelta>, Parameters<typeof expectProblem>[1]][] = [
		["for a version that is not uploaded", (sent) => ({ ...sent, version: "9.9.9" }), "not_found"],
		["for other bytes of the version", (sent) => ({ ...sent, target: old }), "conflict"],
		[
			"from a version that is not there",
			(sent) => ({ ...sent, from: { version: "0.1.0", sha256: old.sha256 } }),
			"conflict",
		],
		[
			"from other bytes of the base",
			async (sent) => ({
				...sent,
				from: { version: "1.0.0", sha256: target.sha256 },
				delta: await makeDeltaOf(target, "x"),
			}),
			"conflict",
		],
		[
			"whose head names another base",
			async (sent) => ({ ...sent, delta: await makeDeltaOf(target, "x") }),
			"invalid_request",
		],
		["that is none", async (sent) => ({ ...sent, delta: await makePackage("garbage ".repeat(9)) }), "invalid_request"],
		["that is too short to be one", async (sent) => ({ ...sent, delta: await makePackage("x") }), "invalid_request"],
		[
			"that is larger than 60 % of the package",
			async (sent) => ({ ...sent, delta: await makeDeltaOf(old, "x".repeat(600)) }),
			"content_too_large",
		],
	];
	test.each(cases)("%s", async (_, change, code) => {
		await expectProblem(await sendDelta(await change(good)), code);
		expect((await sendDelta(good)).status).toBe(201);
	});

	test("with bytes that do not have the digest", async () => {
		const other = await makeDeltaOf(old, "others");
		await expectProblem(await sendDelta(good, { "repr-digest": other.digest }), "digest_mismatch");
	});

	test("where only one word of the base is said", async () => {
		const answer = await send(`/v1/products/${product}/releases/1.1.0/delta?sha256=${target.sha256}&from=1.0.0`, {
			method: "PUT",
			headers: { authorization: `Bearer ${env.BOOTSTRAP_KEY}`, "content-length": "1" },
			body: "x",
		});
		await expectProblem(answer, "invalid_request");
	});

	test("one more than a version may have", async () => {
		const versions = Array.from({ length: MAX_DELTAS }, (_, index) => `0.${index}.0`);
		for (const version of versions) await upload(product, version, old);
		for (const version of versions) {
			const sent = { ...good, from: { version, sha256: old.sha256 }, delta: await makeDeltaOf(old, version) };
			expect((await sendDelta(sent)).status).toBe(201);
		}
		await expectProblem(await sendDelta(good), "conflict");
	});
});

describe("from which releases deltas are worth the work", () => {
	test("are those that everybody may have, newest first, with URLs of their packages", async () => {
		const newer = await publish(product, "1.0.1", "newer rules");
		const { released, bases } = await basesOf("1.1.0");
		expect([released, bases.map(({ version, sha256, size }) => [version, sha256, size])]).toEqual([
			false,
			[
				["1.0.1", newer.sha256, newer.bytes.length],
				["1.0.0", old.sha256, old.bytes.length],
			],
		]);
		expect(await (await send(bases[0]?.url ?? "")).text()).toBe("newer rules");
	});

	test("are not those that were withdrawn, nor for a version that is released", async () => {
		await operated("POST", `/v1/products/${product}/releases/1.0.0/withdraw`, { reason: "bad" });
		expect(await basesOf("1.1.0")).toEqual({ released: false, bases: [] });
		await operated("PUT", `/v1/products/${product}/releases/1.1.0`, {});
		expect(await basesOf("1.1.0")).toEqual({ released: true, bases: [] });
	});

	test("are none of a version that is not there", async () => {
		await expectProblem(await operate("POST", `/v1/products/${product}/releases/7.0.0/bases`, {}), "not_found");
	});
});

test("with a discarded version its deltas are nobody's: the version can have others", async () => {
	await sendDelta(good);
	const held = () => env.PRODUCT.getByName(product).heldPackages([good.delta.sha256, old.sha256]);
	expect(await held()).toEqual([old.sha256, good.delta.sha256]);
	await operated("DELETE", `/v1/products/${product}/releases/1.1.0`);
	expect(await held()).toEqual([old.sha256]);
});

test("with a withdrawn version they stay, as its package does", async () => {
	await sendDelta(good);
	await operated("PUT", `/v1/products/${product}/releases/1.1.0`, {});
	await operated("POST", `/v1/products/${product}/releases/1.1.0/withdraw`, { reason: "bad" });
	expect(await env.PRODUCT.getByName(product).heldPackages([good.delta.sha256])).toEqual([good.delta.sha256]);
});
