// A TUF repository in memory for tests: what operators, publishers and the service would have written, file by file. `publish`
// writes snapshot and timestamp as the service does, or as a thief of its key could.
import type { TufSigner } from "../../../src/signing/tuf/keys.ts";
import type { Target } from "../../../src/signing/tuf/metadata.ts";
import { makeSnapshot, makeTimestamp } from "../../../src/signing/tuf/online.ts";
import { signAll } from "../../../src/signing/tuf/sign.ts";
import { roleFileOf, rootOf, targetsOf } from "./files.ts";
import { newSigner } from "./keys.ts";

export class TestRepository {
	readonly files = new Map<string, string>();
	readonly versions = new Map<string, number>();
	root: TufSigner[] = [];
	targets: TufSigner[] = [];
	online: TufSigner[] = [];
	snapshot = 0;
	timestamp = 0;
	readonly now: number;

	private constructor(now: number) {
		this.now = now;
	}

	/** With a root and top-level targets that delegate `threats` to the publishers. */
	static async open(publishers: readonly TufSigner[], threshold: number, now: number): Promise<TestRepository> {
		const repository = new TestRepository(now);
		[repository.root, repository.targets, repository.online] = await Promise.all([
			Promise.all([newSigner()]),
			Promise.all([newSigner("ecdsa")]),
			Promise.all([newSigner()]),
		]);
		await repository.writeRoot(1, repository.root);
		const top = targetsOf(1, [{ product: "threats", signers: publishers, threshold }], now);
		await repository.write("targets", 1, await signAll(top, repository.targets));
		return repository;
	}

	get firstRoot(): string {
		return this.files.get("1.root.json") ?? "";
	}

	readonly read = (name: string): string | null => this.files.get(name) ?? null;

	async writeRoot(version: number, by: readonly TufSigner[]): Promise<void> {
		const { root, targets, online, now } = this;
		this.files.set(`${version}.root.json`, await signAll(rootOf(version, { root, targets, online }, now), by));
	}

	async writeRole(version: number, targets: Record<string, Target>, by: readonly TufSigner[]): Promise<void> {
		await this.write("threats", version, await signAll(roleFileOf(version, targets, this.now), by));
	}

	async write(role: string, version: number, text: string): Promise<void> {
		this.files.set(`${version}.${role}.json`, text);
		this.versions.set(role, version);
	}

	/** @param signedAt unix seconds at which the service is said to have signed */
	async publish({ by = this.online[0], signedAt = this.now } = {}): Promise<void> {
		if (by === undefined) throw new Error("no key to sign with");
		this.snapshot += 1;
		this.timestamp += 1;
		const body = await makeSnapshot(this.snapshot, this.versions, by, signedAt);
		this.files.set(`${this.snapshot}.snapshot.json`, body);
		this.files.set(
			"timestamp.json",
			await makeTimestamp(this.timestamp, { version: this.snapshot, body }, by, signedAt),
		);
	}
}

/** @returns a target with a digest of its own */
export function targetWith(digit: string): Target {
	return {
		length: 100,
		hashes: { sha256: digit.repeat(64) },
		custom: { version: digit, urgency: "routine", engine: {} },
	};
}
