// Licenses and seats of an account: those that are over, full or about to end come first.
import { link, Mark, Table, Time, type Tone } from "../layout.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { accountSeen, chooseAccount } from "./choose.tsx";

interface Usage {
	readonly license: string;
	readonly status: string;
	readonly kind: string;
	readonly seats: number;
	readonly taken: number;
	readonly free: number;
	readonly over: number;
	readonly ends: readonly { ends_at: string; days_left: number | null; products: readonly string[] }[];
	readonly refused_last_day: number;
	readonly peaks: readonly { day: string; taken: number }[];
}

const SOON_DAYS = 30;
const TONES: readonly Tone[] = ["red", "amber", "green", "plain"];

function stateOf({ status, over, free, ends, refused_last_day: refused }: Usage): {
	tone: Tone;
	word: string;
	next: string;
} {
	if (status === "revoked") return { tone: "plain", word: "revoked", next: "nothing: it has ended for good" };
	if (status !== "active")
		return { tone: "red", word: status, next: "parapet license reinstate, once the reason is gone" };
	if (ends.some(({ days_left: left }) => left === null))
		return { tone: "red", word: "ended", next: "renew it: parapet license change --ends" };
	if (over > 0) return { tone: "red", word: `${over} over`, next: "more seats, or free some" };
	if (refused > 0) return { tone: "red", word: "seats refused", next: "more seats: devices were refused within a day" };
	if (ends.some(({ days_left: left }) => (left ?? 0) <= SOON_DAYS))
		return { tone: "amber", word: "ends soon", next: "renew it" };
	if (free === 0) return { tone: "amber", word: "full", next: "more seats, before a device needs one" };
	return { tone: "green", word: "in force", next: "nothing" };
}

export async function showLicenses(c: ConsoleContext): Promise<Response> {
	const account = accountSeen(c);
	if (account === null) return chooseAccount(c, "Licenses and seats", "licenses");
	const { licenses } = await c.var.api.get<{ licenses: Usage[] }>(`/v1/accounts/${encodeURIComponent(account)}/usage`);
	const judged = licenses
		.map((usage) => ({ usage, ...stateOf(usage) }))
		.toSorted((a, b) => TONES.indexOf(a.tone) - TONES.indexOf(b.tone));
	return render(
		c,
		"Licenses and seats",
		"licenses",
		<>
			<p>
				Of <code>{account}</code>.
			</p>
			<Table
				label="Licenses"
				head={["License", "State", "Kind", "Taken", "Seats", "Most in 30 days", "Refused within a day", "Ends", "Next"]}
				empty="The account has no license."
				rows={judged.map(({ usage, tone, word, next }) => [
					<a href={link("/console/devices", { account, license: usage.license })}>{usage.license}</a>,
					<Mark tone={tone}>{word}</Mark>,
					usage.kind,
					String(usage.taken),
					String(usage.seats),
					String(Math.max(usage.taken, ...usage.peaks.map(({ taken }) => taken))),
					String(usage.refused_last_day),
					usage.ends.map(({ ends_at, products }) => (
						<>
							<Time at={ends_at} /> ({products.join(", ")}){" "}
						</>
					)),
					next,
				])}
			/>
		</>,
	);
}
