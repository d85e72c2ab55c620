// Lists that can be linked: what is asked for and which page of it stands in the address, and in nothing else.
import { link } from "./layout.tsx";
import type { ConsoleContext } from "./render.tsx";

const ROWS = 50;

export interface Page<T> {
	readonly rows: readonly T[];
	/** addresses; null = there is none */
	readonly before: string | null;
	readonly after: string | null;
}

/** This address with another query. @param changes "" takes a field out */
export function here(c: ConsoleContext, changes: Readonly<Record<string, string>>): string {
	return link(c.req.path, { ...c.req.query(), ...changes });
}

/** A page of what was got whole. @param name of the list, which tells it from others of the same screen @param size of a page */
export function pageOf<T>(c: ConsoleContext, all: readonly T[], name: string, size = ROWS): Page<T> {
	const field = `${name}_from`;
	const from = Math.max(0, Math.floor(Number(c.req.query(field)) || 0));
	const at = (start: number) => here(c, { [field]: start <= 0 ? "" : String(start) });
	return {
		rows: all.slice(from, from + size),
		before: from > 0 ? at(from - size) : null,
		after: from + size < all.length ? at(from + size) : null,
	};
}

/** A page of a list that the API pages, which leads on, and back to the first one. @param next of the API's answer */
export function cursorPage<T>(c: ConsoleContext, rows: readonly T[], next: string | null): Page<T> {
	return {
		rows,
		before: c.req.query("after") ? here(c, { after: "" }) : null,
		after: next === null ? null : here(c, { after: next }),
	};
}

export function Pages({ of: { before, after } }: { of: Page<unknown> }) {
	if (before === null && after === null) return null;
	return (
		<p>
			{before !== null && <a href={before}>Back</a>} {after !== null && <a href={after}>Next page</a>}
		</p>
	);
}

type FilterChoices = readonly (readonly [value: string, title: string])[];
/** name in the query, as people call it, and what may be chosen, or that it is a day; otherwise it is text. `none`: what no choice means */
export type Filter = readonly [name: string, title: string, choices?: FilterChoices | "date", none?: string];

/** @returns a choice among words of the API, as people write them */
export function choicesOf(values: readonly string[]): FilterChoices {
	return values.map((value) => [value, value.replaceAll("_", " ")] as const);
}

/** @param day of a filter, as people write one or a link has it @returns when it begins, in UTC, as the API takes it */
export function beginningOf(day: string | undefined): string | undefined {
	return day !== undefined && /^\d{4}-\d\d-\d\d$/.test(day) ? `${day}T00:00:00Z` : day;
}

/**
 * @param day of a filter, as `beginningOf` takes it @param now unix seconds
 * @returns for how many seconds whoever was not seen since then is silent, as the API takes it, and refuses it of a day that is not past
 */
export function silentFor(day: string | undefined, now: number): string | undefined {
	if (day === undefined || day === "") return undefined;
	return String(Math.floor(now - Date.parse(beginningOf(day) ?? "") / 1_000));
}

/** @param kept fields of the query that stay as they are */
export function Filters({
	of,
	values,
	kept = {},
}: {
	of: readonly Filter[];
	values: Readonly<Record<string, string | undefined>>;
	kept?: Readonly<Record<string, string>>;
}) {
	return (
		<form method="get" class="filters">
			{Object.entries(kept).map(([name, value]) => (
				<input type="hidden" name={name} value={value} />
			))}
			{of.map((filter) => (
				<FilterField of={filter} value={values[filter[0]] ?? ""} />
			))}
			<button type="submit">Show</button>
		</form>
	);
}

function FilterField({ of: [name, title, choices, none = "any"], value }: { of: Filter; value: string }) {
	if (choices === undefined || choices === "date")
		return (
			<label>
				{title}
				<input type={choices === undefined ? "text" : "date"} name={name} value={value} />
			</label>
		);
	return (
		<label>
			{title}
			<select name={name}>
				{[["", none] as const, ...choices].map(([one, text]) => (
					<option value={one} selected={one === value}>
						{text}
					</option>
				))}
			</select>
		</label>
	);
}

/** A few things of which one is shown. @param of name and address of each */
export function Choices({
	what,
	of,
	chosen,
}: {
	what: string;
	of: readonly (readonly [name: string, href: string])[];
	chosen?: string | undefined;
}) {
	return (
		<p class="choices">
			{what}:{" "}
			{of.map(([name, href]) => (
				<>
					<a href={href} aria-current={name === chosen ? "true" : undefined}>
						{name}
					</a>{" "}
				</>
			))}
		</p>
	);
}
