// The answer to a check, without the signatures: for every product asked about, whether the device may have it, and
// what it should run next; whether there are messages to read; and until when all of that holds.
import { decideEntitlement, type EntitledDevice, type Pass, type Refusal } from "../entitlement/decide.ts";
import type { DeviceProfile } from "../entitlement/device-record.ts";
import type { DeviceCircumstances } from "./audience.ts";
import type { Installed } from "./installed.ts";
import type { Message } from "./message.ts";
import type { ProductRecord } from "./product-record.ts";
import { admittedAt, type Buckets } from "./rollout-place.ts";
import { selectMessages } from "./select-messages.ts";
import { type Candidate, type Selection, selectRelease } from "./select-release.ts";

/** `selection`: null where the product is refused, `entitlement` says why. */
export type ProductAnswer = { readonly product: string; readonly installed: string | null } & (
	| { readonly entitlement: Refusal; readonly selection: null }
	| { readonly entitlement: Pass; readonly selection: Selection }
);

export interface CheckAnswer {
	readonly products: readonly ProductAnswer[];
	/** `unread`: live messages above the sequence that the device has seen; `last`: the highest live sequence, 0 = none */
	readonly messages: { readonly unread: number; readonly last: number };
	/** unix seconds at which the answer changes if nothing but time passes; Infinity = never */
	readonly holdsUntil: number;
}

export interface CheckFacts {
	readonly device: DeviceProfile;
	readonly circumstances: DeviceCircumstances;
	readonly installed: Installed;
	/** highest message sequence that the device has shown */
	readonly seen: number;
	/** the current record of a product, null when nothing was ever published */
	readonly recordOf: (product: string) => ProductRecord | null;
	readonly messages: readonly Message[];
	/** of the device's unit */
	readonly buckets: Buckets;
	/** unix seconds */
	readonly now: number;
}

/**
 * May the device have the product, and which release? The same for a check and for its explanation.
 * @param recordOf asked only of a product that the device may have
 * @param now unix seconds
 * @param note see `selectRelease`
 */
export function answerProduct(
	device: EntitledDevice,
	product: string,
	recordOf: CheckFacts["recordOf"],
	candidate: Candidate,
	now: number,
	note?: Parameters<typeof selectRelease>[4],
): ProductAnswer {
	const { installed } = candidate;
	const entitlement = decideEntitlement(device, product, now);
	if (entitlement.decision === "refused") return { product, installed, entitlement, selection: null };
	const record = recordOf(product) ?? { product, revision: 0, versionOrder: "none" as const, releases: [] };
	return { product, installed, entitlement, selection: selectRelease(record, entitlement.grant, candidate, now, note) };
}

/** @returns unix seconds until which the answer holds if nothing but time passes; Infinity = for ever */
export function answerHoldsUntil({ entitlement, selection }: ProductAnswer): number {
	return selection === null ? entitlement.holdsUntil : Math.min(entitlement.holdsUntil, selection.holdsUntil);
}

export function answerCheck({
	device,
	circumstances,
	installed,
	seen,
	recordOf,
	messages,
	buckets,
	now,
}: CheckFacts): CheckAnswer {
	let holdsUntil = Infinity;
	const products: ProductAnswer[] = [];
	for (const [product, version] of installed) {
		const candidate: Candidate = {
			model: device.model,
			engine: circumstances.engine,
			installed: version,
			admittedAt: (reach) => admittedAt(reach, device, circumstances, buckets),
		};
		const answer = answerProduct(device, product, recordOf, candidate, now);
		holdsUntil = Math.min(holdsUntil, answerHoldsUntil(answer));
		products.push(answer);
	}
	const selected = selectMessages(messages, device, circumstances, now);
	return {
		products,
		messages: {
			unread: selected.messages.filter((message) => message.sequence > seen).length,
			last: selected.messages[0]?.sequence ?? 0,
		},
		holdsUntil: Math.min(holdsUntil, selected.holdsUntil),
	};
}
