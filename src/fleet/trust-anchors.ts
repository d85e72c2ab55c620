// What a device's updates rest on and that ends some day: the TLS root under which it reaches the service, the TUF root by which it verifies
// what it installs, and its own certificate. Devices say so once a day; what follows from it is decided here. Pure.
import { z } from "zod";
import { sha256Hex } from "../names.ts";
import { plainText } from "../plain-text.ts";

/** A root of a repository has few versions: one that is higher was made up. */
const MAX_ROOT_VERSION = 1_000_000;
/** Of the statement on the wire; one that says everything has some 300. */
export const MAX_ANCHORS_CHARACTERS = 1_000;

/** Of the year 9999, in unix seconds. */
const LAST_SECOND = 253_402_300_799;

/** RFC 3339, to unix seconds. RFC 5280 §4.1.2.5 says "for ever" by the last second of the year 9999. */
const end = z.iso
	.datetime({ offset: true })
	.transform((text) => Math.floor(Date.parse(text) / 1_000))
	// With an offset it may lie outside of the years that a timestamp can name, and no root ended before there was time to count.
	.refine((seconds) => seconds >= 0 && seconds <= LAST_SECOND);

const statement = z
	.strictObject({
		tls_root: z.strictObject({ sha256: sha256Hex, name: plainText(100).min(1), ends: end }).nullish(),
		tuf_root: z.strictObject({ version: z.int().min(1).max(MAX_ROOT_VERSION), ends: end }).nullish(),
		certificate_ends: end.nullish(),
	})
	.transform(
		({ tls_root: tls, tuf_root: tuf, certificate_ends: certificate }): TrustAnchors => ({
			tlsRoot: tls == null ? null : { sha256: tls.sha256, name: tls.name, endsAt: tls.ends },
			tufRoot: tuf == null ? null : { version: tuf.version, endsAt: tuf.ends },
			certificateEndsAt: certificate ?? null,
		}),
	);

/** The root certificate at which the verification of the service's certificate ended. */
export interface TlsRoot {
	/** of its DER form, in hex */
	readonly sha256: string;
	/** for people: its common name, as the device read it */
	readonly name: string;
	/** unix seconds */
	readonly endsAt: number;
}

export interface TufRoot {
	readonly version: number;
	/** unix seconds */
	readonly endsAt: number;
}

/** What one device has said. null = it has none: it speaks plain HTTP, verifies no TUF metadata, has no certificate. */
export interface TrustAnchors {
	readonly tlsRoot: TlsRoot | null;
	readonly tufRoot: TufRoot | null;
	/** unix seconds */
	readonly certificateEndsAt: number | null;
}

/** @param text JSON, as a device sent it @returns null where it is not of the form */
export function readAnchors(text: string): TrustAnchors | null {
	if (text.length > MAX_ANCHORS_CHARACTERS) return null;
	try {
		return statement.safeParse(JSON.parse(text)).data ?? null;
	} catch {
		return null;
	}
}

export const ANCHORS = ["tls_root", "tuf_root", "certificate"] as const;
export type Anchor = (typeof ANCHORS)[number];

export interface AnchorEnd {
	readonly anchor: Anchor;
	/** unix seconds */
	readonly endsAt: number;
}

/**
 * When each of a device's anchors ends, if nobody does anything. A TLS root and a certificate end when they say so. A device replaces its
 * TUF root by newer ones, each signed by the one before it, also when its own has ended long ago (TUF specification 1.0 §5.3): it stops
 * with the newest that there is. Only where the service knows none that is as new does the device's own count.
 * @param newest of the service's repository; null = there is none, or it is not known
 * @returns those that it has, the one that ends first before the others
 */
export function anchorEnds(anchors: TrustAnchors, newest: TufRoot | null): AnchorEnd[] {
	const { tufRoot } = anchors;
	const ends = endsByItself(anchors);
	if (tufRoot !== null) ends.push({ anchor: "tuf_root", endsAt: lastTufRoot(tufRoot, newest).endsAt });
	return ends.toSorted(bySooner);
}

/**
 * Those that concern this device more than others, and that no metadata of the repository replaces.
 * @returns the one that ends first before the other
 */
export function endsByItself({ tlsRoot, certificateEndsAt }: TrustAnchors): AnchorEnd[] {
	const ends: AnchorEnd[] = [];
	if (tlsRoot !== null) ends.push({ anchor: "tls_root", endsAt: tlsRoot.endsAt });
	if (certificateEndsAt !== null) ends.push({ anchor: "certificate", endsAt: certificateEndsAt });
	return ends.toSorted(bySooner);
}

function bySooner(one: AnchorEnd, two: AnchorEnd): number {
	return one.endsAt - two.endsAt;
}

/** @returns the root that the device has in the end */
export function lastTufRoot(own: TufRoot, newest: TufRoot | null): TufRoot {
	return newest !== null && newest.version >= own.version ? newest : own;
}

/** What an edge tells when a device has said what its updates rest on. */
export interface AnchorsTold extends TrustAnchors {
	readonly kind: "anchors";
}

/** What an edge tells when a device has shown a client certificate and said nothing of the rest. */
export interface CertificateShown {
	readonly kind: "certificate";
	/** unix seconds */
	readonly certificateEndsAt: number;
}

/** @returns what a device's word makes of all that it rests on, with what it has said before */
export function anchorsSaid(before: TrustAnchors | null, said: AnchorsTold | CertificateShown): TrustAnchors {
	if (said.kind === "anchors") return said;
	const { tlsRoot = null, tufRoot = null } = before ?? {};
	return { tlsRoot, tufRoot, certificateEndsAt: said.certificateEndsAt };
}

export interface ToldAnchors extends TrustAnchors {
	/** unix seconds: when it said so first, or again a week or more later */
	readonly toldAt: number;
}

/** What a device goes on saying is written down again after this, so that it can be seen who says nothing any more. */
const SAID_AGAIN_SECONDS = 7 * 86_400;

/** @returns what is known after a word: `before` itself where nothing is to be written */
export function hearAnchors(before: ToldAnchors | null, said: TrustAnchors, at: number): ToldAnchors {
	const { tlsRoot, tufRoot, certificateEndsAt } = said;
	const after = { tlsRoot, tufRoot, certificateEndsAt, toldAt: at };
	if (before === null) return after;
	// A batch that was sent again, or another edge's, may come late.
	if (at < before.toldAt) return before;
	return anchorsKey(before) === anchorsKey(said) && at - before.toldAt < SAID_AGAIN_SECONDS ? before : after;
}

/** @returns the same text for what is the same */
export function anchorsKey(anchors: TrustAnchors | null): string {
	if (anchors === null) return "";
	const { tlsRoot: tls, tufRoot: tuf, certificateEndsAt } = anchors;
	return JSON.stringify([tls?.sha256, tls?.name, tls?.endsAt, tuf?.version, tuf?.endsAt, certificateEndsAt]);
}
