// Releases with rule indexes, for tests of what the service says by them.
import { makePackage, upload } from "../../support/fleet.ts";
import { indexText } from "../../support/rule-index.ts";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { operated, send } from "../../support/service.ts";

/** Of Suricata. @param cve as in `reference:cve,…` */
export function suricataRule(sid: number, { action = "alert", msg = `rule ${sid}`, cve = "" } = {}): string {
	const reference = cve === "" ? "" : `reference:cve,${cve}; `;
	return `${action} tcp any any -> any any (msg:"${msg}"; ${reference}sid:${sid};)\n`;
}

/** Hands in an index. @param query with its question mark */
export async function sendIndex(
	{ product, version }: { readonly product: string; readonly version: string },
	text: string,
	{ query = "", digest = "" } = {},
): Promise<Response> {
	const index = await makePackage(text);
	return send(`/v1/products/${product}/releases/${version}/rule-index${query}`, {
		method: "PUT",
		headers: {
			authorization: `Bearer ${TEST_SECRETS.BOOTSTRAP_KEY}`,
			"content-length": String(index.bytes.length),
			"repr-digest": digest || index.digest,
		},
		body: index.bytes,
	});
}

/** Uploads, indexes and releases. @returns the index */
export async function publishRules(
	product: string,
	version: string,
	rules: string,
	metadata: Record<string, unknown> = {},
): Promise<string> {
	const made = await makePackage(`# ${product}\n${rules}`);
	await upload(product, version, made);
	const text = indexText({ "a.rules": rules }, made.sha256);
	const answer = await sendIndex({ product, version }, text);
	if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
	await operated("PUT", `/v1/products/${product}/releases/${version}`, metadata);
	return text;
}
