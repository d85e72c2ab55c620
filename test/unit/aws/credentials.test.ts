// AWS_CREDENTIALS as an operator writes it, and what is said of one that is wrong.
import { expect, test } from "vitest";
import { parseAwsCredentials } from "../../../src/aws/credentials.ts";

const ACCOUNT = "acct-f5any44xnhvcz9cn";
const OTHER = "acct-0000000000000000";
const KEY = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };

function faultOf(value: unknown): string {
	try {
		parseAwsCredentials(typeof value === "string" ? value : JSON.stringify(value));
		return "";
	} catch (error) {
		return (error as Error).message;
	}
}

test("each account has credentials of its own; a session token and a KMS key are theirs to leave out", () => {
	const full = { ...KEY, sessionToken: "IQoJb3JpZ2luX2VjE+/=", kmsKeyId: "alias/parapet" };
	expect([...parseAwsCredentials(JSON.stringify({ [ACCOUNT]: KEY, [OTHER]: full }))]).toEqual([
		[ACCOUNT, KEY],
		[OTHER, full],
	]);
	expect(parseAwsCredentials("{}").size).toBe(0);
});

test("every fault is named at once, without a value", () => {
	const fault = faultOf({
		[ACCOUNT]: { accessKeyId: "short", secretAccessKey: "with a space in it", region: "eu" },
		[OTHER]: { secretAccessKey: KEY.secretAccessKey },
		AKIAIOSFODNN7EXAMPLE: KEY,
	});
	expect(fault).toBe(
		`AWS_CREDENTIALS: ${ACCOUNT}: accessKeyId is not the id of an access key; ` +
			`${ACCOUNT}: secretAccessKey is not a secret access key; ${ACCOUNT}: has a member that is none of the four; ` +
			`${OTHER}: accessKeyId is missing or no text; name 3 is not an account's id (acct-…)`,
	);
});

test.each([
	["not json but secret", "AWS_CREDENTIALS: not JSON"],
	["[]", "AWS_CREDENTIALS: not a JSON object from account ids to credentials"],
	["null", "AWS_CREDENTIALS: not a JSON object from account ids to credentials"],
	[JSON.stringify({ [ACCOUNT]: "AKIA:secret" }), `AWS_CREDENTIALS: ${ACCOUNT}: is not an object`],
])("%j is refused", (text, fault) => {
	expect(faultOf(text)).toBe(fault);
});
