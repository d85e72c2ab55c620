// The trail: who did what, when and by which key, of the deployment, an account or a product. Newest first, unless asked otherwise.
import { Table, Time } from "../layout.tsx";
import { cursorPage, type Filter, Filters, Pages } from "../lists.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { accountSeen } from "./choose.tsx";

interface Events {
	readonly events: readonly {
		id: string;
		at: string;
		type: string;
		actor: string;
		subject: string;
		detail: string;
		key: string | null;
		request_id: string | null;
		address: string | null;
	}[];
	readonly next: string;
	readonly more: boolean;
}

const PAGE = "100";
const FILTERS: readonly Filter[] = [
	["account", "Account"],
	["product", "Product"],
	["device", "Device, of an account"],
	["type", "Type, or its beginning"],
	["order", "First", [["oldest", "the oldest"]], "the newest"],
];

export async function showTrail(c: ConsoleContext): Promise<Response> {
	const { view, api } = c.var;
	const { after, type, device, order } = c.req.query();
	const account = accountSeen(c) ?? (view.seesAll ? null : (view.accounts[0] ?? null));
	const product = account === null ? c.req.query("product") || (view.seesAll ? null : view.products[0]) : null;
	const path =
		account !== null
			? `/v1/accounts/${encodeURIComponent(account)}/events`
			: product != null
				? `/v1/products/${encodeURIComponent(product)}/events`
				: "/v1/events";
	const asked = { type, after, order: order || "newest", limit: PAGE, ...(account !== null && { device }) };
	const { events, next, more } = await api.get<Events>(path, asked);
	const page = cursorPage(c, events, more ? next : null);
	return render(
		c,
		"Trail",
		"trail",
		<>
			<p>
				Of {account ?? product ?? "the deployment"}, {asked.order} first.
			</p>
			<Filters of={FILTERS} values={{ account: account ?? "", product: product ?? "", device, type, order }} />
			<Table
				label="Events"
				head={["When", "What", "Who", "About", "Detail", "Key", "Address", "Request"]}
				empty={more ? "Nothing in this part of the trail: go on to the next page." : "Nothing from here on."}
				rows={page.rows.map((one) => [
					<Time at={one.at} />,
					one.type,
					one.actor,
					one.subject,
					one.detail || "–",
					one.key ?? "–",
					one.address ?? "–",
					one.request_id ?? "–",
				])}
			/>
			<Pages of={page} />
		</>,
	);
}
