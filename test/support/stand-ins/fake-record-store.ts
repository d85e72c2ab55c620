// A record store in memory that can fail before or after it has stored, or not answer at all, and that notices when its
// users break what they promise: that no revision ever changes, that one version is one body, that versions never go
// back, and that `heads` never points to what is not there.
import {
	type FoundRecord,
	formatRecord,
	isRevisionKey,
	parseRecord,
	type RecordResult,
	type RecordStore,
	RecordStoreError,
	type StoredRecord,
} from "../../../src/storage/record-store.ts";

export type Fault = "before" | "after" | "hang";

export class FakeRecordStore implements RecordStore {
	readonly texts = new Map<string, string>();
	/** every put that reached the store, stored or not, as "key version" */
	readonly puts: string[] = [];
	readonly gets: string[] = [];
	readonly deletes: string[] = [];
	readonly violations: string[] = [];
	/** whether an older version arriving after a newer one is the writer's fault */
	ordered = true;
	faultOf: (operation: "get" | "put" | "delete", key: string) => Fault | null = () => null;
	/** runs before a get is answered; what it waits for is how long the answer takes */
	onGet: (key: string) => void | Promise<void> = () => {};
	/** runs before a put takes effect */
	onPut: (key: string, record: StoredRecord) => void | Promise<void> = () => {};

	/** Every operation fails so, until `repair`. */
	break(fault: Fault): void {
		this.faultOf = () => fault;
	}

	repair(): void {
		this.faultOf = () => null;
	}

	versionOf(key: string): number | null {
		const text = this.texts.get(key);
		return text === undefined ? null : parseRecord(key, text).version;
	}

	bodyOf<T>(key: string): T {
		const text = this.texts.get(key);
		if (text === undefined) throw new Error(`nothing at ${key}`);
		return parseRecord(key, text).body as T;
	}

	async get(key: string): Promise<FoundRecord | null> {
		this.gets.push(key);
		await this.onGet(key);
		const fault = this.faultOf("get", key);
		if (fault === "hang") await new Promise(() => {});
		if (fault !== null) throw new RecordStoreError("unreachable", key);
		const text = this.texts.get(key);
		return text === undefined ? null : parseRecord(key, text);
	}

	async getMany(keys: readonly string[]): Promise<readonly RecordResult[]> {
		return Promise.all(keys.map((key) => this.get(key).catch((error: RecordStoreError) => error)));
	}

	async put(key: string, record: StoredRecord): Promise<"stored" | "superseded"> {
		await this.onPut(key, record);
		const fault = this.faultOf("put", key);
		if (fault === "hang") await new Promise(() => {});
		if (fault === "before") throw new RecordStoreError("unreachable", key);
		const outcome = this.#store(key, record);
		if (fault === "after") throw new RecordStoreError("unreachable", key);
		return outcome;
	}

	async delete(key: string): Promise<void> {
		const fault = this.faultOf("delete", key);
		if (fault === "hang") await new Promise(() => {});
		if (fault === "before") throw new RecordStoreError("unreachable", key);
		this.deletes.push(key);
		if (!isRevisionKey(key)) this.violations.push(`${key} deleted`);
		this.texts.delete(key);
		const heads = this.texts.get("heads");
		if (heads !== undefined) this.#checkHeads(parseRecord("heads", heads).body as Heads);
		if (fault === "after") throw new RecordStoreError("unreachable", key);
	}

	#store(key: string, record: StoredRecord): "stored" | "superseded" {
		this.puts.push(`${key} ${record.version}`);
		const text = formatRecord(key, record);
		const present = this.#presentVersion(key);
		if (present !== null) {
			if (isRevisionKey(key) && this.texts.get(key) !== text) this.violations.push(`${key} changed`);
			if (present === record.version && this.texts.get(key) !== text) this.violations.push(`${key} ${present} is two`);
			if (present > record.version) {
				if (this.ordered) this.violations.push(`${key} went back from ${present} to ${record.version}`);
				return "superseded";
			}
		}
		if (key === "heads") this.#checkHeads(record.body as Heads);
		this.texts.set(key, text);
		return "stored";
	}

	#presentVersion(key: string): number | null {
		try {
			return this.versionOf(key);
		} catch {
			return null;
		}
	}

	#checkHeads(heads: Heads): void {
		const pointers = Object.entries(heads.products).map(([product, revision]) => `product:${product}@${revision}`);
		if (heads.messages > 0) pointers.push(`messages@${heads.messages}`);
		if (heads.denied > 0) pointers.push(`denied@${heads.denied}`);
		for (const key of pointers)
			if (!this.texts.has(key)) this.violations.push(`heads points to ${key}, which is absent`);
	}
}

interface Heads {
	readonly products: Record<string, number>;
	readonly messages: number;
	readonly denied: number;
}
