// Lines over time, drawn here as SVG with classes in place of styles; where scripts run, console.js draws the same figures by uPlot, which
// can be read off at each point. What they show stands in a table as well.

/** Classes of lines that console.css tells apart, by colour and by dashes. */
export const MAX_LINES = 6;
const WIDTH = 720;
const HEIGHT = 200;
/** More are not told apart, and each costs every line a number. */
const MAX_TIMES = 200;

export interface Line {
	readonly name: string;
	/** a value for each time; null = not known */
	readonly values: readonly (number | null)[];
}

/** With which each chart begins, and nothing else: what people and devices wrote is escaped. */
export const CHART = '<figure class="chart"';

/** @param label what it shows @param times unix seconds, in order @param lines so many as there are classes, at most */
export function Chart({ label, times, lines }: { label: string; times: readonly number[]; lines: readonly Line[] }) {
	const [first = 0, last = 0] = [times[0], times.at(-1)];
	if (times.length < 2) return null;
	const most = Math.max(1, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
	const x = (at: number) => Math.round(((at - first) / Math.max(1, last - first)) * WIDTH);
	const y = (value: number) => Math.round(HEIGHT - (value / most) * HEIGHT);
	return (
		<figure class="chart" data-chart={JSON.stringify({ times, lines })}>
			<svg viewBox={`0 -4 ${WIDTH} ${HEIGHT + 8}`} role="img" aria-label={label}>
				<path class="axis" d={`M0,0V${HEIGHT}H${WIDTH}`} />
				{lines.map(({ values }, index) => (
					<polyline
						class={`line line-${index + 1}`}
						points={values
							.flatMap((value, at) => (value === null ? [] : [`${x(times[at] ?? first)},${y(value)}`]))
							.join(" ")}
					/>
				))}
			</svg>
			<figcaption>
				{label}: up to {most}, from {dayAndTime(first)} to {dayAndTime(last)} UTC.{" "}
				{lines.map(({ name }, index) => (
					<span class="key">
						<svg viewBox="0 0 24 8" aria-hidden="true">
							<path class={`line line-${index + 1}`} d="M0,4H24" />
						</svg>{" "}
						{name}{" "}
					</span>
				))}
			</figcaption>
		</figure>
	);
}

function dayAndTime(at: number): string {
	return new Date(at * 1_000).toISOString().slice(0, 16).replace("T", " ");
}

/** A number that stands from its time on. */
export interface Step {
	/** unix seconds */
	readonly at: number;
	readonly value: number;
}

/**
 * Numbers that change at times of their own, as lines over common times.
 * @param steps of each line, in order @param until unix seconds: to which the last numbers stand
 */
export function linesOf(
	steps: ReadonlyMap<string, readonly Step[]>,
	until: number,
): { readonly times: number[]; readonly lines: Line[] } {
	const all = [...steps.values()].flatMap((one) => one.map(({ at }) => at));
	const told = [...new Set([...all, until])].toSorted((one, two) => one - two);
	const times = told.filter(
		(_, index) => index % Math.ceil(told.length / MAX_TIMES) === 0 || index === told.length - 1,
	);
	const lines = [...steps].map(([name, own]) => {
		let next = 0;
		let value: number | null = null;
		const values = times.map((at) => {
			for (; (own[next]?.at ?? Number.POSITIVE_INFINITY) <= at; next++) value = own[next]?.value ?? null;
			return value;
		});
		return { name, values };
	});
	return { times, lines };
}
