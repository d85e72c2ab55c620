// What a screen is about where its address does not say: the accounts and products that the key may see.
import { link, segment, Table, Time } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import type { Screen } from "../view.ts";

interface Accounts {
	readonly accounts: readonly { account: string; name: string; created_at: string; closed_at: string | null }[];
	readonly next: string | null;
}

/** Names of the products whose rollouts and releases the key may see; with `?product=` that one alone. */
export async function productsSeen(c: ConsoleContext): Promise<string[]> {
	const { view, api } = c.var;
	const asked = c.req.query("product");
	if (asked) return [asked];
	if (!view.seesAll) return [...view.products];
	const { products } = await api.get<{ products: { product: string }[] }>("/v1/products");
	return products.map(({ product }) => product);
}

/** The account that the address names, or the only one that the key may see; null = one has to be chosen. */
export function accountSeen(c: ConsoleContext): string | null {
	const { view } = c.var;
	return c.req.query("account") || (!view.seesAll && view.accounts.length === 1 ? (view.accounts[0] ?? null) : null);
}

/** A page of accounts, each of which leads to the screen. */
export async function chooseAccount(c: ConsoleContext, title: string, screen: Screen): Promise<Response> {
	const { view, api } = c.var;
	const path = `/console/${screen}`;
	const own = { accounts: view.accounts.map((account) => ({ account, name: account, created_at: null })), next: null };
	const { accounts, next } = view.seesAll
		? await api.get<Accounts>("/v1/accounts", { after: c.req.query("after"), limit: "100" })
		: own;
	return render(
		c,
		title,
		screen,
		<>
			<p>Choose an account.</p>
			<Table
				label="Accounts"
				head={["Account", "Name", "Since"]}
				empty="There is no account yet: parapet account create makes one."
				rows={accounts.map(({ account, name, created_at }) => [
					<a href={link(path, { account })}>{account}</a>,
					name,
					<Time at={created_at} />,
				])}
			/>
			{next !== null && <a href={link(path, { after: next })}>More accounts</a>}
		</>,
	);
}

/** Choice among products, where there are several. */
export function ProductLinks({ path, products }: { path: string; products: readonly string[] }) {
	return (
		<p>
			Product:{" "}
			{products.map((product) => (
				<>
					<a href={link(path, { product })}>{product}</a>{" "}
				</>
			))}
		</p>
	);
}

export function devicePage(device: string): string {
	return `/console/devices/${segment(device)}`;
}
