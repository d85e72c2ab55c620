// Connections for an Account that has many records to write: the platform lets one object have six at a time, and an object beside it six
// more. It keeps nothing, decides nothing and orders nothing: what is written when, and what becomes of a put that nobody knows the end of,
// stays with the Account's outbox.
import { DurableObject } from "cloudflare:workers";
import type { ObjectBindings } from "../bindings.ts";

export class RecordWriter extends DurableObject<ObjectBindings> {
	/**
	 * @param text the record as it is to stand in KV, sealed
	 * @throws as KV does
	 */
	async put(key: string, text: string): Promise<void> {
		await this.env.RECORDS.put(key, text);
	}
}
