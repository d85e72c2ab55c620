// The client certificate by which a firewall is known (RFC 8705), where it is: its files, and what the service is told of it. Whoever renews it
// writes the files anew; the service is then told with the next token.
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Agent } from "node:http";
import { resolve } from "node:path";
import { serialOf } from "../../../src/entitlement/devices/claim.ts";
import { CliError, systemFault, UsageError } from "../../errors.ts";
import { exchange } from "../../http/exchange.ts";
import { refusalFrom } from "../../http/refusal.ts";
import type { FirewallState, Identity, KnownCertificate } from "../home/firewall-state.ts";
import type { ServerMetadata } from "../wire-types.ts";
import type { DeviceKey } from "./device-key.ts";

export interface CertificateFiles {
	readonly certFile: string;
	readonly keyFile: string;
	/** see KnownCertificate */
	readonly subjectDn: string | null;
}

/** What a connection shows. */
export interface ShownCertificate {
	readonly cert: string;
	readonly key: string;
	/** in its subject; null = there is none */
	readonly serial: string | null;
	/** SHA-256 of the certificate, base64url */
	readonly x5t: string;
}

/** @param cert, key as options of a command name them @throws UsageError when one is given without the other */
export function certificateFiles(
	cert: string | undefined,
	key: string | undefined,
	subjectDn: string | undefined,
): CertificateFiles | null {
	if (cert === undefined && key === undefined && subjectDn === undefined) return null;
	if (cert === undefined || key === undefined) {
		throw new UsageError("a client certificate is of two files", "give both --client-cert and --client-key");
	}
	return { certFile: resolve(cert), keyFile: resolve(key), subjectDn: subjectDn ?? null };
}

/** @throws UsageError when a file cannot be read, or the first has no certificate */
export async function readClientCertificate({
	certFile,
	keyFile,
}: Pick<CertificateFiles, "certFile" | "keyFile">): Promise<ShownCertificate> {
	const [cert, key] = await Promise.all([readPem(certFile), readPem(keyFile)]);
	let certificate: X509Certificate;
	try {
		// The first one, where a chain stands behind it.
		certificate = new X509Certificate(cert);
	} catch {
		throw new UsageError(
			`${certFile} has no certificate`,
			"give a PEM file: the certificate first, its chain behind it",
		);
	}
	const x5t = Buffer.from(certificate.fingerprint256.replaceAll(":", ""), "hex").toString("base64url");
	const serials = certificate.subject.split("\n").filter((line) => line.startsWith("serialNumber="));
	return { cert, key, x5t, serial: serialOf(serials.map((line) => line.slice("serialNumber=".length))) };
}

async function readPem(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		throw new UsageError(`cannot read ${file}: ${systemFault(cause)}`);
	}
}

/** @returns where certificates are asked for @throws CliError when the service takes none */
export function mtlsEndpoints({ issuer, mtls_endpoint_aliases: aliases }: ServerMetadata) {
	// Elsewhere the certificate would be shown to nobody, and the code to everybody.
	if (aliases?.token_endpoint.startsWith("https:") && aliases.registration_endpoint.startsWith("https:")) {
		return { ...aliases, origin: new URL(aliases.token_endpoint).origin };
	}
	throw new CliError(`${issuer} takes no client certificates`, {
		code: "no_client_certificates",
		fix: "have its operator set MTLS_ORIGIN (https), or go without --client-cert",
	});
}

/** What a registration says of how the device is known. */
export function authMetadata(
	files: Pick<CertificateFiles, "subjectDn"> | null,
	key: DeviceKey,
	x5t: string | undefined,
) {
	const jwk = { ...key.publicJwk, kid: key.thumbprint };
	if (files === null) {
		return {
			jwks: { keys: [jwk] },
			token_endpoint_auth_method: "private_key_jwt",
			token_endpoint_auth_signing_alg: key.algorithm,
			dpop_bound_access_tokens: true,
		};
	}
	const { subjectDn } = files;
	return {
		jwks: { keys: [{ ...jwk, ...(x5t !== undefined && { "x5t#S256": x5t }) }] },
		token_endpoint_auth_method: "tls_client_auth",
		tls_client_certificate_bound_access_tokens: true,
		...(subjectDn !== null && { tls_client_auth_subject_dn: subjectDn }),
	};
}

/**
 * Has the service know the firewall by a certificate from now on, or by its key again (RFC 7592).
 * @param files null = by its key
 * @throws ServerRefusal, ConnectionError, CliError
 */
export async function registerCertificate(
	home: FirewallState,
	identity: Identity & { readonly device: NonNullable<Identity["device"]> },
	key: DeviceKey,
	metadata: ServerMetadata,
	files: CertificateFiles | null,
	nowMs: number,
	agent?: Agent,
): Promise<KnownCertificate | undefined> {
	const { device } = identity;
	const shown = files === null ? null : await readClientCertificate(files);
	const endpoint = files === null ? metadata.registration_endpoint : mtlsEndpoints(metadata).registration_endpoint;
	const url = `${endpoint}/${encodeURIComponent(device.id)}`;
	const answer = await exchange({
		method: "PUT",
		url,
		headers: {
			authorization: `Bearer ${device.registrationToken}`,
			dpop: await key.proveRequest("PUT", url, Math.floor(nowMs / 1000)),
			"content-type": "application/json",
			accept: "application/json",
		},
		body: JSON.stringify({
			client_id: device.id,
			...authMetadata(files, key, shown?.x5t),
			grant_types: ["client_credentials"],
			device_serial: identity.serial,
			device_model: identity.model,
		}),
		...(shown !== null && { clientCertificate: shown }),
		agent,
	});
	if (answer.status >= 400) throw refusalFrom(answer, "could not have the certificate registered", nowMs);
	const certificate =
		files === null || shown === null ? undefined : { ...files, x5t: shown.x5t, origin: mtlsEndpoints(metadata).origin };
	const { certificate: _, ...rest } = identity;
	await home.save("identity", { ...rest, ...(certificate !== undefined && { certificate }) });
	await home.forget("token");
	return certificate;
}
