// A new message of the day: written, shown in each of its languages as devices get it, and then put up.
import { Facts } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { describeAudience, MessageTexts, type Texts } from "./message-texts.tsx";

const SEVERITIES = ["info", "warning", "critical"] as const;
/** Other languages that the form has room for; more: parapet message create. */
const LOCALES = [1, 2, 3] as const;
/** Lists in the audience, with commas. */
const AUDIENCE = [
	["accounts", "Accounts, as acct-…"],
	["products", "Products"],
	["models", "Models"],
	["countries", "Countries, as BR"],
] as const;
const FIELDS: readonly string[] = [
	...["severity", "title", "body", "ends_at"],
	...AUDIENCE.map(([name]) => name),
	...LOCALES.flatMap((at) => [`locale_${at}`, `title_${at}`, `body_${at}`]),
];

interface Draft extends Texts {
	readonly severity: string;
	readonly ends_at: string;
	readonly audience: Readonly<Record<string, string[]>>;
}

/** @param given what the form has, by field */
function draftOf(given: (field: string) => string): Draft {
	const locales = LOCALES.filter((at) => given(`locale_${at}`) !== "").map((at) => {
		return [given(`locale_${at}`), { title: given(`title_${at}`), body: given(`body_${at}`) }] as const;
	});
	const lists = AUDIENCE.map(
		([name]) =>
			[
				name,
				given(name)
					.split(",")
					.map((one) => one.trim())
					.filter(Boolean),
			] as const,
	);
	return {
		...{ severity: given("severity") || "info", title: given("title"), body: given("body"), ends_at: given("ends_at") },
		locales: Object.fromEntries(locales),
		audience: Object.fromEntries(lists.filter(([, values]) => values.length > 0)),
	};
}

/** The form, and above it, once something was written, what would be put up. */
export function writeMessage(c: ConsoleContext): Response {
	const given = (field: string) => (c.req.query(field) ?? "").trim();
	const draft = draftOf(given);
	return render(
		c,
		"Write a message",
		"messages",
		<>
			{draft.title !== "" && (
				<article class="amber">
					<MessageTexts of={draft} />
					<Facts
						of={[
							["Severity", draft.severity],
							["Until", draft.ends_at],
							["To", describeAudience(draft.audience)],
						]}
					/>
					<form method="post" action="/console/messages">
						<input type="hidden" name="form" value={c.var.session.form} />
						{FIELDS.map((name) => given(name) !== "" && <input type="hidden" name={name} value={given(name)} />)}
						<button type="submit">Put it up</button>
					</form>
				</article>
			)}
			<form method="get" class="narrow">
				<label>
					Severity
					<select name="severity">
						{SEVERITIES.map((one) => (
							<option selected={one === draft.severity}>{one}</option>
						))}
					</select>
				</label>
				<TextFields title="Title" body="Text" names={["title", "body"]} given={given} required />
				<label>
					Until, in UTC (as 2026-12-31T00:00:00Z)
					<input name="ends_at" required value={draft.ends_at} />
				</label>
				<details open={LOCALES.some((at) => given(`locale_${at}`) !== "")}>
					<summary>In other languages</summary>
					{LOCALES.map((at) => (
						<fieldset>
							<label>
								{`Language ${at}, as de or pt-BR`}
								<input name={`locale_${at}`} value={given(`locale_${at}`)} />
							</label>
							<TextFields
								title={`Title in language ${at}`}
								body={`Text in language ${at}`}
								names={[`title_${at}`, `body_${at}`]}
								given={given}
							/>
						</fieldset>
					))}
				</details>
				<details open={AUDIENCE.some(([name]) => given(name) !== "")}>
					<summary>To some devices only</summary>
					{AUDIENCE.map(([name, title]) => (
						<label>
							{title}, with commas
							<input name={name} value={given(name)} />
						</label>
					))}
				</details>
				<button type="submit" class="secondary">
					Preview
				</button>
			</form>
			<p>Labels, an engine range and a part of the fleet: parapet message create.</p>
		</>,
	);
}

function TextFields({
	title,
	body,
	names: [titleName, bodyName],
	given,
	required = false,
}: {
	title: string;
	body: string;
	names: readonly [string, string];
	given: (field: string) => string;
	required?: boolean;
}) {
	return (
		<>
			<label>
				{title}
				<input name={titleName} required={required} value={given(titleName)} />
			</label>
			<label>
				{body}
				<textarea name={bodyName} required={required}>
					{given(bodyName)}
				</textarea>
			</label>
		</>
	);
}

export async function putUp(c: ConsoleContext): Promise<Response> {
	const { api, form } = c.var;
	await api.send(
		"POST",
		"/v1/messages",
		draftOf((field) => (form.get(field) ?? "").trim()),
	);
	return c.redirect("/console/messages", 303);
}
