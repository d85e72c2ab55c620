// Operations that will end one day, told in their answers long before: Deprecation (RFC 9745), Sunset (RFC 8594) and links to a page
// that says what to use instead. Firewalls live for ten years: nothing ends without a line here first.

export interface Ending {
	/** unix seconds: since when, or from when, it should not be used any more */
	readonly deprecatedAt: number;
	/** unix seconds, not before `deprecatedAt`: from when it may be gone; null = not decided */
	readonly sunsetAt: number | null;
	/** https URL of the page that says what to use instead */
	readonly page: string;
}

/** By method and path as the API's description writes them, e.g. `GET /v1/products/{product}`. None today. */
export const ENDINGS: ReadonlyMap<string, Ending> = new Map();

/** @returns header fields that tell of an ending */
export function endingFields({ deprecatedAt, sunsetAt, page }: Ending): Readonly<Record<string, string>> {
	// RFC 9745 §2.1: a Date of RFC 9651, which is `@` and unix seconds. RFC 8594 §3: an HTTP-date.
	const links = [`<${page}>; rel="deprecation"; type="text/html"`];
	if (sunsetAt === null) return { deprecation: `@${deprecatedAt}`, link: links.join(", ") };
	links.push(`<${page}>; rel="sunset"; type="text/html"`);
	return {
		deprecation: `@${deprecatedAt}`,
		sunset: new Date(sunsetAt * 1000).toUTCString(),
		link: links.join(", "),
	};
}

/**
 * Adds to an answer what there is to tell of its operation's ending.
 * @param route path template as the router or the description writes it
 */
export function tellEnding(headers: Headers, method: string, route: string): void {
	if (ENDINGS.size === 0) return;
	const ending = ENDINGS.get(`${method === "HEAD" ? "GET" : method} ${route.replace(/:(\w+)/g, "{$1}")}`);
	if (ending === undefined) return;
	for (const [name, value] of Object.entries(endingFields(ending))) headers.append(name, value);
}
