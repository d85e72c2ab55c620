// The frame of each page of the console, and the small parts that screens share. JSX escapes all text; no page has script or style in it.
import type { Child } from "hono/jsx";
import type { KeyHolder } from "../routes/http/app-env.ts";
import type { Problem } from "./console-env.ts";
import type { Session } from "./session.ts";
import { SCREENS, type Screen, seesScreen, type View } from "./view.ts";

const TITLES: Readonly<Record<Screen, string>> = {
	rollouts: "Rollouts",
	fleet: "Fleet",
	devices: "Devices",
	releases: "Releases",
	licenses: "Licenses",
	messages: "Messages",
	traffic: "Traffic",
	trail: "Trail",
};
/** No style of its own in the page, no code out of attributes. */
const HTMX = '{"includeIndicatorCSS":false}';

export interface Frame {
	readonly title: string;
	/** of the Worker: its files change with it */
	readonly version: string;
	readonly screen?: Screen;
	/** whether there is a chart on it: without one it needs nothing that draws them */
	readonly hasChart: boolean;
	readonly signedIn?: { readonly holder: KeyHolder; readonly view: View; readonly session: Session };
	readonly children?: Child;
}

export function Page({ title, version, screen, hasChart, signedIn, children }: Frame) {
	const file = (name: string) => `/console/files/${name}?v=${encodeURIComponent(version)}`;
	return (
		<html lang="en">
			<head>
				<meta charset="utf-8" />
				<meta name="viewport" content="width=device-width, initial-scale=1" />
				<meta name="color-scheme" content="light dark" />
				<meta name="htmx-config" content={HTMX} />
				<title>{`${title} · Parapet`}</title>
				<link rel="icon" href={file("icon.svg")} type="image/svg+xml" />
				<link rel="stylesheet" href={file("pico.min.css")} />
				<link rel="stylesheet" href={file("console.css")} />
				{hasChart && <link rel="stylesheet" href={file("uPlot.min.css")} />}
				<script src={file("htmx.min.js")} defer></script>
				{hasChart && <script src={file("uPlot.iife.min.js")} defer></script>}
				<script src={file("console.js")} defer></script>
			</head>
			<body>
				<header class="container">
					<a class="skip" href="#main">
						To the content
					</a>
					<nav aria-label="Screens">
						<ul>
							<li>
								<a href="/console">
									<strong>Parapet</strong>
								</a>
							</li>
							{signedIn &&
								SCREENS.filter((one) => seesScreen(signedIn.view, one)).map((one) => (
									<li>
										<a href={`/console/${one}`} aria-current={one === screen ? "page" : undefined}>
											{TITLES[one]}
										</a>
									</li>
								))}
						</ul>
						{signedIn && (
							<form method="post" action="/console/sign-out">
								<input type="hidden" name="form" value={signedIn.session.form} />
								<button type="submit" class="secondary outline">
									Sign out {signedIn.holder.subject}
								</button>
							</form>
						)}
					</nav>
				</header>
				{children}
			</body>
		</html>
	);
}

/** What a page is about. */
export function Main({ title, children }: { title: string; children?: Child }) {
	return (
		<main class="container" id="main">
			<h1>{title}</h1>
			{children}
		</main>
	);
}

/** @param at RFC 3339, as the API writes it; its reader's zone comes beside it by console.js */
export function Time({ at }: { at: string | null }) {
	return at === null ? <span>never</span> : <time datetime={at}>{`${at.slice(0, 16).replace("T", " ")} UTC`}</time>;
}

/** A word with a tone: red needs somebody, amber may soon, green is well. */
export function Mark({ tone, children }: { tone: Tone; children?: Child }) {
	return <span class={`mark ${tone}`}>{children}</span>;
}
export type Tone = "red" | "amber" | "green" | "plain";

/** What scrolls can be reached by the keyboard (WCAG 2.1.1). @param rows cells of each row; the first cell heads it @param empty said in place of a table without rows */
export function Table({ head, rows, empty, label }: { head: string[]; rows: Child[][]; empty: string; label: string }) {
	if (rows.length === 0) return <p>{empty}</p>;
	return (
		<section class="wide" aria-label={label} tabindex={0}>
			<table>
				<thead>
					<tr>
						{head.map((name) => (
							<th scope="col">{name}</th>
						))}
					</tr>
				</thead>
				<tbody>
					{rows.map(([first, ...cells]) => (
						<tr>
							<th scope="row">{first}</th>
							{cells.map((cell) => (
								<td>{cell}</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

/** What is known of one thing, by name. */
export function Facts({ of }: { of: readonly (readonly [string, Child])[] }) {
	return (
		<dl>
			{of.map(([name, value]) => (
				<div>
					<dt>{name}</dt>
					<dd>{value === null || value === "" ? "–" : value}</dd>
				</div>
			))}
		</dl>
	);
}

export function ProblemText({ problem }: { problem: Problem }) {
	return (
		<article class="red" role="alert">
			<p>
				<strong>{problem.detail ?? problem.title}</strong>
			</p>
			{problem.errors?.map(({ field, message }) => (
				<p>
					<code>{field}</code>: {message}
				</p>
			))}
			{problem.fix !== undefined && <p>{problem.fix}</p>}
			{problem.request_id !== undefined && (
				<p>
					Request <code>{problem.request_id}</code>
				</p>
			)}
		</article>
	);
}

/** Address of a screen, with what is given of a query. */
export function link(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
	const given = Object.entries(query).flatMap(([name, value]) => (value ? [[name, value]] : []));
	return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

export function percent(part: number): string {
	return `${Math.round(part * 1_000) / 10} %`;
}

/** A segment of a path. */
export function segment(text: string): string {
	return encodeURIComponent(text);
}
