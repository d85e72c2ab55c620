// One product: its packages and releases. Publishes the product's record under a new revision with each change, then has
// the Directory point to it. A product that was never created answers like one without releases, and writes nothing.
import { DurableObject } from "cloudflare:workers";
import { type ProductRecord, productRecord, type VersionOrder } from "../../content/product-record.ts";
import { emergencyUntil } from "../../content/pulse.ts";
import { hasRoomFor, keepRecorded } from "../../content/recorded-releases.ts";
import { compareVendorVersions } from "../../content/vendor-version.ts";
import type { ProductEvent } from "../../events/catalogue.ts";
import { productTrail } from "../../events/event-id.ts";
import { productKey } from "../../storage/keys.ts";
import { Alarm } from "../alarm.ts";
import { type Change, readTrail, type TrailPage, type TrailQuery } from "../audit.ts";
import { directoryPort, type ObjectBindings, recordLanes, webhookSender } from "../bindings.ts";
import { Outbox } from "../outbox/outbox.ts";
import type { RecordStep } from "../outbox/outbox-rows.ts";
import { OutdatedRevisions } from "../outbox/outdated-revisions.ts";
import {
	type OwnedRecords,
	type RebuildResult,
	type RecordPageQuery,
	rebuildPage,
	type VerifyResult,
	verifyPage,
} from "../outbox/record-pages.ts";
import { Republisher } from "../outbox/republisher.ts";
import { type TendedPage, tendPage } from "../outbox/tending.ts";
import { ToldRecords } from "../outbox/told-records.ts";
import { createTables, openTables } from "../schema.ts";
import type { Webhook } from "../webhooks/webhook-tables.ts";
import { UNKNOWN_OWNER, type WebhookOrder, type WebhookResult, Webhooks } from "../webhooks/webhooks.ts";
import {
	differingMetadata,
	type PackageContent,
	type ProductInfo,
	ProductTables,
	type ReleaseEntry,
	type ReleaseMetadata,
} from "./product-tables.ts";
import { PRODUCT_SCHEMA } from "./schema.ts";

export type PackageResult =
	| { readonly ok: true; readonly kind: "new" | "same"; readonly release: ReleaseEntry }
	| { readonly ok: false; readonly reason: "unknown_product" | "version_exists" };

export type ReleaseResult =
	| { readonly ok: true; readonly kind: "new" | "same"; readonly release: ReleaseEntry; readonly published: boolean }
	| { readonly ok: false; readonly reason: "unknown_product" | "no_package" | "withdrawn" | "too_many_audiences" }
	/** `fields`: in which its metadata is another */
	| { readonly ok: false; readonly reason: "release_exists"; readonly fields: readonly string[] }
	/** `newest`: the newest of the releases that are newer */
	| { readonly ok: false; readonly reason: "older_version"; readonly newest: string };

export type WithdrawResult =
	| { readonly ok: true; readonly changed: boolean; readonly release: ReleaseEntry; readonly published: boolean }
	| { readonly ok: false; readonly reason: "unknown_product" | "not_released" };

const RELEASES_PER_LIST = 500;

export class Product extends DurableObject<ObjectBindings> {
	private readonly outbox: Outbox;
	private readonly outdated: OutdatedRevisions;
	readonly #alarm: Alarm;
	readonly #tables: ProductTables;
	readonly #republisher: Republisher;
	readonly #webhooks: Webhooks;
	readonly #told = new ToldRecords();
	#exists: boolean;

	constructor(ctx: DurableObjectState, env: ObjectBindings) {
		super(ctx, env);
		const { storage } = ctx;
		this.#alarm = new Alarm(storage);
		const alarm = this.#alarm;
		this.outbox = new Outbox({ storage, lanes: recordLanes(env), directory: directoryPort(env), alarm });
		this.outdated = new OutdatedRevisions({ storage, alarm, lanes: () => this.outbox.lanes });
		this.#tables = new ProductTables(storage.sql);
		this.#republisher = new Republisher(ctx, this.outbox);
		const owner = () => {
			const product = this.#tables.info()?.name ?? "";
			return { trail: productTrail(product), named: { product } };
		};
		this.#webhooks = new Webhooks({ storage, alarm, sender: webhookSender(env), owner });
		this.#exists = openTables(storage, PRODUCT_SCHEMA);
		if (this.#exists) this.#alarm.rearm();
	}

	/** Creating a product that exists changes nothing. Nothing is published before the first release. */
	async create(input: Change & { name: string; title: string; versionOrder?: VersionOrder }): Promise<ProductInfo> {
		const known = await this.info();
		if (known !== null) return known;
		const { name, title, versionOrder = "vendor", now: createdAt } = input;
		const product: ProductInfo = { name, title, versionOrder, createdAt, revision: 0 };
		this.ctx.storage.transactionSync(() => {
			createTables(this.ctx.storage, PRODUCT_SCHEMA);
			this.#tables.insertProduct(product);
			this.#audit(input, "product.create", product.name, product.title);
		});
		this.#exists = true;
		return product;
	}

	async info(): Promise<ProductInfo | null> {
		return this.#exists ? this.#tables.info() : null;
	}

	/** Binds a version to bytes that are stored already; nobody is offered them before `release`. */
	async addPackage(input: Change & PackageContent & { version: string }): Promise<PackageResult> {
		if (!this.#exists) return { ok: false, reason: "unknown_product" };
		const known = this.#tables.release(input.version);
		if (known !== null) {
			return known.sha256 === input.sha256
				? { ok: true, kind: "same", release: known }
				: { ok: false, reason: "version_exists" };
		}
		this.ctx.storage.transactionSync(() => {
			this.#tables.insertPackage(input.version, input, input.now);
			this.#audit(input, "package.add", input.version, input.sha256);
		});
		return { ok: true, kind: "new", release: this.#releaseOrThrow(input.version) };
	}

	/**
	 * Makes a version the current one at once. The same metadata again changes nothing, other metadata is a conflict.
	 * @param input allowOlder: also a version that is older than one that is released (a backport)
	 */
	async release(
		input: Change & { version: string; metadata: ReleaseMetadata; allowOlder?: boolean },
	): Promise<ReleaseResult> {
		if (!this.#exists) return { ok: false, reason: "unknown_product" };
		const known = this.#tables.release(input.version);
		if (known === null) return { ok: false, reason: "no_package" };
		if (known.status === "withdrawn") return { ok: false, reason: "withdrawn" };
		const isNew = known.status === "uploaded";
		const fields = isNew ? [] : differingMetadata(known, input.metadata);
		if (fields.length > 0) return { ok: false, reason: "release_exists", fields };
		if (isNew) {
			const newest = input.allowOlder === true ? null : this.#newestAbove(input.version);
			if (newest !== null) return { ok: false, reason: "older_version", newest };
			if (!hasRoomFor(this.#tables.recordedReleases(), input.metadata))
				return { ok: false, reason: "too_many_audiences" };
			this.ctx.storage.transactionSync(() => {
				this.#tables.publish(input.version, input.metadata, input.now);
				this.#audit(input, "release.publish", input.version, known.sha256);
				this.#publish(input.now);
			});
		}
		const published = await this.outbox.flush();
		return { ok: true, kind: isNew ? "new" : "same", release: this.#releaseOrThrow(input.version), published };
	}

	/** Nobody is offered the version from now on; what runs it keeps it. Final, and harmless when repeated. */
	async withdraw(input: Change & { version: string; reason: string }): Promise<WithdrawResult> {
		if (!this.#exists) return { ok: false, reason: "unknown_product" };
		const known = this.#tables.release(input.version);
		if (known === null || known.status === "uploaded") return { ok: false, reason: "not_released" };
		const changed = known.status !== "withdrawn";
		if (changed) {
			this.ctx.storage.transactionSync(() => {
				this.#tables.withdraw(input.version, input.reason, input.now);
				this.#audit(input, "release.withdraw", input.version, input.reason);
				this.#publish(input.now);
			});
		}
		const published = await this.outbox.flush();
		return { ok: true, changed, release: this.#releaseOrThrow(input.version), published };
	}

	/** @returns releases newest first, after the packages that are not released yet */
	async list(limit = RELEASES_PER_LIST): Promise<ReleaseEntry[]> {
		return this.#exists ? this.#tables.releases(limit) : [];
	}

	async find(version: string): Promise<ReleaseEntry | null> {
		return this.#exists ? this.#tables.release(version) : null;
	}

	/**
	 * @returns the record in its stored form. Asked for an earlier revision it gives the one of now: the caller's head is
	 * old, and a newer record is better than none.
	 */
	async readRecord(key: string): Promise<string | null> {
		const info = await this.info();
		if (info === null) return null;
		// Without a release there is no record: `heads` does not know the product yet.
		const asked = Number(key.slice(productKey(info.name, 0).length - 1));
		if (info.revision === 0 || key !== productKey(info.name, asked) || asked > info.revision) return null;
		const { step, text } = this.#told.tell(key, info.revision, () => this.#recordStep(info));
		if (step.key === key) this.#republisher.offer(step);
		return text;
	}

	/** Delivers its record again; null if there is no such product. */
	async rebuildRecords(query: RecordPageQuery): Promise<RebuildResult | null> {
		return this.#exists ? rebuildPage(this.outbox, this.#records, query) : null;
	}

	/** Compares its record with the stores; null if there is no such product. */
	async verifyRecords(query: RecordPageQuery): Promise<VerifyResult | null> {
		return this.#exists ? verifyPage(this.outbox, this.#records, query) : null;
	}

	/** What the daily round does here; null if there is no such product. */
	async tend(): Promise<TendedPage | null> {
		return this.#exists ? tendPage(this.outbox, this.#alarm, this.#records, "") : null;
	}

	/** @returns null where there is no such product */
	async events(query: TrailQuery): Promise<TrailPage | null> {
		return this.#exists ? readTrail(this.ctx.storage.sql, query) : null;
	}

	/** @returns null where there is no such product */
	async listWebhooks(): Promise<readonly Webhook[] | null> {
		return this.#exists ? this.#webhooks.list() : null;
	}

	/** See `Webhooks.obey`. */
	async changeWebhook(order: WebhookOrder): Promise<WebhookResult> {
		return this.#exists ? this.#webhooks.obey(order) : UNKNOWN_OWNER;
	}

	override async alarm(): Promise<void> {
		if (this.#exists) await this.#alarm.ring();
	}

	/** The present revision, once there is one. Earlier ones are not needed: a request for one gets this. */
	readonly #records: OwnedRecords = {
		read: () => {
			const info = this.#tables.info();
			return { steps: info === null || info.revision === 0 ? [] : [this.#recordStep(info)], next: null };
		},
	};

	/** The record first, then the head that points to it. */
	#publish(now: number): void {
		const recorded = this.#tables.recordedReleases();
		const kept = new Set(keepRecorded(recorded, now));
		for (const release of recorded) if (!kept.has(release)) this.#tables.unrecord(release.sequence);
		const info = this.#tables.raiseRevision();
		if (info.revision > 1) this.outdated.add(productKey(info.name, info.revision - 1), now);
		const until = emergencyUntil(this.#tables.recordedReleases());
		const head = { kind: "head", product: info.name, revision: info.revision, emergencyUntil: until } as const;
		this.outbox.add([this.#recordStep(info), head]);
	}

	/** @returns the newest release of the record that is newer than the version; null = none is, or versions have no order */
	#newestAbove(version: string): string | null {
		if (this.#tables.info()?.versionOrder !== "vendor") return null;
		const offered = this.#tables.recordedReleases().filter(({ withdrawn }) => !withdrawn);
		const [newest] = offered.map((release) => release.version).sort((a, b) => compareVendorVersions(b, a));
		return newest !== undefined && compareVendorVersions(newest, version) > 0 ? newest : null;
	}

	#recordStep({ name: product, versionOrder, revision }: ProductInfo): RecordStep {
		const releases = this.#tables.recordedReleases();
		// Read as every edge will read it: a record that they could not read would stop the product for the whole fleet, so the
		// change that would lead to one fails here instead, with its transaction.
		const body: ProductRecord = productRecord.parse({ product, revision, versionOrder, releases });
		return { kind: "record", key: productKey(product, revision), version: revision, body };
	}

	#releaseOrThrow(version: string): ReleaseEntry {
		const release = this.#tables.release(version);
		if (release === null) throw new Error(`release ${version} vanished inside a transaction`);
		return release;
	}

	#audit({ actor, now, via }: Change, action: ProductEvent, subject: string, detail: string): void {
		this.#webhooks.delivery.append({ at: now, actor, action, subject, detail, via });
	}
}
