// AWS_CREDENTIALS: which AWS key serves which account. One for each, and never one for all: with a key of the whole service,
// the hook of one account could act on the instances of another.
import { z } from "zod";

const credentials = z.strictObject({
	accessKeyId: z.string().regex(/^\w{16,128}$/, "is not the id of an access key"),
	secretAccessKey: z.string().regex(/^[\x21-\x7e]{16,256}$/, "is not a secret access key"),
	sessionToken: z
		.string()
		.regex(/^[\x21-\x7e]{1,4096}$/, "is not a session token")
		.optional(),
	kmsKeyId: z
		.string()
		.regex(/^[A-Za-z0-9:/_-]{1,256}$/, "is not the id of a KMS key")
		.optional(),
});
export type AwsCredentials = z.infer<typeof credentials>;

const ACCOUNT_ID = /^acct-[0-9a-z]{16}$/;

/**
 * Reads the secret: a JSON object from an account's id to `{accessKeyId, secretAccessKey, sessionToken?, kmsKeyId?}`.
 * @throws Error that names every fault and no value
 */
export function parseAwsCredentials(text: string): ReadonlyMap<string, AwsCredentials> {
	const entries = readEntries(text);
	const byAccount = new Map<string, AwsCredentials>();
	const faults: string[] = [];
	for (const [index, [account, value]] of entries.entries()) {
		// A name that is no account's id may be a secret in the wrong place.
		if (!ACCOUNT_ID.test(account)) {
			faults.push(`name ${index + 1} is not an account's id (acct-…)`);
			continue;
		}
		const parsed = credentials.safeParse(value);
		if (parsed.success) byAccount.set(account, parsed.data);
		else faults.push(...parsed.error.issues.map((issue) => `${account}: ${describe(issue)}`));
	}
	if (faults.length > 0) throw new Error(`AWS_CREDENTIALS: ${faults.join("; ")}`);
	return byAccount;
}

function readEntries(text: string): [string, unknown][] {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new Error("AWS_CREDENTIALS: not JSON");
	}
	if (typeof value !== "object" || value === null || Array.isArray(value)) {
		throw new Error("AWS_CREDENTIALS: not a JSON object from account ids to credentials");
	}
	return Object.entries(value);
}

function describe(issue: z.core.$ZodIssue): string {
	const [name] = issue.path;
	if (issue.code === "unrecognized_keys") return "has a member that is none of the four";
	if (name === undefined) return "is not an object";
	return issue.code === "invalid_format" ? `${String(name)} ${issue.message}` : `${String(name)} is missing or no text`;
}
