// The demo's way into the console: a key for whoever looks at it, and a link that signs in with it. Not the bootstrap key, which has
// uploaded the demo's releases: nobody lets out alone what they uploaded, and in the console somebody wants to.
import { z } from "zod";
import { anyAnswer } from "../../http/answers.ts";
import { createOperatorApi, type OperatorApi } from "../../http/operator-api.ts";
import { makeSignInLink } from "../console.ts";
import type { StepResult } from "./steps.ts";

const SUBJECT = "demo-operator";
/** As long as a session. */
const KEY_HOURS = 8;

export interface Visitor {
	/** of the key */
	readonly id: string;
	readonly api: OperatorApi;
}

const listing = z.looseObject({
	keys: z.array(z.looseObject({ id: z.string(), subject: z.string(), revoked: z.boolean() })),
});
const made = z.looseObject({ id: z.string(), key: z.string() });

/** Keys of earlier runs end, and the sessions with them. */
export async function makeVisitor(api: OperatorApi, nowMs: () => number): Promise<Visitor> {
	const { keys } = await api.call("GET", "/v1/keys", "could not list keys", listing);
	for (const { id } of keys.filter((one) => one.subject === SUBJECT && !one.revoked))
		await api.call("DELETE", `/v1/keys/${id}`, "could not revoke the key", anyAnswer);
	const ends = new Date(nowMs() + KEY_HOURS * 3_600_000).toISOString();
	const { id, key } = await api.call("POST", "/v1/keys", "could not create the key", made, {
		...{ subject: SUBJECT, scopes: ["operate"], expires_at: ends },
	});
	return { id, api: createOperatorApi({ server: api.server, key, nowMs }) };
}

export async function openConsole({ id, api }: Visitor): Promise<StepResult<string>> {
	const { url } = await makeSignInLink(api);
	const line = `${id} of ${SUBJECT}, for ${KEY_HOURS} hours; the link below signs in with it, once`;
	return { value: url, facts: { key: id, subject: SUBJECT, link: url }, line };
}
