// What this firewall's updates rest on and that ends some day, as it tells the service once a day with a token request. What cannot be
// found out is left out: no token is worth less for it.
import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { DetailedPeerCertificate, TLSSocket } from "node:tls";
import { z } from "zod";
import type { TlsRoot } from "../../../src/fleet/trust-anchors.ts";
import { isPlainText } from "../../../src/plain-text.ts";
import { formatTimestamp } from "../../../src/timestamps.ts";
import { readIfPresent } from "../../files/atomic-file.ts";
import { parseJson } from "../../json.ts";
import { hasFolder } from "../home/firewall-state.ts";
import { trustFolder } from "../home/trust-folder.ts";

const EVERY_SECONDS = 86_400;
const MAX_NAME = 100;
/** A chain is as long as the server likes. */
const MAX_CHAIN = 10;

/** @param toldAt unix seconds of the last time; undefined = never. One that lies ahead is of a clock that was set back. */
export function areAnchorsDue(toldAt: number | undefined, now: number): boolean {
	return toldAt === undefined || toldAt > now || now - toldAt >= EVERY_SECONDS;
}

/** @returns as a token request says it (docs/protocol.md) */
export async function describeAnchors(
	home: { readonly folder: string | null },
	tlsRoot: TlsRoot | null,
): Promise<string> {
	const { signed: tufRoot } = (await readTufRoot(home)) ?? {};
	return JSON.stringify({
		tls_root: tlsRoot && { sha256: tlsRoot.sha256, name: tlsRoot.name, ends: formatTimestamp(tlsRoot.endsAt) },
		tuf_root: tufRoot === undefined ? null : { version: tufRoot.version, ends: tufRoot.expires },
	});
}

const tufRootFile = z.object({ signed: z.object({ version: z.number(), expires: z.string() }) });

async function readTufRoot(home: { readonly folder: string | null }) {
	if (!hasFolder(home)) return null;
	const text = await readIfPresent(join(trustFolder(home), "root.json")).catch(() => null);
	return text === null ? null : (tufRootFile.safeParse(parseJson(text)).data ?? null);
}

/**
 * The root at which verification of the server's certificate ended. A server may send a cross-signed root behind its chain; as OpenSSL does, the
 * first certificate from the server's own on that a root of this machine has issued counts.
 * @param trusted PEM texts, of one or more certificates each
 * @returns null where the connection is not TLS, or the root cannot be told
 */
export function tlsRootOf(socket: Socket, trusted: readonly string[]): TlsRoot | null {
	const chain = chainOf(socket);
	if (chain.length === 0) return null;
	const roots = Map.groupBy(rootsIn(trusted), ({ subject }) => subject);
	for (const certificate of chain) {
		// A root that was renewed with its key stands there twice: the one that ends last is what holds.
		const root = roots
			.get(certificate.issuer)
			?.filter((one) => hasIssued(one, certificate))
			.toSorted((one, other) => Date.parse(other.validTo) - Date.parse(one.validTo))[0];
		if (root !== undefined) {
			const endsAt = Math.floor(Date.parse(root.validTo) / 1_000);
			return { sha256: root.fingerprint256.replaceAll(":", "").toLowerCase(), name: nameOf(root), endsAt };
		}
	}
	return null;
}

/** @returns from the server's own on */
function chainOf(socket: Socket): X509Certificate[] {
	if (!("getPeerCertificate" in socket)) return [];
	const chain: X509Certificate[] = [];
	let one: DetailedPeerCertificate | undefined = (socket as TLSSocket).getPeerCertificate(true);
	while (one?.raw !== undefined && chain.length < MAX_CHAIN) {
		chain.push(new X509Certificate(one.raw));
		// A root is its own issuer.
		one = one.issuerCertificate === one ? undefined : one.issuerCertificate;
	}
	return chain;
}

function rootsIn(trusted: readonly string[]): X509Certificate[] {
	const certificates = trusted.flatMap(
		(text) => text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [],
	);
	return certificates.map((text) => new X509Certificate(text)).filter(({ subject, issuer }) => subject === issuer);
}

function hasIssued(root: X509Certificate, certificate: X509Certificate): boolean {
	return certificate.checkIssued(root) && certificate.verify(root.publicKey);
}

function nameOf({ subject, serialNumber }: X509Certificate): string {
	const attributes = subject.split("\n");
	const name = (attributes.find((one) => one.startsWith("CN=")) ?? attributes.at(-1) ?? "")
		.replace(/^\w+=/, "")
		.slice(0, MAX_NAME);
	return name !== "" && isPlainText(name) ? name : `serial ${serialNumber}`.slice(0, MAX_NAME);
}
