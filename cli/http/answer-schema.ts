// What an answer has to be, as far as whoever reads one knows it: zod's schemas are such. A type without the library.

export interface AnswerSchema<T> {
	safeParse(
		value: unknown,
	):
		| { readonly success: true; readonly data: T }
		| { readonly success: false; readonly error: { readonly issues: readonly AnswerIssue[] } };
}

interface AnswerIssue {
	readonly message: string;
	readonly path?: readonly PropertyKey[] | undefined;
}
