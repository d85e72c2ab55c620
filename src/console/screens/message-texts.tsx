// A message of the day in words: its text in each language, as a device of that language shows it, and whom it is for.
export interface Texts {
	readonly title: string;
	readonly body: string;
	readonly locales: Readonly<Record<string, { readonly title: string; readonly body: string }>>;
}

export function MessageTexts({ of: { title, body, locales } }: { of: Texts }) {
	const texts = [["", { title, body }] as const, ...Object.entries(locales)];
	return (
		<>
			{texts.map(([locale, text]) => (
				<section lang={/^[a-z]{2,3}(-[A-Z]{2})?$/.test(locale) ? locale : undefined}>
					<h2>{text.title}</h2>
					<p>{text.body}</p>
					<p>
						<small>{locale === "" ? "in any language that is not among the others" : locale}</small>
					</p>
				</section>
			))}
		</>
	);
}

export function describeAudience(audience: object): string {
	const parts = Object.entries(audience).map(([name, value]) => {
		return `${name} ${Array.isArray(value) ? value.join(", ") : JSON.stringify(value)}`;
	});
	return parts.join("; ") || "everybody";
}
