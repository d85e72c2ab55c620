// What the catalogue of problems says of each (problem-catalogue.ts).
export interface ProblemRow {
	readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 411 | 412 | 413 | 415 | 422 | 424 | 429 | 500 | 502 | 503;
	readonly title: string;
	/** what the reader of the answer can do */
	readonly fix: string;
	/** whether the same request can succeed later with nothing changed by its sender */
	readonly retryable: boolean;
}
