// The way through all records of a deployment, a page at a time: products, then accounts, then what all devices share, so
// that `heads` comes after everything it points to. Keeps to a pace, waits when the server asks for it, and can start again
// at any page.

import { z } from "zod";
import type { OperatorApi } from "../../http/operator-api.ts";
import { CALL_INTERVAL_MS, type Patience, patiently } from "../../http/patience.ts";
import { parseJson } from "../../json.ts";
import type { Surroundings } from "../../terminal/output.ts";

const owner = z.union([
	z.strictObject({ product: z.string() }),
	z.strictObject({ account: z.string() }),
	z.strictObject({ directory: z.literal(true) }),
]);
export type Owner = z.infer<typeof owner>;

const place = z.strictObject({ owner, after: z.string().nullable() });
/** A page: whose, and after which record; null = the first of that owner. */
export type Place = z.infer<typeof place>;

/** @returns the place as one word for a command line */
export function formatPlace(at: Place): string {
	return Buffer.from(JSON.stringify(at)).toString("base64url");
}

/** @returns the place in a word of `formatPlace`, null if it is none */
export function parsePlace(text: string): Place | null {
	const read = place.safeParse(parseJson(Buffer.from(text, "base64url").toString("utf8")));
	return read.success ? read.data : null;
}

/** What every page says, whatever else it says. */
export const pageAnswer = z.looseObject({ records: z.int().nonnegative(), next: z.string().nullable() });

export interface WalkOptions<Page extends z.infer<typeof pageAnswer>> {
	readonly api: OperatorApi;
	readonly surroundings: Surroundings;
	/** ends the walk with an error at the next turn, whatever it waits for */
	readonly signal: AbortSignal;
	readonly owners: readonly Owner[];
	/** index of the first owner, and the place in it */
	readonly start: { readonly index: number; readonly after: string | null };
	readonly path: string;
	/** what is tried, for errors */
	readonly what: string;
	readonly answer: z.ZodType<Page>;
	readonly store: string | undefined;
	/** records a second; undefined = as fast as calls are taken */
	readonly rate: number | undefined;
}

export interface Step<Page> {
	readonly page: Page;
	readonly owner: Owner;
	/** owners that are done with */
	readonly done: number;
	/** null at the end */
	readonly next: Place | null;
}

const RECORDS_PER_PAGE = 200;
/** Enough for the slowest store to take a page. */
const TRIES = 12;

/** Asks for page after page. @throws what a call throws, once waiting does not help */
export async function* walkRecords<Page extends z.infer<typeof pageAnswer>>(
	options: WalkOptions<Page>,
): AsyncGenerator<Step<Page>> {
	const { api, surroundings, signal, owners, path, what, answer, store, rate } = options;
	const limit = Math.min(RECORDS_PER_PAGE, rate ?? RECORDS_PER_PAGE);
	let { index, after } = options.start;
	for (let current = owners[index]; current !== undefined; current = owners[index]) {
		const startedMs = surroundings.nowMs();
		const asked = { owner: current, limit, ...(store && { store }), ...(after !== null && { after }) };
		const page = await patiently({ surroundings, signal, tries: TRIES }, () =>
			api.call("POST", path, what, answer, asked, signal),
		);
		after = page.next;
		if (after === null) index += 1;
		const following = owners[index];
		yield {
			page,
			owner: current,
			done: index,
			next: following === undefined ? null : { owner: following, after },
		};
		const pauseMs = Math.max(CALL_INTERVAL_MS, rate === undefined ? 0 : (page.records * 1_000) / rate);
		const leftMs = startedMs + pauseMs - surroundings.nowMs();
		if (following !== undefined && leftMs > 0) await surroundings.sleep(leftMs, signal);
	}
}

/** Everybody who owns records, in the order of the walk. New accounts come at the end, so a place stays a place. */
export async function listOwners(
	asked: Pick<Patience, "surroundings" | "signal"> & { readonly api: OperatorApi },
): Promise<Owner[]> {
	const { api, signal } = asked;
	const ask = <T>(path: string, what: string, schema: z.ZodType<T>) =>
		patiently({ ...asked, tries: TRIES }, () => api.call("GET", path, what, schema, undefined, signal));
	const productList = z.looseObject({ products: z.array(z.looseObject({ product: z.string() })) });
	const accountList = z.looseObject({
		accounts: z.array(z.looseObject({ account: z.string() })),
		next: z.string().nullable(),
	});
	const { products } = await ask("/v1/products", "could not list products", productList);
	const owners: Owner[] = products.map(({ product }) => ({ product }));
	for (let cursor: string | null = ""; cursor !== null; ) {
		const query = `?limit=1000${cursor === "" ? "" : `&after=${encodeURIComponent(cursor)}`}`;
		const list: z.infer<typeof accountList> = await ask(`/v1/accounts${query}`, "could not list accounts", accountList);
		for (const { account } of list.accounts) owners.push({ account });
		cursor = list.next;
	}
	return [...owners, { directory: true }];
}
