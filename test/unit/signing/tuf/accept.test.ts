// What the service takes of operators and publishers, and why it refuses the rest.
import { beforeAll, describe, expect, it } from "vitest";
import { acceptRole, acceptRoot, acceptTargets, isStillSigned } from "../../../../src/signing/tuf/accept.ts";
import { createSigner, keyIdOf, type TufKey, type TufSigner, tufKey } from "../../../../src/signing/tuf/keys.ts";
import { type RoleSigned, type RootSigned, readMetadata, roleSigned } from "../../../../src/signing/tuf/metadata.ts";
import { onlineSigners, signerFor } from "../../../../src/signing/tuf/online.ts";
import { signAll } from "../../../../src/signing/tuf/sign.ts";
import { delegationOf, roleFileOf, rootOf, targetsOf } from "../../../support/tuf/files.ts";
import { keyTable, newSigner } from "../../../support/tuf/keys.ts";
import { targetWith } from "../../../support/tuf/repository.ts";

const NOW = 1_800_000_000;
const [FIRST_KEY, SECOND_KEY] = ["A", "B"].map((letter) => letter.repeat(43).replace(/.$/, "A"));
let [operator, successor, topSigner, alice, bob, stranger] = [] as unknown as TufSigner[] & { length: 6 };
let online: readonly TufSigner[];
let first: RootSigned;

beforeAll(async () => {
	[operator, successor, topSigner, alice, bob, stranger] = (await Promise.all(
		Array.from({ length: 6 }, () => newSigner()),
	)) as TufSigner[] & { length: 6 };
	online = await onlineSigners(`new:${SECOND_KEY},old:${FIRST_KEY}`);
	first = rootWith(1);
});

function rootWith(version: number, root = [operator as TufSigner], by = online.slice(0, 1)): RootSigned {
	return rootOf(version, { root, targets: [topSigner as TufSigner], online: by }, NOW);
}

const ids = () => online.map(({ keyid }) => keyid);

describe("a root", () => {
	it("is taken as the first, and signed by its predecessor's keys as the next", async () => {
		const { operator: one, successor: two } = signers();
		expect(await acceptRoot(await signAll(first, [one]), null, ids(), NOW)).toMatchObject({ ok: true });
		const next = rootWith(2, [two]);
		expect(await acceptRoot(await signAll(next, [one, two]), first, ids(), NOW)).toMatchObject({ ok: true });
		for (const by of [[two], [one]]) {
			expect(await acceptRoot(await signAll(next, by), first, ids(), NOW)).toEqual({
				ok: false,
				reason: "too_few_signatures",
				count: 0,
				threshold: 1,
			});
		}
	});

	it.each([1, 3])("of version %i does not follow on version 1", async (version) => {
		const text = await signAll({ ...first, version }, [signers().operator]);
		const refused = { ok: false, reason: "wrong_version", expected: 2 };
		expect(await acceptRoot(text, first, ids(), NOW)).toEqual(refused);
	});

	it("names no key in two forms, which would count as two", async () => {
		const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
		const one = await createSigner(pair as CryptoKeyPair);
		const pem = one.key.keyval.public;
		const body = pem.replace(/-----.*-----|\n/g, "");
		const forms = [
			`-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`,
			pem.replaceAll("\n", "\r\n"),
			`${pem}\n`,
			pem.replace("==\n", "=\n"),
		];
		expect(tufKey.safeParse(one.key).success).toBe(true);
		for (const form of forms) {
			const key = { ...one.key, keyval: { public: form } } as TufKey;
			expect(tufKey.safeParse(key).success).toBe(false);
			const two = { keyid: await keyIdOf(key), key, sign: one.sign };
			const text = await signAll(rootWith(1, [one, two]), [one, two]);
			expect(await acceptRoot(text, null, ids(), NOW)).toMatchObject({ ok: false });
		}
	});

	it("is refused at the second at which it ends", async () => {
		const text = await signAll(first, [signers().operator]);
		const end = Date.parse(first.expires) / 1_000;
		expect(await acceptRoot(text, null, ids(), end - 1)).toMatchObject({ ok: true });
		expect(await acceptRoot(text, null, ids(), end)).toEqual({ ok: false, reason: "expired" });
	});

	it("leaves snapshot and timestamp to a key of the service", async () => {
		const { operator: one, stranger: other } = signers();
		const text = await signAll(rootWith(1, [one], [other]), [one]);
		expect(await acceptRoot(text, null, ids(), NOW)).toEqual({ ok: false, reason: "no_online_key" });
	});

	it("has each key under its own id, and each id's key", async () => {
		const { operator: one, stranger: other } = signers();
		const swapped = { ...first, keys: { ...first.keys, [one.keyid]: other.key } };
		expect(await acceptRoot(await signAll(swapped, [one]), null, ids(), NOW)).toMatchObject({ reason: "wrong_keys" });
		const { [one.keyid]: _, ...rest } = first.keys;
		const lacking = { ...first, keys: rest };
		expect(await acceptRoot(await signAll(lacking, [one]), null, ids(), NOW)).toMatchObject({ reason: "wrong_keys" });
	});
});

describe("top-level targets", () => {
	it("are signed by the keys that the root names, and delegate a product's paths alone", async () => {
		const { topSigner: top, alice: publisher } = signers();
		const file = targetsOf(1, [{ product: "threats", signers: [publisher] }], NOW);
		expect(await acceptTargets(await signAll(file, [top]), first, null, NOW)).toMatchObject({ ok: true });
		expect(await acceptTargets(await signAll(file, [publisher]), first, null, NOW)).toMatchObject({
			reason: "unknown_key",
		});
		const [delegation] = file.delegations.roles;
		for (const change of [
			{ paths: ["*/*"] },
			{ paths: ["threats/*", "urls/*"] },
			{ name: "root" },
			{ terminating: false },
		]) {
			const wide = { ...file, delegations: { ...file.delegations, roles: [{ ...delegation, ...change }] } };
			expect(await acceptTargets(await signAll(wide, [top]), first, null, NOW)).toMatchObject({
				reason: "not_metadata",
			});
		}
	});
});

describe("a role file", () => {
	const targets = { "threats/1": targetWith("1") };

	async function accept(signed: unknown, by: readonly TufSigner[], current: RoleSigned | null = null) {
		const { alice: one, bob: two } = signers();
		const delegation = delegationOf("threats", 2, one, two);
		return acceptRole(await signAll(signed, by), delegation, keyTable(one, two), current, NOW);
	}

	it("is taken with enough signatures, and no stranger's among them", async () => {
		const { alice: one, bob: two, stranger: other } = signers();
		const file = roleFileOf(1, targets, NOW);
		expect(await accept(file, [one, two])).toMatchObject({ ok: true });
		expect(await accept(file, [one])).toMatchObject({ reason: "too_few_signatures", count: 1, threshold: 2 });
		expect(await accept(file, [one, two, other])).toMatchObject({ reason: "unknown_key", keyid: other.keyid });
	});

	it.each([
		["threats"],
		["threats/"],
		["urls/1"],
		["threats/1/2"],
		["threats/../x"],
		["/threats/1"],
		["threats/1@"],
		["threats/1@A"],
		["threats/1@a@b"],
		["threats/@a"],
		["threats/1@a/b"],
	])("names releases of its product, not %j", async (path) => {
		const file = roleFileOf(1, { [path]: targetWith("1") }, NOW);
		expect(await accept(file, [signers().alice, signers().bob])).toEqual({
			ok: false,
			reason: "foreign_target",
			path,
		});
	});

	it("names variants of its releases", async () => {
		const file = roleFileOf(1, { "threats/1": targetWith("1"), "threats/1@arm": targetWith("2") }, NOW);
		expect(await accept(file, [signers().alice, signers().bob])).toMatchObject({ ok: true });
	});

	it("names at most a thousand", async () => {
		const many = (count: number) =>
			roleFileOf(
				1,
				Object.fromEntries(Array.from({ length: count }, (_, at) => [`threats/${at}`, targetWith("1")])),
				NOW,
			);
		const by = [signers().alice, signers().bob];
		expect(await accept(many(1_000), by)).toMatchObject({ ok: true });
		expect(await accept(many(1_001), by)).toMatchObject({ reason: "not_metadata" });
	});

	it.each([
		["another digest beside SHA-256", { length: 1, hashes: { sha256: "a".repeat(64), sha512: "b".repeat(128) } }],
		["no digest", { length: 1, hashes: {} }],
		["a negative length", { length: -1, hashes: { sha256: "a".repeat(64) } }],
	])("is refused with %s", async (_, target) => {
		const file = { ...roleFileOf(1, {}, NOW), targets: { "threats/1": target } };
		expect(await accept(file, [signers().alice, signers().bob])).toMatchObject({ reason: "not_metadata" });
	});

	it("is refused with a member twice, which readers take in two ways", async () => {
		const text = (await signAll(roleFileOf(1, targets, NOW), [signers().alice])).replace(
			'"version":',
			'"version":9,"version":',
		);
		expect(readMetadata(roleSigned, text)).toMatchObject({
			ok: false,
			fault: expect.stringContaining("duplicate_member"),
		});
	});

	it("is no longer trusted when a key that signed it is taken away", async () => {
		const { alice: one, bob: two } = signers();
		const read = readMetadata(roleSigned, await signAll(roleFileOf(1, targets, NOW), [one, two]));
		if (!read.ok) throw new Error(read.fault);
		const still = (by: TufSigner[], threshold: number) =>
			isStillSigned(read.metadata, delegationOf("threats", threshold, ...by), keyTable(...by));
		expect(await still([one, two], 2)).toBe(true);
		expect(await still([one], 1)).toBe(true);
		expect(await still([one, signers().stranger], 2)).toBe(false);
		expect(await still([signers().stranger], 1)).toBe(false);
	});
});

describe("the keys of the service", () => {
	it("come from MAC_KEYS, one for each, always the same", async () => {
		const again = await onlineSigners(`old:${FIRST_KEY},new:${SECOND_KEY}`);
		expect(again.map(({ keyid }) => keyid)).toEqual(ids().toReversed());
		expect(new Set(ids()).size).toBe(2);
	});

	it("sign by whichever the root names", () => {
		const old = rootWith(1, undefined, online.slice(1));
		expect(signerFor("timestamp", old, online)).toBe(online[1]);
		expect(signerFor("snapshot", first, online)).toBe(online[0]);
		expect(signerFor("timestamp", first, online.slice(1))).toBeUndefined();
	});
});

function signers() {
	return { operator, successor, topSigner, alice, bob, stranger } as Record<
		"operator" | "successor" | "topSigner" | "alice" | "bob" | "stranger",
		TufSigner
	>;
}
