// The forms of ids as they are typed. Whether there is such a thing only the server knows.
import { z } from "zod";

export const accountId = z.string().regex(/^acct-[0-9a-z]{8,40}$/, "an account looks like acct-…");
export const deviceId = z.string().regex(/^dev-[0-9a-z]+-[0-9a-z]+$/, "a device looks like dev-…-…");
export const haGroupId = z.string().regex(/^hag-[0-9a-z]+-[0-9a-z]+$/, "an HA group looks like hag-…-…");
export const licenseId = z.string().regex(/^lic-[0-9a-z]{4,40}$/, "a license looks like lic-…");
export const codeId = z
	.string()
	.regex(/^code-[0-9a-z]{4,40}$/, "the id of a code looks like code-…; `code list` shows it");
