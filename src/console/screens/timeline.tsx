// What is known of one device in the order in which it happened, newest first: the times of its state, and its entries in the trail.
import { link, Table, Time } from "../layout.tsx";
import type { ConsoleContext } from "../render.tsx";
import type { Device } from "./devices.tsx";

interface Events {
	readonly events: readonly { at: string; type: string; actor: string; detail: string }[];
	readonly next: string;
	readonly more: boolean;
}
interface Moment {
	readonly at: string;
	readonly what: string;
	readonly who: string;
	readonly detail: string;
}

const SHOWN = 50;
/** Of 10,000 entries of the account's trail each. */
const MAX_PAGES = 5;

export async function readTimeline(
	c: ConsoleContext,
	device: Device,
): Promise<{ moments: Moment[]; isWhole: boolean }> {
	const path = `/v1/accounts/${encodeURIComponent(device.account)}/events`;
	const events: Moment[] = [];
	let page: Events | undefined;
	for (let asked = 0; asked < MAX_PAGES && page?.more !== false; asked++) {
		page = await c.var.api.get<Events>(path, { device: device.device, after: page?.next, limit: "500" });
		events.push(...page.events.map(({ at, type, actor, detail }) => ({ at, what: type, who: actor, detail })));
	}
	const moments = [...events, ...momentsOf(device)].toSorted((one, two) => (one.at < two.at ? 1 : -1));
	return { moments: moments.slice(0, SHOWN), isWhole: page?.more === false && moments.length <= SHOWN };
}

/** What the state alone has, which keeps the last of each. */
function momentsOf({ products, seen_at, problem, problem_at }: Device): Moment[] {
	const own = (at: string | null, what: string, detail: string | null): Moment[] =>
		at === null ? [] : [{ at, what, who: "the device", detail: detail ?? "" }];
	return [
		...own(seen_at, "last heard of, to the hour", null),
		...own(problem_at, "refused a permit", problem),
		...products.flatMap((one) => [
			...own(one.offered_at, "first offered what it has not installed", `${one.product} ${one.offered}`),
			...own(one.permitted_at, "got a permit", `${one.product} ${one.permitted}`),
			...own(one.downloaded_at, "downloaded", one.product),
			...own(
				one.outcome_at,
				(one.outcome ?? "reported").replace("_", " "),
				[one.product, one.outcome_version, one.reason, one.detail].filter(Boolean).join(" "),
			),
		]),
	];
}

export function Timeline({ device, of }: { device: Device; of: Awaited<ReturnType<typeof readTimeline>> }) {
	return (
		<>
			<h2>Timeline</h2>
			<Table
				label="Timeline"
				head={["When", "What", "Who", "Detail"]}
				empty="Nothing happened yet."
				rows={of.moments.map(({ at, what, who, detail }) => [<Time at={at} />, what, who, detail || "–"])}
			/>
			<p>
				<a href={link("/console/trail", { account: device.account, device: device.device })}>
					{of.isWhole ? "Its trail" : "Its whole trail"}
				</a>
				, and of requests: <code>parapet history query</code>, where it is <code>{device.pseudonym}</code> this month.
			</p>
		</>
	);
}
