// RFC 8414 discovery: where the server wants registrations and token requests.

import { CliError } from "../../errors.ts";
import { readAnswer } from "../../http/answers.ts";
import { exchange, type HttpRequest } from "../../http/exchange.ts";
import { refusalFrom } from "../../http/refusal.ts";
import { parseJson } from "../../json.ts";
import { serverMetadata } from "../answers.ts";
import type { ServerMetadata } from "../wire-types.ts";

/**
 * Asks a server for its metadata and makes sure that it speaks for itself.
 * @param server origin @param way see HttpRequest
 * @throws ServerRefusal, ConnectionError; CliError when the metadata belongs to another server
 */
export async function discoverServer(
	server: string,
	nowMs: number,
	way: Pick<HttpRequest, "agent" | "onConnection"> = {},
): Promise<ServerMetadata> {
	const what = `could not read the metadata of ${server}`;
	const url = `${server}/.well-known/oauth-authorization-server`;
	const answer = await exchange({ method: "GET", url, headers: { accept: "application/json" }, ...way });
	if (answer.status >= 400) throw refusalFrom(answer, what, nowMs);
	const metadata = readAnswer(parseJson(answer.text), what, serverMetadata);
	// RFC 8414 §3.3: another issuer here would make us sign assertions for somebody else
	const strangers = [metadata.issuer, metadata.token_endpoint, metadata.registration_endpoint].filter(
		(endpoint) => new URL(endpoint).origin !== server,
	);
	if (metadata.issuer === server && strangers.length === 0) return metadata;
	throw new CliError(`${server} says it is ${metadata.issuer}`, {
		code: "wrong_issuer",
		fix: `use --url ${new URL(metadata.issuer).origin} if that is the server you mean`,
	});
}
