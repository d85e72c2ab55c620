// One device: what it is, what is known of each of its products, and why it gets what it gets, the whole of `explain`.
import type { z } from "zod";
import { describeRequirement } from "../../content/requires/requires.ts";
import type { explanationBody } from "../../routes/device/explain/explain-body.ts";
import { actionLinks } from "../actions.tsx";
import { type Fork, forkOf, LineText } from "../forks.tsx";
import { Facts, link, Mark, Table, Time } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { operatesAccount } from "../view.ts";
import { devicePage } from "./choose.tsx";
import { type Device, stateOf } from "./devices.tsx";
import { readTimeline, Timeline } from "./timeline.tsx";

type Explanation = z.infer<typeof explanationBody>;

const ACTIONS = {
	active: ["suspend", "revoke"],
	suspended: ["reinstate", "revoke"],
	revoked: [],
	deactivated: [],
} as const;
const NEXT: Readonly<Record<string, string>> = {
	red: "Look at why below, and at the reason that it gave.",
	amber: "See below what it waits for.",
	green: "Nothing is to be done.",
	plain: "It gets nothing any more.",
};

export async function showDevice(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const id = c.req.param("device") ?? "";
	const path = `/v1/devices/${encodeURIComponent(id)}`;
	const device = await api.get<Device>(path);
	const known = device.products.map(({ product }) => product);
	const asked = c.req.query("product") || known[0];
	const [told, fork, timeline] = await Promise.all([
		asked === undefined ? null : api.get<Explanation>(`${path}/explain`, { product: asked, at: c.req.query("at") }),
		forkOf(c, device.account, id),
		readTimeline(c, device),
	]);
	const { tone, word } = stateOf(device);
	return render(
		c,
		device.serial,
		"devices",
		<>
			<p>
				<Mark tone={tone}>{word}</Mark>: {NEXT[tone]}
			</p>
			{fork !== null && <TwoCopies of={fork} canSay={operatesAccount(view, id)} />}
			{operatesAccount(view, id) && actionLinks(devicePage(id), ACTIONS[device.status])}
			<Facts
				of={[
					["Device", <code>{id}</code>],
					["Account", <a href={link("/console/devices", { account: device.account })}>{device.account}</a>],
					["Model", device.model],
					["License", device.license],
					["Seat", device.has_seat ? "yes" : "none"],
					["Seen", <Time at={device.seen_at} />],
					["Engine", device.engine],
					["Country, data centre", [device.country, device.colo].filter(Boolean).join(", ")],
					["Last problem with a permit", device.problem],
					["Updates rest on", <Trust of={device.trust} />],
					["HA group", device.ha_group],
					[
						"Labels",
						Object.entries(device.labels)
							.map(([name, value]) => `${name}=${value}`)
							.join(", "),
					],
					["Activated", <Time at={device.activated_at} />],
					["Replaces", device.replaces],
					["Replaced by", device.replaced_by],
					["Name in logs", <code>{device.pseudonym}</code>],
				]}
			/>
			<h2>Products</h2>
			<Table
				label="Products"
				head={["Product", "Installed", "Offered", "Last permit", "Outcome", "Reason", "In its own word", "Changed"]}
				empty="It has said nothing of any product yet."
				rows={device.products.map((one) => [
					<a href={link(devicePage(id), { product: one.product })}>{one.product}</a>,
					one.installed ?? "–",
					one.offered ?? "–",
					one.permitted === null ? (
						"–"
					) : (
						<>
							{one.permitted} <Time at={one.permitted_at} />
						</>
					),
					one.outcome === null ? "–" : `${one.outcome} ${one.outcome_version ?? ""}`,
					one.reason ?? "–",
					one.detail ?? "–",
					<Time at={one.changed_at} />,
				])}
			/>
			<form method="get" class="filters">
				<label>
					Explain the product
					<input name="product" required value={asked ?? ""} />
				</label>
				<label>
					At (as 2026-12-31T00:00:00Z; empty is now)
					<input name="at" value={c.req.query("at") ?? ""} />
				</label>
				<button type="submit">Explain</button>
			</form>
			{told !== null && <Explained told={told} />}
			<Timeline device={device} of={timeline} />
		</>,
	);
}

function Trust({ of }: { of: Device["trust"] }) {
	if (of === null) return <>not said yet</>;
	const { tls_root: tls, tuf_root: tuf, certificate_ends: certificate } = of;
	if (tls === null && tuf === null && certificate === null) return <>nothing that ends</>;
	return (
		<>
			{tls !== null && (
				<>
					TLS root {tls.name} until <Time at={tls.ends} />{" "}
				</>
			)}
			{tuf !== null && (
				<>
					TUF root {tuf.version} until <Time at={tuf.ends} />{" "}
				</>
			)}
			{certificate !== null && (
				<>
					its certificate until <Time at={certificate} />
				</>
			)}
		</>
	);
}

function TwoCopies({ of: { device, forked_at, lines }, canSay }: { of: Fork; canSay: boolean }) {
	return (
		<article class="red">
			<p>
				<strong>Two copies of it live</strong>, known since <Time at={forked_at} />: one appliance was cloned, or its
				key was taken. Both keep what they have.
			</p>
			<ul>
				{lines.map((one) => (
					<li>
						<LineText of={one} />
					</li>
				))}
			</ul>
			{canSay && actionLinks(devicePage(device), ["resolve"])}
		</article>
	);
}

function Explained({ told }: { told: Explanation }) {
	const { answer, entitlement } = told;
	return (
		<>
			<h2>{`Why: ${told.product}`}</h2>
			<p>
				<strong>
					{answer.version === null ? `${answer.status}: nothing is offered` : `${answer.status} ${answer.version}`}
				</strong>{" "}
				({answer.reason}). {entitlement.title}. {entitlement.fix}
			</p>
			<Facts
				of={[
					["At", <Time at={told.at} />],
					["Entitlement", `${entitlement.decision}: ${entitlement.code}`],
					["Until", <Time at={entitlement.until} />],
					["Channel", told.channel],
					["Installed", told.installed],
					["Engine", told.engine],
					[
						"May install next",
						told.install === null ? (
							"–"
						) : (
							<>
								{told.install.version} from <Time at={told.install.at} />
							</>
						),
					],
					["Nothing changes by time until", <Time at={told.changes_at} />],
					["Lacks of other products", answer.blocked_by?.map(describeBlocker).join("; ") ?? "nothing"],
					["Held back by other products", answer.held_by?.map(describeHolder).join("; ") ?? "nothing"],
					["Seat", told.holds_seat ? "held" : "none"],
					["Rules left out", told.disabled_rules.join(", ")],
				]}
			/>
			<Table
				label="Releases"
				head={["Release", "Verdict", "Ready", "Rollout"]}
				empty="No release is looked at."
				rows={told.releases.map((one) => [
					one.version,
					one.verdict,
					<Time at={one.ready_at} />,
					one.rollout === null
						? "everybody may have it"
						: `${one.rollout.step}${one.rollout.permit === null ? "" : `, permit: ${one.rollout.permit}`}`,
				])}
			/>
			<Table
				label="What time will change"
				head={["When", "What", "Then"]}
				empty="Time alone changes nothing."
				rows={told.changes.map(({ at, what, answer: then }) => [
					<Time at={at} />,
					what.replaceAll("_", " "),
					`${then.status} ${then.version ?? ""} (${then.reason})`,
				])}
			/>
			<Table
				label="Suspensions"
				head={["When", "What", "Who", "Why"]}
				empty="Neither it nor its license was suspended or revoked."
				rows={told.suspensions.map(({ at, type, actor, reason }) => [<Time at={at} />, type, actor, reason || "–"])}
			/>
			<details>
				<summary>All of the explanation, as the API gives it</summary>
				<pre tabindex={0}>{JSON.stringify(told, null, 2)}</pre>
			</details>
		</>
	);
}

function describeBlocker({
	version,
	installed,
	reason,
	...requirement
}: NonNullable<Explanation["answer"]["blocked_by"]>[number]): string {
	return `${version} requires ${describeRequirement(requirement)}, has ${installed ?? "none"} (${reason.replaceAll("_", " ")})`;
}

function describeHolder({
	version,
	product,
	installed,
	requires,
}: NonNullable<Explanation["answer"]["held_by"]>[number]): string {
	return `${version} by ${product} ${installed}, which requires ${describeRequirement(requires)}`;
}
