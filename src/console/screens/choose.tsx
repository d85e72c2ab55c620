// What a screen is about where its address does not say: the accounts and products that the key may see.
import type { Child } from "hono/jsx";
import { link, segment, Table, Time } from "../layout.tsx";
import { Choices, cursorPage, Pages } from "../lists.tsx";
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

/** A page of accounts, each of which leads to the screen. @param path of the screen @param before what stands above them */
export async function chooseAccount(
	c: ConsoleContext,
	title: string,
	screen: Screen,
	path = `/console/${screen}`,
	before: Child = null,
): Promise<Response> {
	const { view, api } = c.var;
	const own = { accounts: view.accounts.map((account) => ({ account, name: account, created_at: null })), next: null };
	const { accounts, next } = view.seesAll
		? await api.get<Accounts>("/v1/accounts", { after: c.req.query("after"), limit: "100" })
		: own;
	return render(
		c,
		title,
		screen,
		<>
			{before}
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
			<Pages of={cursorPage<unknown>(c, accounts, next)} />
		</>,
	);
}

/** Choice among products. */
export function ProductLinks({ path, products }: { path: string; products: readonly string[] }) {
	return <Choices what="Product" of={products.map((product) => [product, link(path, { product })] as const)} />;
}

export function devicePage(device: string): string {
	return `/console/devices/${segment(device)}`;
}
