// Whether the transparency log has the role file by which something is installed. Asked where the root names the log's keys: such a
// root wants every role file of its publishers to be seen by all, and a service that shows one to few must not have it installed.
import { join } from "node:path";
import { z } from "zod";
import { encodeEntry, entryOfFile } from "../../src/signing/tlog/entries.ts";
import { parseVerifierKeys } from "../../src/signing/tlog/log-keys.ts";
import { verifyProof } from "../../src/signing/tlog/proof-file.ts";
import { ConnectionError } from "../errors.ts";
import { readIfPresent, writeAtomically } from "../files/atomic-file.ts";
import { exchange } from "../http/exchange.ts";
import { parseJson } from "../json.ts";
import { TrustError } from "./client.ts";

const rootWithLog = z.looseObject({
	signed: z.looseObject({ "x-parapet-log": z.looseObject({ keys: z.array(z.string()) }).optional() }),
});
const roleWithVersion = z.looseObject({ signed: z.looseObject({ version: z.int() }) });

/** @param folder of a TUF client that was opened @returns the log's keys that its root names; null = it names none */
export async function logKeysOf(folder: string): Promise<readonly string[] | null> {
	const root = await readIfPresent(join(folder, "root.json"));
	return rootWithLog.parse(parseJson(root ?? "{}")).signed["x-parapet-log"]?.keys ?? null;
}

/**
 * One request at most, and none where the proof of this very file is there from before.
 * @param folder of a TUF client that has verified the product's role file
 * @throws TrustError where the root names a log, and nothing proves that it has the file
 */
export async function requireLogged(folder: string, server: string, product: string): Promise<void> {
	const named = await logKeysOf(folder);
	const role = named === null ? null : await readIfPresent(join(folder, `${product}.json`));
	if (named === null || role === null) return;
	const { version } = roleWithVersion.parse(parseJson(role)).signed;
	const [entry, keys] = [encodeEntry(await entryOfFile(product, version, role)), await parseVerifierKeys(named)];
	const place = join(folder, `${product}.tlog-proof`);
	const kept = await readIfPresent(place);
	if (kept !== null && (await verifyProof(kept, entry, keys)).ok) return;
	const proof = await fetchProof(`${server}/tuf/${version}.${product}.tlog-proof`);
	const proved = await verifyProof(proof, entry, keys);
	if (!proved.ok) throw unproved(`the proof beside role file ${version} does not verify (${proved.reason})`);
	await writeAtomically(place, proof);
}

async function fetchProof(url: string): Promise<string> {
	try {
		const { status, text } = await exchange({ method: "GET", url });
		if (status === 200) return text;
		throw unproved(status === 404 ? "there is no proof" : `the service answered ${status}`);
	} catch (error) {
		if (error instanceof ConnectionError) throw unproved(error.message);
		throw error;
	}
}

function unproved(why: string): TrustError {
	const fix = "nothing was replaced; tell the publisher and the operator, and try again later";
	return new TrustError(`the transparency log is not shown to have what its publisher signed: ${why}`, {
		code: "untrusted",
		fix,
	});
}
