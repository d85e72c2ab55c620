// The way of a package into the service: let in and counted by the Directory, whose claim keeps its bytes from being taken for
// nobody's; then the bytes; then the version that they are bound to, while the claim lasts.
import type { Context } from "hono";
import type { Change } from "../../../objects/audit.ts";
import type { Admission, NewUpload } from "../../../objects/directory/package-desk.ts";
import type { AddedPackage } from "../../../objects/product/releases/outcomes.ts";
import type { PackageContent } from "../../../objects/product/releases/release-row.ts";
import type { AddedVariant, NewVariant } from "../../../objects/product/releases/variant-desk.ts";
import { ProblemError } from "../../../problem.ts";
import type { RequestScope } from "../../../request-scope.ts";
import type { PackageStore, SentBytes } from "../../../storage/packages/package-store.ts";
import { type AppEnv, changeBy } from "../../http/app-env.ts";
import { publisherAccess, requireKeyStill } from "../../http/key-access.ts";
import { requireSound } from "./package-inspection.ts";

export type TakenUpload =
	| (AddedPackage & { readonly ok: true } & Inspected)
	| (AddedPackage & { readonly ok: false })
	| UnknownProduct;

export type TakenVariant =
	| (AddedVariant & { readonly ok: true } & Inspected)
	| (AddedVariant & { readonly ok: false })
	| UnknownProduct;

interface Inspected {
	/** the service has looked at all of it */
	readonly isInspected: boolean;
}
type UnknownProduct = { readonly ok: false; readonly reason: "unknown_product" };

export interface UploadParts {
	readonly packages: Pick<PackageStore, "put" | "get">;
	directory(): { admitUpload(upload: NewUpload): Promise<Admission> };
	product(name: string): {
		addPackage(
			input: Change & PackageContent & { version: string; claimedUntil: number },
		): Promise<AddedPackage | UnknownProduct>;
		addVariant(input: Change & NewVariant): Promise<AddedVariant | UnknownProduct>;
	};
}

export interface PackageUpload extends BytesUpload, PackageContent {
	readonly version: string;
}

export interface BytesUpload extends Pick<PackageContent, "sha256" | "size">, Uploader {
	readonly product: string;
	readonly body: SentBytes;
	/** bytes that are counted of the key's quota; not given = `size`. What went up in parts was counted then */
	readonly counted?: number;
}

/** Who uploads, and how much that key may. */
export interface Uploader {
	readonly change: Change;
	/** Asked when the bytes have come. @throws where the key has ended meanwhile */
	readonly requireStill: () => Promise<void>;
	/** id of the API key, or `bootstrap` */
	readonly key: string;
	/** bytes that one key may announce in a day */
	readonly quota: number;
	/** of the request */
	readonly event: Pick<RequestScope["event"], "reason">;
}

/** A retry within this time meets a removal that went as it should: it takes seconds. */
const REMOVAL_RETRY_SECONDS = 60;

/** @returns whoever holds the key of the request */
export function uploaderOf(c: Context<AppEnv>): Uploader {
	const { services, event } = c.env;
	const requireStill = () => requireKeyStill(c, publisherAccess);
	return { change: changeBy(c), requireStill, key: c.var.holder.key, quota: services.config.uploadBytesPerDay, event };
}

/** @throws ProblemError when it is not let in, its bytes are not what was announced, or its form is not that of a sound package */
export function takeUpload(parts: UploadParts, upload: PackageUpload): Promise<TakenUpload> {
	const { product, version, change, sha256, size, name } = upload;
	return takeBytes(parts, upload, async (claimedUntil) => {
		// Where it is not, its bytes are nobody's, and go with the next collection.
		const isInspected = await requireSound(parts.packages, { sha256, size, name });
		const added = await parts.product(product).addPackage({ ...change, version, sha256, size, name, claimedUntil });
		return added.ok ? { ...added, isInspected } : added;
	});
}

/** The same for the package of some models of a version. @throws as `takeUpload` */
export function takeVariant(
	parts: UploadParts,
	upload: PackageUpload & Pick<NewVariant, "variant" | "models">,
): Promise<TakenVariant> {
	const { product, version, change, variant, models, sha256, size, name } = upload;
	return takeBytes(parts, upload, async (claimedUntil) => {
		const isInspected = await requireSound(parts.packages, { sha256, size, name });
		const input = { ...change, version, variant, models, sha256, size, name, claimedUntil };
		const added = await parts.product(product).addVariant(input);
		return added.ok ? { ...added, isInspected } : added;
	});
}

/**
 * The same way for whatever is kept beside packages.
 * @param bind called once the bytes are stored, with the end of their claim in unix seconds
 * @throws as `takeUpload`
 */
export async function takeBytes<T>(
	parts: { readonly packages: Pick<PackageStore, "put"> } & Pick<UploadParts, "directory">,
	upload: BytesUpload,
	bind: (claimedUntil: number) => Promise<T>,
): Promise<T> {
	const { body, sha256, size, counted = size } = upload;
	const { claimedUntil } = await admitUpload(parts, upload, counted);
	const outcome = await parts.packages.put(sha256, body, size);
	// Of what was counted in parts: its bytes were read and written once more, for nothing.
	if (outcome === "digest_mismatch" && counted < size) {
		await admitUpload(parts, upload, size - counted, { isWasted: true });
	}
	if (outcome !== "stored") throw new ProblemError(outcome);
	await upload.requireStill();
	return bind(claimedUntil);
}

/**
 * Lets bytes of a package in, and counts them.
 * @returns until when they have a claim on the package's digest, unix seconds
 * @throws ProblemError when they may not come
 */
export async function admitUpload(
	{ directory }: Pick<UploadParts, "directory">,
	upload: Uploader & { readonly product: string; readonly sha256: string },
	bytes: number,
	more: Pick<NewUpload, "isPart" | "isWasted"> = {},
): Promise<{ readonly claimedUntil: number }> {
	const { product, sha256, key, quota, change } = upload;
	const admission = await directory().admitUpload({ key, bytes, quota, now: change.now, product, sha256, ...more });
	if (admission.ok) return admission;
	switch (admission.reason) {
		case "unknown_product":
			throw new ProblemError("not_found", { detail: "there is no such product; create it first" });
		case "being_removed":
			// The caller is told no more than of any other outage.
			upload.event.reason = "package_being_removed";
			throw new ProblemError("unavailable", {
				headers: { "retry-after": String(Math.min(admission.retryAfter, REMOVAL_RETRY_SECONDS)) },
			});
		case "too_many_parts":
			throw new ProblemError("too_many_parts", { headers: { "retry-after": String(admission.retryAfter) } });
		case "quota":
			// Until the day ends (00:00 UTC).
			throw new ProblemError("upload_quota_exceeded", {
				detail: `of ${quota} bytes a day ${admission.left} are left, and the content has ${bytes}`,
				headers: { "retry-after": String(admission.retryAfter) },
			});
	}
}
