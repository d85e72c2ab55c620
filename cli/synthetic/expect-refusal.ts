// That somebody is kept out: a refusal is what is wanted, and anything else is not.
import { CliError, ServerRefusal } from "../errors.ts";

/**
 * @param what tries to come in, for the error
 * @returns the refusal's code
 * @throws CliError `stranger_let_in` when there was none; whatever else went wrong
 */
export async function expectRefusal(attempt: Promise<unknown>, what: string): Promise<string> {
	try {
		await attempt;
	} catch (error) {
		const isRefusal = error instanceof ServerRefusal && error.refusal.status < 500 && error.refusal.status !== 429;
		if (isRefusal) return error.refusal.code;
		throw error;
	}
	throw new CliError(`${what} was let in`, {
		code: "stranger_let_in",
		fix: "this deployment lets in who must stay out: roll it back",
	});
}
