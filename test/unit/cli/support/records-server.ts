// A plain node:http server with records to rebuild and to compare, of as many owners as wanted. It answers, page by page,
// from how many records each owner has, and misbehaves on request.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json, listen, problem, readBody } from "./contract-replies.ts";

export interface AskedPage {
	readonly verb: string;
	readonly owner: string;
	readonly after: string | undefined;
	readonly limit: number;
	readonly store: string | undefined;
}

export interface RecordsServer {
	readonly url: string;
	/** pages that were answered, as "owner after" */
	readonly answered: string[];
	readonly asked: AskedPage[];
	/** "product:crs" → records */
	owners: Record<string, number>;
	/** in place of an answer; null = answer */
	refuse: (page: AskedPage) => { status: number; retryAfter?: number } | null;
	published: (page: AskedPage) => boolean;
	/** of a page of `verify` */
	verified: (page: AskedPage, records: number) => { stores: unknown[]; drift: unknown[] };
	close(): Promise<void>;
}

export async function startRecordsServer(): Promise<RecordsServer> {
	const state: RecordsServer = {
		url: "",
		answered: [],
		asked: [],
		owners: { "product:crs": 1, "product:threats": 1, "account:acct-a": 5, "account:acct-b": 3, directory: 4 },
		refuse: () => null,
		published: () => true,
		verified: (_, same) => ({ stores: [{ store: "kv", same, pending: 0, unanswered: 0, drifted: 0 }], drift: [] }),
		close: async () => {},
	};
	const named = (kind: string) =>
		Object.keys(state.owners).flatMap((name) => (name.startsWith(`${kind}:`) ? [name.slice(kind.length + 1)] : []));
	const server = createServer(async (request, response) => {
		const { pathname, searchParams } = new URL(request.url ?? "/", "http://server");
		if (pathname === "/v1/products") {
			return json(response, 200, { products: named("product").map((product) => ({ product })) });
		}
		if (pathname === "/v1/accounts") {
			// One account a page.
			const at = Number(searchParams.get("after") ?? 0);
			const all = named("account");
			const accounts = all.slice(at, at + 1).map((account) => ({ account }));
			return json(response, 200, { accounts, next: at + 1 < all.length ? String(at + 1) : null });
		}
		const { owner, after, limit, store } = JSON.parse(await readBody(request));
		const [kind = "", id] = Object.entries(owner)[0] ?? [];
		const name = kind === "directory" ? kind : `${kind}:${id}`;
		const page: AskedPage = { verb: pathname.split("/").at(-1) ?? "", owner: name, after, limit, store };
		state.asked.push(page);
		const refusal = state.refuse(page);
		if (refusal !== null) {
			if (refusal.retryAfter !== undefined) response.setHeader("retry-after", String(refusal.retryAfter));
			return problem(response, refusal.status, "unavailable");
		}
		state.answered.push(after === undefined ? name : `${name} ${after}`);
		const start = Number(after ?? 0);
		const end = Math.min(start + limit, state.owners[name] ?? 0);
		const next = end < (state.owners[name] ?? 0) ? String(end) : null;
		const records = end - start;
		const rest = page.verb === "verify" ? state.verified(page, records) : { published: state.published(page) };
		return json(response, 200, { records, next, ...rest });
	});
	await listen(server);
	Object.assign(state, {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		close: () => new Promise<void>((resolve) => server.close(() => resolve())),
	});
	return state;
}
