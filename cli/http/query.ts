// The query of a request.

/** @returns with its question mark; empty where nothing is given. What is undefined is left out */
export function queryOf(given: Readonly<Record<string, string | number | boolean | undefined>>): string {
	const query = new URLSearchParams();
	for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, String(value));
	return query.size === 0 ? "" : `?${query}`;
}
