// Where the edge says a request came from, and which edge that was.

/** ISO 3166-1 alpha-2, or null where the platform does not say (local service, tests). */
export function countryOf(request: Request): string | null {
	const country = request.cf?.["country"];
	return typeof country === "string" ? country : null;
}

/** IATA code of the data centre, or null. */
export function coloOf(request: Request): string | null {
	const colo = request.cf?.["colo"];
	return typeof colo === "string" ? colo : null;
}
