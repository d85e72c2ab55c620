// Rule indexes as their publishers hand them in, and what the service says of two of them.
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { createProduct, makePackage, type Package, upload } from "../../../support/fleet.ts";
import { freshProduct } from "../../../support/fresh-names.ts";
import { indexText } from "../../../support/rule-index.ts";
import { TEST_SECRETS } from "../../../support/secrets.ts";
import { operate, operated, send } from "../../../support/service.ts";
import { expectProblem } from "../../support/expectations.ts";
import {
	publishRules as publishRulesOf,
	suricataRule as rule,
	sendIndex as sendIndexOf,
} from "../../support/publish-rules.ts";

const OLD = rule(1) + rule(2) + rule(3, { msg: "ET MALWARE Emotet beacon" });
const NEW = rule(1, { action: "drop" }) + rule(3, { msg: "ET MALWARE Emotet beacon" }) + rule(4, { cve: "2021-44228" });

let product: string;
let number: number;
beforeEach(async () => {
	({ name: product, number } = freshProduct());
	await createProduct(product);
});

const path = (version: string) => `/v1/products/${product}/releases/${version}/rule-index`;
const sendIndex = (version: string, text: string, more?: { query?: string; digest?: string }) =>
	sendIndexOf({ product, version }, text, more);
async function uploadRules(version: string, rules: string): Promise<Package> {
	const made = await makePackage(`# ${number}\n${rules}`);
	await upload(product, version, made);
	return made;
}
const release = (version: string) => operated("PUT", `/v1/products/${product}/releases/${version}`, {});
const publishRules = (version: string, rules: string) => publishRulesOf(product, version, rules);
const changesOf = (query = "") => operate("GET", `/v1/products/${product}/changes${query}`);
const ids = (rules: { id: string }[]) => rules.map(({ id }) => id);

test("an index is stored once, with what changes against what everybody has and the plan that this calls for", async () => {
	await publishRules("1.0.0", OLD);
	const { sha256 } = await uploadRules("1.1.0", NEW);
	const text = indexText({ "a.rules": NEW }, sha256);
	const first = await sendIndex("1.1.0", text);
	const { counts, ...rest } = await first.json<{ counts: object }>();
	expect([first.status, rest]).toEqual([
		201,
		{
			...{
				product,
				version: "1.1.0",
				sha256: (await makePackage(text)).sha256,
				size: text.length,
				rules: 3,
				blocking: 1,
			},
			...{ cves: 1, against: "1.0.0" },
			proposed_plan: {
				plan: "standard",
				reasons: [expect.stringContaining("1 rule can stop traffic"), ...Array(2).fill(expect.any(String))],
			},
			proposed_classes: ["threat", "behaviour"],
		},
	]);
	expect(counts).toMatchObject({ before: 3, after: 3, added: 1, removed: 1, changed: 1, newly_blocking: 1, reused: 0 });
	expect((await sendIndex("1.1.0", text)).status).toBe(200);
	const read = await operate("GET", path("1.1.0"));
	expect([read.headers.get("etag"), await read.text()]).toEqual([`"${(await makePackage(text)).sha256}"`, text]);
});

describe("what changes between two versions", () => {
	test("is said over all that lie between, by versions or by how they begin", async () => {
		await publishRules("1.0.0", OLD);
		await publishRules("1.1.0", OLD + rule(9));
		await publishRules("1.2.5", NEW);
		const found = await (await changesOf("?from=1.0&to=1.2")).json<Record<string, never>>();
		expect(found).toMatchObject({ product, from: { version: "1.0.0" }, to: { version: "1.2.5" }, truncated: false });
		expect([ids(found["added"] ?? []), ids(found["removed"] ?? []), ids(found["newly_blocking"] ?? [])]).toEqual([
			["4"],
			["2"],
			["1"],
		]);
		expect(found["changed"]).toMatchObject([{ id: "1", what: ["text", "blocking"], message_before: "rule 1" }]);
		expect(found["cves"]).toEqual({ added: ["CVE-2021-44228"], removed: [] });
	});

	test("is that of the newest release against the one before, where nothing is asked for", async () => {
		await publishRules("1.0.0", OLD);
		expect(await (await changesOf()).json()).toMatchObject({ from: null, counts: { before: null, added: 3 } });
		await publishRules("1.1.0", NEW);
		expect(await (await changesOf()).json()).toMatchObject({ from: { version: "1.0.0" }, to: { version: "1.1.0" } });
	});

	test("never changes: the ETag is answered without a look at the indexes", async () => {
		await publishRules("1.0.0", OLD);
		await publishRules("1.1.0", NEW);
		const etag = (await changesOf()).headers.get("etag") ?? "";
		const again = await send(`/v1/products/${product}/changes`, {
			headers: { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`, "if-none-match": etag },
		});
		expect([again.status, again.headers.get("etag")]).toEqual([304, etag]);
	});

	test("keeps markup in messages as it is: JSON is no page", async () => {
		await publishRules("1.0.0", rule(1, { msg: "<script>alert(1)</script>" }));
		const answer = await changesOf();
		expect(answer.headers.get("content-type")).toContain("application/json");
		expect(await answer.json()).toMatchObject({ added: [{ message: "<script>alert(1)</script>" }] });
	});

	test.each([
		["to a version that is not there", "?to=7"],
		["from a version that is not there", "?from=7"],
		["to one without an index", "?to=2.0.0"],
	])("is nothing %s", async (_, query) => {
		await publishRules("1.0.0", OLD);
		await uploadRules("2.0.0", NEW);
		await expectProblem(await changesOf(query), "not_found");
	});
});

describe("an index is refused, and nothing is bound,", () => {
	const cases: [string, (text: string, target: Package) => string, Parameters<typeof expectProblem>[1]][] = [
		["that is of another package", () => indexText({ "a.rules": NEW }, "cd".repeat(32)), "invalid_request"],
		["that is none", () => "garbage", "invalid_request"],
		["that was cut", (text) => text.slice(0, -9), "invalid_request"],
		["with the lines of another twice", (text) => `${text + text.split("\n")[1]}\n`, "invalid_request"],
	];
	test.each(cases)("%s", async (_, change, code) => {
		const target = await uploadRules("1.0.0", NEW);
		const text = indexText({ "a.rules": NEW }, target.sha256);
		await expectProblem(await sendIndex("1.0.0", change(text, target)), code);
		await expectProblem(await operate("GET", path("1.0.0")), "not_found");
		expect((await sendIndex("1.0.0", text)).status).toBe(201);
	});

	test("whose bytes do not have the digest", async () => {
		const { sha256 } = await uploadRules("1.0.0", NEW);
		const { digest } = await makePackage("other");
		await expectProblem(await sendIndex("1.0.0", indexText({ "a.rules": NEW }, sha256), { digest }), "digest_mismatch");
	});

	test("that is larger than any may be", async () => {
		await uploadRules("1.0.0", NEW);
		const headers = { authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`, "content-length": "16777217" };
		const answer = await send(path("1.0.0"), {
			...{ method: "PUT", body: "x" },
			headers: { ...headers, "repr-digest": (await makePackage("x")).digest },
		});
		await expectProblem(answer, "content_too_large");
	});

	test("of a version that is not there", async () => {
		await expectProblem(await sendIndex("9.0.0", indexText({ "a.rules": NEW })), "not_found");
	});

	test("of a released version that has another; one that has none may be given one", async () => {
		const { sha256 } = await uploadRules("1.0.0", NEW);
		await release("1.0.0");
		expect((await sendIndex("1.0.0", indexText({ "a.rules": NEW }, sha256))).status).toBe(201);
		await expectProblem(await sendIndex("1.0.0", indexText({ "a.rules": OLD }, sha256)), "conflict");
	});
});

test("an id that means another rule than in what everybody has is refused, unless it is meant", async () => {
	await publishRules("1.0.0", OLD);
	const reused = rule(3, { msg: "Policy: torrents seen" });
	const { sha256 } = await uploadRules("1.1.0", reused);
	const text = indexText({ "a.rules": reused }, sha256);
	const refused = await sendIndex("1.1.0", text);
	expect(await refused.clone().json()).toMatchObject({
		against: "1.0.0",
		rules: [{ id: "3", message: "Policy: torrents seen", message_before: "ET MALWARE Emotet beacon" }],
	});
	await expectProblem(refused, "reused_rule_ids");
	const allowed = await sendIndex("1.1.0", text, { query: "?allow_reused=true" });
	expect(await allowed.json()).toMatchObject({ counts: { reused: 1 } });
});

test("indexes are kept as packages are: with a discarded version they are nobody's, with a withdrawn one they stay", async () => {
	const kept = (await makePackage(await publishRules("1.0.0", OLD))).sha256;
	const { sha256 } = await uploadRules("1.1.0", NEW);
	const text = indexText({ "a.rules": NEW }, sha256);
	await sendIndex("1.1.0", text);
	const dropped = (await makePackage(text)).sha256;
	await operated("DELETE", `/v1/products/${product}/releases/1.1.0`);
	await operated("POST", `/v1/products/${product}/releases/1.0.0/withdraw`, { reason: "bad" });
	expect(await env.PRODUCT.getByName(product).heldPackages([kept, dropped])).toEqual([kept]);
});
