// Uploads and collections of orphans at the same time, by the real code on the real objects, while callers stall or die between any two
// steps and storage fails. Looks for bytes that were removed although a version has them, or was about to get them.

import { IMMEDIATE } from "../../../src/rollout/built-in-plans.ts";
import {
	type CollectedPage,
	type CollectionParts,
	collectPage,
} from "../../../src/routes/operator/stores/package-collection.ts";
import type { UploadParts } from "../../../src/routes/publisher/uploads/package-upload.ts";
import { takeUpload } from "../../../src/routes/publisher/uploads/package-upload.ts";
import { Deployment } from "../deployment.ts";
import { NO_FAULTS } from "../faults.ts";
import { createRandom, type Random } from "../random.ts";
import { forever, type World } from "../stores.ts";
import { VirtualTime } from "../virtual-time.ts";
import { BucketModel } from "./bucket-model.ts";

export interface PlannedUpload {
	readonly at: number;
	readonly product: string;
	readonly digest: number;
	/** seconds that its bytes take */
	readonly takes: number;
	/** nobody is there any more when they have come */
	readonly isAbandoned: boolean;
}

export interface PlannedCollection {
	readonly at: number;
	/** seconds for which it stalls before it removes what it has claimed */
	readonly stalls: number;
}

/** What is begun, and when: seconds after the start. */
export interface PackagePlan {
	readonly seed: number;
	readonly uploads: readonly PlannedUpload[];
	readonly collections: readonly PlannedCollection[];
}

export interface PackageHistory {
	/** what must never be */
	readonly findings: readonly string[];
	readonly bound: number;
	readonly removed: number;
}

/** Of uploads and of collections. */
export interface Parts {
	readonly packages: CollectionParts["packages"] & UploadParts["packages"];
	readonly clock: CollectionParts["clock"];
	directory(): ReturnType<CollectionParts["directory"]> & ReturnType<UploadParts["directory"]>;
	product(name: string): ReturnType<CollectionParts["product"]> & ReturnType<UploadParts["product"]>;
}

export const PRODUCTS = ["crs", "threats"] as const;
const START_MS = 1_800_000_000_000;
const DAY_MS = 86_400_000;
const BY = { actor: "operator", now: START_MS / 1_000 } as const;
export const DIGESTS = [1, 2] as const;
const digestOf = (digest: number) => String(digest).padStart(64, "0");

/** @param spoil makes the parts of one caller worse, to see whether that is found */
export async function runPackageLife(
	plan: PackagePlan,
	spoil: (parts: Parts) => Parts = (parts) => parts,
): Promise<PackageHistory> {
	const random = createRandom(plan.seed);
	const time = new VirtualTime(START_MS);
	const world: World = { time, random, locations: 1, areWritesLate: false, faults: NO_FAULTS };
	return time.instead(random, () => new PackageLife(plan, world, spoil).run());
}

class PackageLife {
	readonly #plan: PackagePlan;
	readonly #world: World;
	readonly #time: VirtualTime;
	readonly #random: Random;
	readonly #spoil: (parts: Parts) => Parts;
	readonly #deployment: Deployment;
	readonly #bucket: BucketModel;
	readonly #findings: string[] = [];
	#isCalm = true;
	#bound = 0;
	#removed = 0;

	constructor(plan: PackagePlan, world: World, spoil: (parts: Parts) => Parts) {
		this.#plan = plan;
		this.#world = world;
		this.#time = world.time;
		this.#random = world.random;
		this.#spoil = spoil;
		this.#deployment = new Deployment({ world, storeNames: ["kv"], tokenTtlSeconds: 3_600, onCommit: () => {} });
		this.#bucket = new BucketModel(world.time, world.random, (sha256) => {
			this.#removed += 1;
			if (this.#isHeld(sha256)) this.#findings.push(`removed ${sha256}, which a version has`);
		});
	}

	async run(): Promise<PackageHistory> {
		await this.#until(this.#setUp());
		this.#setFaults(false);
		const { uploads, collections } = this.#plan;
		for (const [index, upload] of uploads.entries()) this.#begin(upload.at, () => this.#upload(`${index}.0`, upload));
		for (const { at, stalls } of collections) this.#begin(at, () => this.#collect(stalls));
		await this.#time.runUntil(START_MS + 5 * DAY_MS);
		this.#setFaults(true);
		await this.#time.runUntil(START_MS + 8 * DAY_MS);
		await this.#until(this.#collect(0));
		for (const sha256 of this.#bucket.packages.keys()) {
			if (!this.#isHeld(sha256)) this.#findings.push(`${sha256} is left, and no version has it`);
		}
		this.#deployment.close();
		return { findings: this.#findings, bound: this.#bound, removed: this.#removed };
	}

	#setFaults(isCalm: boolean): void {
		this.#isCalm = isCalm;
		this.#bucket.faults = isCalm ? 0 : 0.4;
		this.#world.faults = isCalm ? NO_FAULTS : { ...NO_FAULTS, of: () => (this.#random.chance(0.05) ? "before" : null) };
	}

	async #setUp(): Promise<void> {
		const { directory } = this.#deployment;
		for (const name of PRODUCTS) {
			await this.#deployment
				.product(name)
				.call(0, (product) => product.create({ ...BY, name, title: "", plan: IMMEDIATE }));
			await directory.call(0, (object) => object.createProduct({ ...BY, name, title: "" }));
		}
		// Left by uploads that were never heard of again.
		for (const digest of DIGESTS) this.#bucket.packages.set(digestOf(digest), START_MS / 1_000 - 2 * 86_400);
	}

	/** What a caller throws it would tell somebody, who tries again or not. */
	#begin(atSeconds: number, work: () => Promise<unknown>): void {
		this.#time.at(START_MS + atSeconds * 1_000, () => void work().catch(() => {}));
	}

	async #until(happened: Promise<unknown>): Promise<void> {
		const over = happened.then(() => true);
		const later = () => this.#time.runUntil(this.#time.nowMs() + 60_000).then(() => false);
		while (!(await Promise.race([over, later()])));
	}

	#upload(version: string, { product, digest, takes, isAbandoned }: PlannedUpload) {
		const content = { sha256: digestOf(digest), size: 1, name: "package.bin" };
		const by = {
			change: BY,
			key: "key-1",
			quota: 1_000,
			body: new ReadableStream(),
			event: { reason: null },
			requireStill: async () => {},
		};
		const parts = this.#parts();
		const put = async (sha256: string) => {
			const stored = await this.#step(() => this.#bucket.put(sha256, takes));
			return isAbandoned ? forever() : stored;
		};
		return takeUpload(this.#spoil({ ...parts, packages: { ...parts.packages, put } }), {
			...content,
			...by,
			product,
			version,
		});
	}

	async #collect(stalls: number): Promise<void> {
		const made = this.#parts();
		const directory = made.directory();
		const claimRemoval: typeof directory.claimRemoval = async (input) => {
			const claim = await directory.claimRemoval(input);
			await this.#time.pass(stalls * 1_000);
			return claim;
		};
		const parts = this.#spoil({ ...made, directory: () => ({ ...directory, claimRemoval }) });
		for (let after: string | null = ""; after !== null; ) {
			const page: CollectedPage = await collectPage(parts, { after, limit: 2, remove: BY });
			after = page.next;
		}
	}

	/** Before and after each step a caller may stall, or be heard of no more. */
	async #step<T>(work: () => Promise<T>): Promise<T> {
		await this.#stall();
		const result = await work();
		await this.#stall();
		return result;
	}

	async #stall(): Promise<void> {
		if (this.#isCalm) return;
		if (this.#random.chance(0.03)) return forever();
		const longestMs = this.#random.pick([1_000, 1_000, 10_000, 10_000, 60_000, this.#random.pick([1_000, 5_000_000])]);
		await this.#time.pass(this.#random.between(0, longestMs));
	}

	#parts(): Parts {
		const { directory } = this.#deployment;
		const onDirectory: ReturnType<Parts["directory"]> = {
			admitUpload: (upload) => this.#step(() => directory.call(0, (object) => object.admitUpload(upload))),
			surveyPackages: (sha256s) => this.#step(() => directory.call(0, (object) => object.surveyPackages(sha256s))),
			claimRemoval: (input) => this.#step(() => directory.call(0, (object) => object.claimRemoval(input))),
			endRemoval: (input) => this.#step(() => directory.call(0, (object) => object.endRemoval(input))),
		};
		const onProduct = (name: string): ReturnType<Parts["product"]> => ({
			heldPackages: (sha256s) =>
				this.#step(() => this.#deployment.product(name).call(0, (object) => object.heldPackages(sha256s))),
			addPackage: (input) =>
				this.#step(() =>
					this.#deployment.product(name).call(0, async (object) => {
						const added = await object.addPackage(input);
						if (added.ok) this.#noteBound(input.sha256);
						return added;
					}),
				),
			addVariant: () => forever(),
		});
		return {
			packages: {
				put: () => forever(),
				// Whatever it is, it is no archive.
				get: async () => ({ body: new Blob(["x"]).stream(), size: 1 }),
				list: (after, limit) => this.#step(() => this.#bucket.list(after, limit)),
				// Sent as soon as the time was looked at; on its way it may be late, which is the bucket's to say.
				remove: async (sha256) => {
					const outcome = await this.#bucket.remove(sha256);
					await this.#stall();
					return outcome;
				},
			},
			clock: this.#time,
			directory: () => onDirectory,
			product: onProduct,
		};
	}

	#noteBound(sha256: string): void {
		this.#bound += 1;
		if (!this.#bucket.packages.has(sha256)) this.#findings.push(`bound a version to ${sha256}, which is gone`);
	}

	#isHeld(sha256: string): boolean {
		return PRODUCTS.some((name) => {
			const { disk } = this.#deployment.product(name);
			return disk.rows("SELECT 1 FROM releases WHERE sha256 = ?", sha256).length > 0;
		});
	}
}
