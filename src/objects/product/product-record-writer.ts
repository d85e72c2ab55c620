// What the edges know of a product: writes its record under a new revision with each change, then has the Directory point to it.

import { emergencyUntil } from "../../content/check/pulse.ts";
import { inOfferOrder } from "../../content/releases/offer-order.ts";
import { type ProductRecord, productRecord } from "../../content/releases/product-record.ts";
import { keepRecorded } from "../../content/releases/recorded-releases.ts";
import { signedOf } from "../../content/releases/signed-releases.ts";
import { productKey } from "../../storage/keys.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { RecordStep } from "../outbox/outbox-rows.ts";
import type { OutdatedRevisions } from "../outbox/outdated-revisions.ts";
import type { OwnedRecords } from "../outbox/record-pages.ts";
import type { ProductInfo } from "./product-row.ts";
import type { ProductTables } from "./product-tables.ts";
import type { DeltaDesk } from "./releases/delta-desk.ts";
import type { DisabledRules } from "./releases/disabled-rules.ts";

export interface ProductRecordParts {
	readonly tables: ProductTables;
	readonly rules: DisabledRules;
	readonly deltas: DeltaDesk;
	readonly outbox: Outbox;
	readonly outdated: OutdatedRevisions;
}

export class ProductRecordWriter {
	readonly #tables: ProductTables;
	readonly #outbox: Outbox;
	readonly #outdated: OutdatedRevisions;
	readonly #rules: DisabledRules;
	readonly #deltas: DeltaDesk;

	constructor({ tables, rules, deltas, outbox, outdated }: ProductRecordParts) {
		this.#tables = tables;
		this.#outbox = outbox;
		this.#outdated = outdated;
		this.#rules = rules;
		this.#deltas = deltas;
	}

	/** The present revision, once there is one. Earlier ones are not needed: a request for one gets this. */
	readonly owned: OwnedRecords = {
		read: () => {
			const info = this.#tables.info();
			return { steps: info === null || info.revision === 0 ? [] : [this.step(info)], next: null };
		},
	};

	/** The record first, then the head that points to it. Part of the transaction of the change. @param now unix seconds */
	publish(now: number): void {
		const recorded = this.#tables.recordedReleases();
		const kept = new Set(keepRecorded(recorded, now));
		for (const release of recorded) if (!kept.has(release)) this.#tables.unrecord(release.sequence);
		const info = this.#tables.raiseRevision();
		if (info.revision > 1) this.#outdated.add(productKey(info.name, info.revision - 1), now);
		const step = this.step(info);
		const until = emergencyUntil(step.body);
		const { name: product, revision, entitled } = info;
		this.#outbox.add([step, { kind: "head", product, revision, emergencyUntil: until, entitled }]);
	}

	step(info: ProductInfo): RecordStep & { readonly body: ProductRecord } {
		const { name, revision } = info;
		// Read as every edge will read it: a record that they could not read would stop the product for the whole fleet, so the
		// change that would lead to one fails here instead, with its transaction.
		const body = productRecord.parse(this.#body(info));
		return { kind: "record", key: productKey(name, revision), version: revision, body };
	}

	#body({ name: product, versionOrder, revision, signing, role }: ProductInfo): ProductRecord {
		const rules = this.#rules.list();
		const ordered = inOfferOrder(this.#deltas.addTo(this.#tables.recordedReleases()), versionOrder);
		const disabledRules = rules.map(({ rule }) => rule);
		const rulesDisabledAt = rules.length > 0 ? Math.max(...rules.map(({ at }) => at)) : null;
		return {
			product,
			revision,
			versionOrder,
			...(role !== null && { role: role.version }),
			releases: signedOf(ordered, signing, role?.digests ?? {}),
			disabledRules,
			rulesDisabledAt,
		};
	}
}
