// The trail: who did what, when and by which key, of the deployment, an account or a product. Oldest first, as it is followed.
import { link, Table, Time } from "../layout.tsx";
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

export async function showTrail(c: ConsoleContext): Promise<Response> {
	const { view, api } = c.var;
	const { after, type, device } = c.req.query();
	const account = accountSeen(c) ?? (view.seesAll ? null : (view.accounts[0] ?? null));
	const product = account === null ? c.req.query("product") || (view.seesAll ? null : view.products[0]) : null;
	const path =
		account !== null
			? `/v1/accounts/${encodeURIComponent(account)}/events`
			: product != null
				? `/v1/products/${encodeURIComponent(product)}/events`
				: "/v1/events";
	const of = { account: account ?? undefined, product: product ?? undefined, device, type };
	const asked = { type, after, limit: "100", ...(account !== null && { device }) };
	const { events, next, more } = await api.get<Events>(path, asked);
	return render(
		c,
		"Trail",
		"trail",
		<>
			<p>Of {account ?? product ?? "the deployment"}, oldest first.</p>
			<form method="get" class="filters">
				{(["account", "product", "device", "type"] as const).map((name) => (
					<label>
						{name === "type" ? "Type, or its beginning" : `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`}
						<input name={name} value={of[name] ?? ""} />
					</label>
				))}
				<button type="submit">Show</button>
			</form>
			<Table
				label="Events"
				head={["When", "What", "Who", "About", "Detail", "Key", "Address", "Request"]}
				empty="Nothing from here on."
				rows={events.map((one) => [
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
			{more && <a href={link("/console/trail", { ...of, after: next })}>Later ones</a>}
		</>,
	);
}
