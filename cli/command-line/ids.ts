// The forms of ids as they are typed. Whether there is such a thing only the server knows.
import { z } from "zod";

export const accountId = z.string().regex(/^acct-[0-9a-z]{8,40}$/, "an account looks like acct-0123456789abcdef");
export const deviceId = z
	.string()
	.regex(/^dev-[0-9a-z]+-[0-9a-z]+$/, "a device looks like dev-0123456789-0123456789abcdef");
export const haGroupId = z
	.string()
	.regex(/^hag-[0-9a-z]+-[0-9a-z]+$/, "an HA group looks like hag-0123456789-01234567");
export const licenseId = z.string().regex(/^lic-[0-9a-z]{4,40}$/, "a license looks like lic-01234567");
export const codeId = z
	.string()
	.regex(/^code-[0-9a-z]{4,40}$/, "the id of a code looks like code-01234567; `parapet code list` shows it");

export const manufacturerId = z
	.string()
	.regex(
		/^mfr-[0-9a-z]{4,40}$/,
		"a manufacturer looks like mfr-0123456789abcdef; `parapet manufacturer list` shows it",
	);

export const messageId = z.string().regex(/^msg-[0-9a-z]{4,40}$/, "a message looks like msg-01234567");
