// What a schema says by itself, in words for whoever wrote the value.

/** @param message of a schema, as zod writes it in English @returns the same in words; messages of our own as they are */
export function plainWords(message: string): string {
	return message
		.replace(/^Too big: expected (?:number|int) to be <=(\S+)$/, "at most $1")
		.replace(/^Too big: expected (?:number|int) to be <(\S+)$/, "less than $1")
		.replace(/^Too small: expected (?:number|int) to be >=(\S+)$/, "at least $1")
		.replace(/^Too small: expected (?:number|int) to be >(\S+)$/, "more than $1")
		.replace(/^Too big: expected string to have <=(\d+) characters$/, "at most $1 characters")
		.replace(/^Too small: expected (?:string|array) to have >=1 (?:characters|items)$/, "something is expected here")
		.replace(/^Too big: expected array to have <=(\d+) items$/, "at most $1 of them")
		.replace(/^Invalid string: must match pattern (\S+)$/, "not of the form $1")
		.replace(/^Invalid ISO datetime$/, "not an RFC 3339 time, such as 2026-12-31T00:00:00Z")
		.replace(/^Invalid (?:input|key in record)$/, "not of a form that is taken")
		.replace(/^Invalid (?:option|input): expected (?:one of )?(["'].+)$/, (_, values) => `not one of ${listOf(values)}`)
		.replace(/^Invalid discriminator value\. Expected (.+)$/, (_, values) => `not one of ${listOf(values)}`);
}

function listOf(values: string): string {
	return values
		.replaceAll(/["']/g, "")
		.split(/ ?\| ?/)
		.join(", ");
}
