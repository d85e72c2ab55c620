// `parapet trust verify URL`: what anybody can check who has the root, without a key of the API.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { readMetadata, roleSigned, rootSigned, targetPath, targetsSigned } from "../../../src/signing/tuf/metadata.ts";
import { readOptions } from "../../command-line/read-options.ts";
import { readTextFile, resolveServer } from "../../command-line/settings.ts";
import { CliError, UsageError } from "../../errors.ts";
import { exchange } from "../../http/exchange.ts";
import { createOutput, formatTable, type Surroundings } from "../../terminal/output.ts";
import { openTrustClient, pinRoot } from "../../trust/client.ts";

const shape = z.object({ root: z.string(), json: z.boolean().default(false) });

export function defineVerify(trust: Command, surroundings: Surroundings): void {
	const verify = trust
		.command("verify <url>")
		.description("verify all that a service serves, as a device would that has this root; needs no API key")
		.requiredOption("--root <file>", "the root that devices get")
		.option("--json", "one JSON value on stdout, errors as JSON on stderr");
	verify.action(async (url: string) => {
		const options = readOptions(verify, shape);
		const server = resolveServer(url, surroundings);
		const folder = await mkdtemp(join(tmpdir(), "parapet-trust-"));
		try {
			const root = readTextFile(options.root);
			if (!readMetadata(rootSigned, root).ok)
				throw new UsageError(
					`${options.root} is no root`,
					"give the root.json that devices get; `parapet trust init` made it",
				);
			// A server that is not there has offered nothing that could be wrong.
			await exchange({ method: "GET", url: `${server}/tuf/timestamp.json`, headers: {} });
			await pinRoot(folder, root);
			const found = await verifyAll(folder, server);
			const rows = found.map(({ product, version, sha256 }) => [product, version, sha256]);
			createOutput(surroundings, options.json).answer(
				{ server, releases: found },
				found.length === 0 ? "verified; no release is signed" : formatTable(["PRODUCT", "VERSION", "SHA-256"], rows),
			);
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	});
}

const snapshotSigned = z.looseObject({ meta: z.record(z.string(), z.unknown()) });

interface Found {
	readonly product: string;
	readonly version: string;
	readonly sha256: string;
}

async function verifyAll(folder: string, server: string): Promise<Found[]> {
	const client = await openTrustClient(folder, server);
	// What the client has stored it has verified; the delegations name the roles.
	const delegations = (await stored(folder, "targets", targetsSigned)).delegations.roles;
	const { meta } = await stored(folder, "snapshot", snapshotSigned);
	const found: Found[] = [];
	for (const { name: product } of delegations) {
		// Delegated, and nothing signed yet.
		if (meta[`${product}.json`] === undefined) continue;
		// A path that no release has: the client fetches and verifies the role all the same.
		await client.find(targetPath(product, "-"));
		const { targets } = await stored(folder, product, roleSigned);
		for (const [path, { hashes }] of Object.entries(targets)) {
			found.push({ product, version: path.slice(product.length + 1), sha256: hashes.sha256 });
		}
	}
	return found;
}

async function stored<Signed>(folder: string, role: string, schema: z.ZodType<Signed>): Promise<Signed> {
	const read = readMetadata(schema, await readFile(join(folder, `${role}.json`), "utf8"));
	if (read.ok) return read.metadata.signed;
	throw new CliError(`${role}.json: ${read.fault}`, { code: "untrusted" });
}
