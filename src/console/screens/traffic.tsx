// What devices asked for in the last minutes, how it was answered, how fast and where; refusals first. Where the rest is, it says.
import type { z } from "zod";
import type { trafficBody } from "../../routes/operator/fleet/traffic.ts";
import { Chart } from "../chart.tsx";
import { Facts, link, Mark, percent, Table, Time } from "../layout.tsx";
import { Choices, Filters, Pages, pageOf } from "../lists.tsx";
import { type ConsoleContext, render } from "../render.tsx";
import { countryName } from "../world-map.tsx";

type Traffic = z.infer<typeof trafficBody>;

const SPANS = [5, 15, 60, 120] as const;
/** From this part of refusals on a country, or a kind of request, is red. */
const MANY_REFUSED = 0.05;
const SINKS: Readonly<Record<Exclude<Traffic["sink"], "r2">, string>> = {
	off: "The history of requests is off: HISTORY_SINK=r2 switches it on. What Analytics Engine and the log have is not shown here.",
	pipelines:
		"The history of requests goes to a Pipelines stream, which cannot be asked from here. Its table answers: parapet history report traffic --warehouse <account>_<bucket>, with a token for Basin SQL.",
};
const PATH = "/console/traffic";

export async function showTraffic(c: ConsoleContext): Promise<Response> {
	const { minutes, country: typed } = c.req.query();
	const country = typed?.toUpperCase();
	const traffic = await c.var.api.get<Traffic>("/v1/history/traffic", { minutes, country });
	const asked = minutes || "15";
	return render(
		c,
		"Traffic",
		"traffic",
		<>
			<Choices
				what="The last"
				of={SPANS.map((span) => [`${span} minutes`, link(PATH, { minutes: String(span), country })] as const)}
				chosen={`${asked} minutes`}
			/>
			<Filters of={[["country", "Country, as BR"]]} values={{ country }} kept={minutes ? { minutes } : {}} />
			{traffic.sink === "r2" ? <Counted c={c} traffic={traffic} /> : <p>{SINKS[traffic.sink]}</p>}
			<p>
				The whole history: <code>parapet history report traffic</code>, <code>failures</code>, <code>countries</code>,{" "}
				<code>versions</code>, of a country with <code>--country BR</code>. Why updates fail, of every device:{" "}
				<a href="/console/fleet">Fleet</a>.
			</p>
		</>,
	);
}

function Counted({ c, traffic }: { c: ConsoleContext; traffic: Traffic }) {
	const { minutes } = c.req.query();
	const refused = traffic.kinds.reduce((sum, one) => sum + one.refused, 0);
	const answers = pageOf(
		c,
		traffic.answers.toSorted((one, two) => two.status - one.status),
		"answers",
	);
	const countries = pageOf(
		c,
		traffic.countries.toSorted((one, two) => two.refused - one.refused),
		"countries",
	);
	return (
		<>
			{traffic.country !== null && (
				<p>
					Of what came from {countryName(traffic.country)} alone. <a href={link(PATH, { minutes })}>From everywhere</a>
				</p>
			)}
			<Facts
				of={[
					["Requests of devices", String(traffic.events)],
					["Refused or failed", <Mark tone={toneOf(refused, traffic.events)}>{refused}</Mark>],
					["Since", <Time at={traffic.from} />],
					["Read", `${traffic.files_read} of ${traffic.files} files`],
				]}
			/>
			{traffic.files_read < traffic.files && (
				<p>
					<Mark tone="amber">A part</Mark>: the numbers are of the newest {traffic.files_read} of {traffic.files} files.
				</p>
			)}
			{traffic.lost > 0 && (
				<p>
					<Mark tone="red">{traffic.lost}</Mark> events were lost, because the bucket of the history did not take them
					in time.
				</p>
			)}
			<Chart
				label="Requests a minute"
				times={traffic.minutes.map(({ at }) => Date.parse(at) / 1_000)}
				lines={[
					{ name: "all", values: traffic.minutes.map(({ events }) => events) },
					{ name: "refused or failed", values: traffic.minutes.map(({ refused }) => refused) },
				]}
			/>
			<h2>Answers</h2>
			<Table
				label="Answers"
				head={["Asked for", "Status", "Code", "Requests", "Next"]}
				empty="Nothing was asked for."
				rows={answers.rows.map(({ kind, status, problem, events }) => [
					kind,
					<Mark tone={status >= 500 ? "red" : status >= 400 ? "amber" : "plain"}>{status}</Mark>,
					problem === null ? "–" : <a href={`/problems/${encodeURIComponent(problem)}`}>{problem}</a>,
					String(events),
					status >= 500
						? "see the log by the code, and /v1/status"
						: status >= 400
							? "see what the code says"
							: "nothing",
				])}
			/>
			<Pages of={answers} />
			<h2>Latency</h2>
			<Table
				label="Latency"
				head={["Asked for", "Requests", "Refused", "Half within", "90 %", "99 %", "Bytes"]}
				empty="Nothing was asked for."
				rows={traffic.kinds.map((one) => [
					one.kind,
					String(one.events),
					<Mark tone={toneOf(one.refused, one.events)}>{one.refused}</Mark>,
					...[one.p50, one.p90, one.p99].map((ms) => `${ms} ms`),
					one.bytes === 0 ? "–" : String(one.bytes),
				])}
			/>
			<h2>Countries</h2>
			<Table
				label="Countries"
				head={["Country", "Requests", "Refused", "Part"]}
				empty="Nothing was asked for."
				rows={countries.rows.map(({ country, events, refused: of }) => [
					country === null ? "unknown" : <a href={link(PATH, { minutes, country })}>{countryName(country)}</a>,
					String(events),
					<Mark tone={toneOf(of, events)}>{of}</Mark>,
					percent(of / Math.max(events, 1)),
				])}
			/>
			<Pages of={countries} />
		</>
	);
}

function toneOf(refused: number, events: number) {
	return refused === 0 ? "green" : refused >= events * MANY_REFUSED ? "red" : "amber";
}
