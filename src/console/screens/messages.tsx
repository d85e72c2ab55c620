// Messages of the day: those that are up, and of one who has not seen or acknowledged it.
import type { z } from "zod";
import type { receiptsBody } from "../../routes/operator/messages/receipts.ts";
import { Facts, link, Mark, segment, Table, Time, type Tone } from "../layout.tsx";
import { Choices, cursorPage, Pages, pageOf } from "../lists.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { devicePage } from "./choose.tsx";
import { describeAudience, MessageTexts, type Texts } from "./message-texts.tsx";

interface Message extends Texts {
	readonly id: string;
	readonly severity: string;
	readonly starts_at: string;
	readonly ends_at: string;
	readonly audience: object;
	readonly fraction: number;
}
type Receipts = z.infer<typeof receiptsBody>;
type State = Receipts["receipts"][number]["state"];

const TONES: Readonly<Record<string, Tone>> = { critical: "red", warning: "amber" };
const STATES: Readonly<Record<State, Tone>> = { not_seen: "red", fetched: "amber", acknowledged: "green" };
const PATH = "/console/messages";
/** Devices that a page of receipts looks at. */
const LOOKED_AT = "200";

export async function showMessages(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const { messages } = await api.get<{ messages: Message[] }>("/v1/messages/all");
	const list = pageOf(c, messages, "messages");
	return render(
		c,
		"Messages",
		"messages",
		<>
			{view.operates && (
				<p>
					<a href={`${PATH}/new`}>Write a message</a>
				</p>
			)}
			<Table
				label="Messages"
				head={["Message", "Severity", "Text", "Shown", "Until", "To", "In", "Next"]}
				empty="None is up."
				rows={list.rows.map((one) => [
					<a href={`${PATH}/${segment(one.id)}`}>{one.title}</a>,
					<Mark tone={TONES[one.severity] ?? "plain"}>{one.severity}</Mark>,
					one.body,
					<Time at={one.starts_at} />,
					<Time at={one.ends_at} />,
					whom(one),
					Object.keys(one.locales).join(", ") || "–",
					<a href={link(`${PATH}/${segment(one.id)}`, { state: "not_seen" })}>who has not seen it</a>,
				])}
			/>
			<Pages of={list} />
		</>,
	);
}

export async function showMessage(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const id = c.req.param("message") ?? "";
	const { state, after } = c.req.query();
	const [{ messages }, { receipts, counts, next }] = await Promise.all([
		api.get<{ messages: Message[] }>("/v1/messages/all"),
		api.get<Receipts>(`/v1/messages/${segment(id)}/receipts`, { state, after, limit: LOOKED_AT }),
	]);
	// Who had it can be asked for some time after its end.
	const message = messages.find((one) => one.id === id);
	const path = `${PATH}/${segment(id)}`;
	const order = Object.keys(STATES);
	const sorted = receipts.toSorted((one, two) => order.indexOf(one.state) - order.indexOf(two.state));
	const list = cursorPage(c, sorted, next);
	return render(
		c,
		message?.title ?? "A message that has ended",
		"messages",
		<>
			{message && (
				<>
					<article class={TONES[message.severity] ?? "plain"}>
						<MessageTexts of={message} />
					</article>
					<Facts
						of={[
							["Severity", message.severity],
							["Shown", <Time at={message.starts_at} />],
							["Until", <Time at={message.ends_at} />],
							["To", whom(message)],
							["Message", <code>{id}</code>],
						]}
					/>
					{view.operates && (
						<p class="actions">
							<a class="button outline" href={`${path}/take-down`}>
								Take down
							</a>
						</p>
					)}
				</>
			)}
			<h2>Who has it</h2>
			<Choices
				what="Devices"
				of={[
					["all", path] as const,
					...order.map((one) => [one.replace("_", " "), link(path, { state: one })] as const),
				]}
				chosen={state?.replace("_", " ") ?? "all"}
			/>
			<p>
				Of the devices that this page has looked at, <Mark tone="red">{counts.not_seen}</Mark> have not seen it,{" "}
				<Mark tone="amber">{counts.fetched}</Mark> have fetched it and <Mark tone="green">{counts.acknowledged}</Mark>{" "}
				have acknowledged it.
			</p>
			<Table
				label="Receipts"
				head={["Device", "State", "Serial", "Account", "Fetched", "Acknowledged", "By"]}
				empty="No device of this page."
				rows={list.rows.map((one) => [
					<a href={devicePage(one.device)}>{one.device}</a>,
					<Mark tone={STATES[one.state]}>{one.state.replace("_", " ")}</Mark>,
					one.serial,
					<a href={link("/console/devices", { account: one.account })}>{one.account}</a>,
					<Time at={one.fetched_at} />,
					<Time at={one.acknowledged_at} />,
					one.acknowledged_by ?? "–",
				])}
			/>
			<Pages of={list} />
		</>,
	);
}

function whom({ audience, fraction }: Message): string {
	return `${describeAudience(audience)}${fraction === 1 ? "" : `, ${Math.round(fraction * 100)} %`}`;
}
