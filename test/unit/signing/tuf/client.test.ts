// Devices read the repository with somebody else's client (tuf-js): what it takes, what it refuses, and what it asks for. The clock
// is the machine's, because the client has no other.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TufSigner } from "../../../../src/signing/tuf/keys.ts";
import { signAll } from "../../../../src/signing/tuf/sign.ts";
import { targetsOf } from "../../../support/tuf/files.ts";
import { newSigner } from "../../../support/tuf/keys.ts";
import { TestRepository, targetWith } from "../../../support/tuf/repository.ts";
import { openTufClient, type TufClient } from "./tuf-client.ts";

const NOW = Math.floor(Date.now() / 1_000);
const [ONE, TWO] = [targetWith("1"), targetWith("2")];

let alice: TufSigner;
let bob: TufSigner;
let repository: TestRepository;
let device: TufClient;

beforeEach(async () => {
	[alice, bob] = await Promise.all([newSigner(), newSigner("ecdsa")]);
	repository = await TestRepository.open([alice, bob], 2, NOW);
	await repository.writeRole(1, { "threats/1": ONE }, [alice, bob]);
	await repository.publish();
	device = openTufClient(repository.firstRoot, repository.read);
});
afterEach(() => device[Symbol.dispose]());

const names = ({ requests }: Awaited<ReturnType<TufClient["find"]>>) => requests.map(({ name }) => name);

describe("a device", () => {
	it("asks for five files at its first install", async () => {
		const found = await device.find("threats/1");
		expect(found.sha256).toBe(ONE.hashes.sha256);
		expect(names(found)).toEqual([
			"2.root.json",
			"timestamp.json",
			"1.snapshot.json",
			"1.targets.json",
			"1.threats.json",
		]);
	});

	it("asks for two where nothing changed", async () => {
		await device.find("threats/1");
		expect(names(await device.find("threats/1"))).toEqual(["2.root.json", "timestamp.json"]);
	});

	it("asks for four after a release", async () => {
		await device.find("threats/1");
		await repository.writeRole(2, { "threats/1": ONE, "threats/2": TWO }, [bob, alice]);
		await repository.publish();
		const found = await device.find("threats/2");
		expect(found.sha256).toBe(TWO.hashes.sha256);
		expect(names(found)).toEqual(["2.root.json", "timestamp.json", "2.snapshot.json", "2.threats.json"]);
	});

	it("knows no release that the role file lacks", async () => {
		expect((await device.find("threats/2")).sha256).toBeNull();
		expect((await device.find("antivirus/1")).sha256).toBeNull();
	});

	it("follows new roots one by one, and a new online key with them", async () => {
		await device.find("threats/1");
		for (const version of [2, 3]) {
			const before = repository.root;
			repository.root = [await newSigner()];
			repository.online = [await newSigner()];
			await repository.writeRoot(version, [...before, ...repository.root]);
		}
		await repository.publish();
		const found = await device.find("threats/1");
		expect(found.sha256).toBe(ONE.hashes.sha256);
		expect(names(found).slice(0, 3)).toEqual(["2.root.json", "3.root.json", "4.root.json"]);
	});
});

describe("a device refuses", () => {
	it("a role file with one signature of two", async () => {
		await repository.writeRole(2, { "threats/2": TWO }, [alice]);
		await repository.publish();
		await expect(device.find("threats/2")).rejects.toThrow("threats was signed by 1/2 keys");
	});

	it("a role file that was altered after it was signed", async () => {
		const file = repository.read("1.threats.json") ?? "";
		repository.files.set("1.threats.json", file.replace(ONE.hashes.sha256, TWO.hashes.sha256));
		await expect(device.find("threats/1")).rejects.toThrow("threats was signed by 0/2 keys");
	});

	it("an older timestamp than it has seen", async () => {
		const old = repository.read("timestamp.json") ?? "";
		await repository.publish();
		await device.find("threats/1");
		repository.files.set("timestamp.json", old);
		await expect(device.find("threats/1")).rejects.toThrow("New timestamp version 1 is less than current version 2");
	});

	it("an older role file than it has seen, under a new timestamp", async () => {
		await repository.writeRole(2, { "threats/2": TWO }, [alice, bob]);
		await repository.publish();
		await device.find("threats/2");
		repository.versions.set("threats", 1);
		await repository.publish();
		await expect(device.find("threats/1")).rejects.toThrow(
			"New version 1 of threats.json is less than current version 2",
		);
	});

	it("a timestamp that has run out", async () => {
		await repository.publish({ signedAt: NOW - 86_500 });
		await expect(device.find("threats/1")).rejects.toThrow("timestamp.json is expired");
	});

	it("a root that leaves one out", async () => {
		repository.root = [...repository.root, await newSigner()];
		await repository.writeRoot(3, repository.root);
		repository.files.set("2.root.json", repository.read("3.root.json") ?? "");
		await expect(device.find("threats/1")).rejects.toThrow("Expected version 2, got 3");
	});

	it("a root that the last one has not signed", async () => {
		repository.root = [await newSigner()];
		await repository.writeRoot(2, repository.root);
		await expect(device.find("threats/1")).rejects.toThrow("root was signed by 0/1 keys");
	});

	it("whatever a thief of the service signs who has no publisher's key", async () => {
		const thief = await newSigner();
		await repository.writeRole(2, { "threats/2": TWO }, [thief, ...repository.online]);
		await repository.publish();
		await expect(device.find("threats/2")).rejects.toThrow("threats was signed by 0/2 keys");
		// Nor does a delegation of the thief's own help.
		const delegated = targetsOf(2, [{ product: "threats", signers: [thief] }], NOW);
		await repository.write("targets", 2, await signAll(delegated, [thief, ...repository.online]));
		await repository.publish();
		await expect(device.find("threats/2")).rejects.toThrow("targets was signed by 0/1 keys");
	});
});

it("a device recovers from a timestamp of a thief with a version beyond all others, once the online key is replaced", async () => {
	repository.timestamp = 1_000_000;
	repository.snapshot = 1_000_000;
	await repository.publish();
	await device.find("threats/1");
	repository.timestamp = 1;
	repository.snapshot = 1;
	await repository.publish();
	await expect(device.find("threats/1")).rejects.toThrow("less than current version 1000001");
	repository.online = [await newSigner()];
	await repository.writeRoot(2, repository.root);
	await repository.publish();
	expect((await device.find("threats/1")).sha256).toBe(ONE.hashes.sha256);
});
