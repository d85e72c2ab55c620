// The form of a request to an OAuth endpoint, before anybody looks at what it means.
import { OAuthError } from "./oauth-error.ts";

/**
 * RFC 6749 §3.2: a parameter without a value is as if it were left out; each comes at most once; unknown ones are ignored.
 * @param known names of the parameters that are looked at
 * @throws OAuthError `invalid_request`
 */
export function readFormFields(text: string, known: ReadonlySet<string>): ReadonlyMap<string, string> {
	const given = [...new URLSearchParams(text)].filter(([name, value]) => value !== "" && known.has(name));
	const fields = new Map(given);
	if (fields.size !== given.length) throw new OAuthError("invalid_request", 400, "a parameter is given twice");
	return fields;
}
