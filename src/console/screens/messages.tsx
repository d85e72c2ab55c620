// Messages of the day: those that are up, and a new one, which is shown as devices get it before it is put up.
import { Facts, Mark, segment, Table, Time, type Tone } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";

interface Message {
	readonly id: string;
	readonly severity: string;
	readonly title: string;
	readonly body: string;
	readonly starts_at: string;
	readonly ends_at: string;
	readonly locales: Readonly<Record<string, unknown>>;
	readonly audience: object;
	readonly fraction: number;
}

const TONES: Readonly<Record<string, Tone>> = { critical: "red", warning: "amber" };
const SEVERITIES = ["info", "warning", "critical"] as const;
const FIELDS = ["severity", "title", "body", "ends_at"] as const;

export async function showMessages(c: ConsoleContext): Promise<Response> {
	const { api, view } = c.var;
	const { messages } = await api.get<{ messages: Message[] }>("/v1/messages/all");
	return render(
		c,
		"Messages",
		"messages",
		<>
			{view.operates && (
				<p>
					<a href="/console/messages/new">Write a message</a>
				</p>
			)}
			<Table
				label="Messages"
				head={["Message", "Severity", "Text", "Shown", "Until", "To", "In", "Next"]}
				empty="None is up."
				rows={messages.map((one) => [
					one.title,
					<Mark tone={TONES[one.severity] ?? "plain"}>{one.severity}</Mark>,
					one.body,
					<Time at={one.starts_at} />,
					<Time at={one.ends_at} />,
					`${JSON.stringify(one.audience) === "{}" ? "everybody" : JSON.stringify(one.audience)}, ${Math.round(one.fraction * 100)} %`,
					Object.keys(one.locales).join(", ") || "–",
					view.operates ? <a href={`/console/messages/${segment(one.id)}/take-down`}>Take down</a> : "–",
				])}
			/>
		</>,
	);
}

/** The form, and beside it, once something was written, what would be put up. */
export function writeMessage(c: ConsoleContext): Response {
	const { severity = "info", title = "", body = "", ends_at: ends = "" } = c.req.query();
	return render(
		c,
		"Write a message",
		"messages",
		<>
			{title !== "" && (
				<article class="amber">
					<h2>{title}</h2>
					<p>{body}</p>
					<Facts
						of={[
							["Severity", severity],
							["Until", ends],
						]}
					/>
					<form method="post" action="/console/messages">
						<input type="hidden" name="form" value={c.var.session.form} />
						{FIELDS.map((name) => (
							<input type="hidden" name={name} value={c.req.query(name) ?? ""} />
						))}
						<button type="submit">Show it to every device</button>
					</form>
				</article>
			)}
			<form method="get" class="narrow">
				<label>
					Severity
					<select name="severity">
						{SEVERITIES.map((one) => (
							<option selected={one === severity}>{one}</option>
						))}
					</select>
				</label>
				<label>
					Title
					<input name="title" required value={title} />
				</label>
				<label>
					Text
					<textarea name="body" required>
						{body}
					</textarea>
				</label>
				<label>
					Until, in UTC (as 2026-12-31T00:00:00Z)
					<input name="ends_at" required value={ends} />
				</label>
				<button type="submit" class="secondary">
					Preview
				</button>
			</form>
			<p>An audience, languages and a part of the fleet: parapet message create.</p>
		</>,
	);
}

export async function putUp(c: ConsoleContext): Promise<Response> {
	const { api, form } = c.var;
	await api.send("POST", "/v1/messages", Object.fromEntries(FIELDS.map((name) => [name, form.get(name) ?? ""])));
	return c.redirect("/console/messages", 303);
}
