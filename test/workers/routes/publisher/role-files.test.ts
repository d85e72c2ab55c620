// Trust over HTTP: operators hand in root and targets, publishers role files; everybody reads what is served; and a product that
// demands signatures offers nothing else.
import { beforeAll, describe, expect, test, vi } from "vitest";
import { encodeEntry, entryOfFile } from "../../../../src/signing/tlog/entries.ts";
import { parseVerifierKeys } from "../../../../src/signing/tlog/log-keys.ts";
import { parseVerifierKey } from "../../../../src/signing/tlog/note.ts";
import { verifyProof } from "../../../../src/signing/tlog/proof-file.ts";
import type { TufSigner } from "../../../../src/signing/tuf/keys.ts";
import { createFleet, createProduct, makePackage, publish, upload } from "../../../support/fleet.ts";
import { operate, operated, send } from "../../../support/service.ts";
import { newSigner } from "../../../support/tuf/keys.ts";
import { newOperators, type Operators, roleFile, rootFile, targetsFile } from "../../../support/tuf/operator.ts";
import { checkProduct, newFirewall } from "../../support/fixtures.ts";

const NOW = Math.floor(Date.now() / 1_000);
const [ONE, TWO] = ["a".repeat(64), "b".repeat(64)];

let operators: Operators;
let alice: TufSigner;
let bob: TufSigner;
let targetsVersion = 1;

beforeAll(async () => {
	for (const product of ["crs", "urls", "threats", "free"]) await createProduct(product);
	[alice, bob] = await Promise.all([newSigner(), newSigner("ecdsa")]);
	const before = await operated<{ online: [TufSigner]; root: null }>("GET", "/v1/trust");
	expect(before.root).toBeNull();
	expect((await send("/tuf/timestamp.json")).status).toBe(404);
	operators = await newOperators(before.online[0]);
	const root = await rootFile(operators, 1, NOW);
	expect(await (await operate("PUT", "/v1/trust", { root })).json()).toMatchObject({ code: "conflict" });
	const targets = await targetsFile(operators, 1, delegations(), NOW);
	expect(await operated("PUT", "/v1/trust", { root, targets })).toEqual({ changed: true, published: true });
	expect(await operated("PUT", "/v1/trust", { root, targets })).toEqual({ changed: false, published: true });
	expect(await (await send("/tuf/1.root.json")).text()).toBe(root);
});

function delegations(crs: TufSigner[] = [alice]) {
	return [
		{ product: "crs", signers: crs },
		{ product: "urls", signers: [alice, bob], threshold: 2 },
		{ product: "threats", signers: [alice] },
	];
}

async function putRole(product: string, file: string): Promise<Response> {
	return operate("PUT", `/v1/products/${product}/role`, JSON.parse(file));
}

describe("the files", () => {
	test("are served byte for byte, those with a version for ever, the timestamp for seconds", async () => {
		const snapshot = await send("/tuf/1.snapshot.json");
		expect(snapshot.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
		expect(snapshot.headers.get("content-type")).toBe("application/json");
		await snapshot.text();
		const timestamp = await send("/tuf/timestamp.json");
		expect(timestamp.headers.get("cache-control")).toBe("public, max-age=15");
		await timestamp.text();
	});

	test.each(["2.root.json", "9.crs.json", "root.json", "0.root.json", "1.Root.json", "..%2Fp%2Fx", "1.root.json%00"])(
		"that are not there are 404: %s",
		async (file) => {
			const answer = await send(`/tuf/${file}`);
			expect(answer.status).toBe(404);
			expect(await answer.json()).toMatchObject({ code: "not_found" });
		},
	);
});

describe("the log", () => {
	test("is served, the checkpoint for seconds and tiles for ever", async () => {
		const checkpoint = await send("/tlog/checkpoint");
		expect(checkpoint.headers.get("content-type")).toBe("text/plain; charset=utf-8");
		expect(checkpoint.headers.get("cache-control")).toBe("public, max-age=15");
		expect(await checkpoint.text()).toMatch(/^updates\.test\/tlog\n2\n/);
		for (const path of ["0", "entries"]) {
			const tile = await send(`/tlog/tile/${path}/000.p/2`);
			expect(tile.headers.get("content-type")).toBe("application/octet-stream");
			expect(tile.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
			await tile.arrayBuffer();
		}
		const { log } = await operated<{ log: { origin: string; keys: string[] } }>("GET", "/v1/trust");
		expect(log.origin).toBe("updates.test/tlog");
		expect(await parseVerifierKey(log.keys[0] ?? "")).not.toBeNull();
	});

	test.each([
		"",
		"tile/0/000",
		"tile/0/000.p/3",
		"tile/0/0",
		"tile/64/000",
		"tile/x/000",
		"tile/0/..%2F..%2Ftuf%2Ftimestamp.json",
	])("has no %j, which is 404", async (path) => {
		const answer = await send(`/tlog/${path}`);
		expect(answer.status).toBe(404);
		expect(await answer.json()).toMatchObject({ code: "not_found" });
	});
});

describe("a role file", () => {
	test("is taken as its publisher signed it, once, and served", async () => {
		const file = await roleFile("crs", 1, { "1.0.0": ONE }, [alice], NOW);
		expect(await (await putRole("crs", file)).json()).toMatchObject({
			version: 1,
			trusted: true,
			releases: 1,
			published: true,
		});
		expect((await putRole("crs", file)).status).toBe(200);
		expect(await operated("GET", "/v1/products/crs/role")).toMatchObject({
			file: JSON.stringify(JSON.parse(file)),
			proposal: null,
		});
		expect(await (await send("/tuf/1.crs.json")).text()).toBe(JSON.stringify(JSON.parse(file)));
		expect(await operated("GET", "/v1/products/crs")).toMatchObject({ signing: "optional", role_version: 1 });
	});

	test.each([
		["of the same version with other bytes", "wrong_version", () => roleFile("crs", 1, { "1.0.0": TWO }, [alice], NOW)],
		["that leaves a version out", "wrong_version", () => roleFile("crs", 3, { "1.0.0": ONE }, [alice], NOW)],
		["by a key of another product", "unknown_key", () => roleFile("crs", 2, { "1.0.0": ONE }, [bob], NOW)],
		["with another product's releases", "foreign_target", () => roleFile("urls", 2, { "1.0.0": ONE }, [alice], NOW)],
		["that has expired", "expired", () => roleFile("crs", 2, { "1.0.0": ONE }, [alice], NOW - 366 * 86_400)],
		["without a signature", "too_few_signatures", () => roleFile("crs", 2, { "1.0.0": ONE }, [], NOW)],
		[
			"that was altered",
			"bad_signature",
			async () => (await roleFile("crs", 2, { "1.0.0": ONE }, [alice], NOW)).replace(ONE, TWO),
		],
	])("%s is refused, and nothing changes", async (_, reason, make) => {
		const answer = await putRole("crs", await make());
		expect(answer.status).toBe(422);
		expect(await answer.json()).toMatchObject({ code: "metadata_refused", reason });
		expect(await operated("GET", "/v1/products/crs/role")).toMatchObject({ version: 1 });
	});

	test("of a product to which nothing is delegated is 404", async () => {
		const answer = await putRole("free", await roleFile("free", 1, {}, [alice], NOW));
		expect([answer.status, await answer.json()]).toMatchObject([404, { code: "not_found" }]);
		expect((await operate("GET", "/v1/products/free/role")).status).toBe(404);
	});

	test("that two must sign waits for the second, and is served with both", async () => {
		const byOne = await roleFile("urls", 1, { "1": ONE }, [alice], NOW);
		const waits = await putRole("urls", byOne);
		expect([waits.status, await waits.json()]).toEqual([202, { product: "urls", signatures: 1, threshold: 2 }]);
		expect((await send("/tuf/1.urls.json")).status).toBe(404);
		expect(await operated("GET", "/v1/products/urls/role")).toMatchObject({
			version: null,
			proposal: JSON.stringify(JSON.parse(byOne)),
		});
		const answer = await putRole("urls", await roleFile("urls", 1, { "1": ONE }, [alice, bob], NOW));
		expect(await answer.json()).toMatchObject({ version: 1, trusted: true });
		expect(await operated("GET", "/v1/products/urls/role")).toMatchObject({ version: 1, proposal: null });
	});

	test("that waits loses no signature to a copy with fewer, nor to another file with fewer, and is complete once each has signed alone", async () => {
		const carol = await newSigner();
		const signers = [alice, bob, carol];
		targetsVersion += 1;
		const of = [...delegations(), { product: "free", signers, threshold: 3 }];
		const targets = await targetsFile(operators, targetsVersion, of, NOW);
		expect((await operate("PUT", "/v1/trust", { targets })).status).toBe(200);
		const put = async (by: TufSigner[], digest = ONE) =>
			putRole("free", await roleFile("free", 1, { "1": digest }, by, NOW));
		expect(await (await put([alice])).json()).toMatchObject({ signatures: 1, threshold: 3 });
		expect(await (await put([bob])).json()).toMatchObject({ signatures: 2, threshold: 3 });
		expect(await (await put([alice])).json()).toMatchObject({ signatures: 2, threshold: 3 });
		const other = await put([alice], TWO);
		expect([other.status, await other.json()]).toMatchObject([422, { reason: "too_few_signatures" }]);
		const { proposal } = await operated<{ proposal: string }>("GET", "/v1/products/free/role");
		expect(JSON.parse(proposal).signatures).toHaveLength(2);
		expect(await (await put([carol])).json()).toMatchObject({ version: 1, trusted: true });
	});

	test("may be larger than other JSON, up to a mebibyte", async () => {
		const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`1.0.${at}`, ONE]));
		const file = await roleFile("crs", 2, many(1_000), [alice], NOW);
		expect(file.length).toBeGreaterThan(65_536);
		expect(await (await putRole("crs", file)).json()).toMatchObject({ version: 2, releases: 1_000 });
		const large = await operate("PUT", "/v1/products/crs/role", {
			signatures: [],
			signed: { x: "x".repeat(1_048_576) },
		});
		expect([large.status, await large.json()]).toMatchObject([413, { limit_bytes: 1_048_576 }]);
	});
});

describe("a product whose releases must be signed", () => {
	test("offers only what its role file names, and says in which version", async () => {
		const { code } = await createFleet({ products: ["threats"] });
		const firewall = await newFirewall(code);
		await publish("threats", "1.0.0", "unsigned rules");
		expect((await checkProduct(firewall, "threats")).offer).not.toHaveProperty("role_version");

		expect(await operated("GET", "/v1/products/threats")).toMatchObject({ signing: "optional", unsigned_releases: 1 });
		const changed = await operated("PATCH", "/v1/products/threats", { signing: "required" });
		expect(changed).toMatchObject({ signing: "required", unsigned_releases: 1 });
		expect(await checkProduct(firewall, "threats")).toMatchObject({ status: "unavailable", reason: "no_release" });

		const why = () => operated("GET", `/v1/devices/${firewall.clientId}/explain?product=threats`);
		expect(await why()).toMatchObject({
			answer: { status: "unavailable", reason: "no_release" },
			releases: [{ version: "1.0.0", verdict: "unsigned" }],
		});

		const content = await makePackage("signed rules");
		await upload("threats", "2.0.0", content);
		const unsigned = await operate("PUT", "/v1/products/threats/releases/2.0.0", {});
		expect([unsigned.status, await unsigned.json()]).toMatchObject([409, { code: "conflict" }]);

		const file = await roleFile("threats", 1, { "2.0.0": content.sha256 }, [alice], NOW);
		expect((await putRole("threats", file)).status).toBe(200);
		await operated("PUT", "/v1/products/threats/releases/2.0.0", {});
		expect((await checkProduct(firewall, "threats")).offer).toMatchObject({ version: "2.0.0", role_version: 1 });
		expect(await why()).toMatchObject({
			releases: [
				{ version: "2.0.0", verdict: "chosen" },
				{ version: "1.0.0", verdict: "unsigned" },
			],
		});
		expect(await operated("GET", "/v1/products/threats")).toMatchObject({ unsigned_releases: 1 });

		// The publisher's key is taken away: what it has signed counts no more, from now on.
		const taken = [...delegations().slice(0, 2), { product: "threats", signers: [bob] }];
		targetsVersion += 1;
		await operated("PUT", "/v1/trust", { targets: await targetsFile(operators, targetsVersion, taken, NOW) });
		expect(await checkProduct(firewall, "threats")).toMatchObject({ status: "unavailable", reason: "no_release" });
		const trust = await operated<{ roles: { product: string; trusted: boolean }[] }>("GET", "/v1/trust");
		expect(trust.roles.find(({ product }) => product === "threats")).toMatchObject({ trusted: false, version: 1 });

		const again = await roleFile("threats", 2, { "2.0.0": content.sha256 }, [bob], NOW);
		expect((await putRole("threats", again)).status).toBe(200);
		expect((await checkProduct(firewall, "threats")).offer).toMatchObject({ version: "2.0.0", role_version: 2 });

		const back = await operate("POST", "/v1/products/threats/releases/2.0.0/withdraw", {
			reason: "bad",
			revert_to: "1.0.0",
		});
		expect([back.status, await back.json()]).toMatchObject([
			409,
			{ detail: expect.stringContaining("cannot be sent back to 1.0.0: the product's releases must be signed") },
		]);
	});
});

describe("a new root", () => {
	test("comes with targets that its keys have signed, or not at all", async () => {
		const [root, targets] = await Promise.all([newSigner(), newSigner()]);
		const next = { ...operators, root, targets };
		const file = await rootFile(next, 2, NOW, [operators.root, root]);
		const alone = await operate("PUT", "/v1/trust", { root: file });
		expect([alone.status, await alone.json()]).toMatchObject([409, { code: "conflict" }]);
		expect((await send("/tuf/2.root.json")).status).toBe(404);
		const top = await targetsFile(next, targetsVersion + 1, delegations(), NOW);
		expect(await operated("PUT", "/v1/trust", { root: file, targets: top })).toEqual({
			changed: true,
			published: true,
		});
		expect(await (await send("/tuf/2.root.json")).text()).toBe(file);
	});

	test("that the last one has not signed is refused", async () => {
		const stranger = await newSigner();
		const file = await rootFile({ ...operators, root: stranger }, 3, NOW);
		const answer = await operate("PUT", "/v1/trust", { root: file });
		expect([answer.status, await answer.json()]).toMatchObject([422, { reason: "too_few_signatures" }]);
	});
});

describe("the log, after all that,", () => {
	test("has a withdrawal soon, and a proof beside each role file", async () => {
		await publish("free", "9.9.9", "rules that go");
		await operated("POST", "/v1/products/free/releases/9.9.9/withdraw", { reason: "a test" });
		const sizeOf = async () => Number((await (await send("/tlog/checkpoint")).text()).split("\n")[1]);
		const entries = async () => (await send(`/tlog/tile/entries/000.p/${await sizeOf()}`)).text();
		const line = '"kind":"withdrawal","product":"free","version":"9.9.9"';
		await vi.waitFor(async () => expect(await entries()).toContain(line), 10_000);
		const { log } = await operated<{ log: { keys: string[] } }>("GET", "/v1/trust");
		const role = await operated<{ version: number; file: string }>("GET", "/v1/products/crs/role");
		const proof = await send(`/tuf/${role.version}.crs.tlog-proof`);
		expect(proof.headers.get("content-type")).toBe("text/plain; charset=utf-8");
		expect(proof.headers.get("cache-control")).toBe("public, max-age=15");
		const entry = encodeEntry(await entryOfFile("crs", role.version, role.file));
		const keys = await parseVerifierKeys(log.keys);
		expect(await verifyProof(await proof.text(), entry, keys)).toMatchObject({ ok: true });
	});
});
