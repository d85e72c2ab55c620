// The form of a token request: parameters without a value are as if left out, each comes once, and a client authenticates once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTokenForm } from "../../../../../src/routes/device/oauth/token-form.ts";
import { OAuthError } from "../../../../../src/routes/http/oauth-error.ts";

const FIELDS = {
	grant_type: "client_credentials",
	client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
	client_assertion: "a.b.c",
};
const form = (more: Record<string, string> = {}) => new URLSearchParams({ ...FIELDS, ...more }).toString();

function refusal(text: string, authorization: string | null = null): string {
	try {
		readTokenForm(text, authorization);
		return "taken";
	} catch (error) {
		if (!(error instanceof OAuthError)) throw error;
		return `${error.status} ${error.code}`;
	}
}

describe("a parameter without a value", () => {
	const NAMES = ["scope", "client_id", "client_secret", "resource", "audience", "client_assertion", "grant_type", ""];
	const pair = fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom("", "="));

	it("is as if it were left out, wherever it stands and however often (RFC 6749 §3.2)", () => {
		const texts = fc.constantFrom(form(), form({ scope: "device" }), form({ scope: "x" }), "grant_type=password", "");
		const property = fc.property(texts, fc.array(pair), fc.array(pair), (text, before, after) => {
			const write = (pairs: typeof before) => pairs.map(([name, sign]) => name + sign);
			expect(refusal([...write(before), text, ...write(after)].join("&"))).toBe(refusal(text));
		});
		fc.assert(property);
	});

	it.each([
		["client_assertion", "400 invalid_request"],
		["client_assertion_type", "400 invalid_request"],
		["grant_type", "400 invalid_request"],
	])("is missing where it is needed: %s", (name, expected) => {
		expect(refusal(form({ [name]: "" }))).toBe(expected);
	});
});

describe("a parameter that comes twice", () => {
	it.each(["grant_type", "client_assertion_type", "client_assertion", "client_id", "scope", "client_secret"])(
		"is refused if this endpoint knows it: %s",
		(name) => expect(refusal(`${form({ [name]: "x" })}&${name}=x`)).toBe("400 invalid_request"),
	);

	it.each(["resource", "audience", "x"])("is ignored if not, as RFC 8707 has %s", (name) => {
		expect(refusal(`${form()}&${name}=https://a.example&${name}=https://b.example`)).toBe("taken");
	});
});

describe("a client that authenticates", () => {
	const basic = `Basic ${btoa("dev:x")}`;
	it.each([
		["by Basic beside the assertion", form(), basic],
		["by a bearer token beside it", form(), "Bearer x"],
		["by a scheme that nobody knows beside it", form(), "x"],
		["by an empty Authorization beside it", form(), ""],
		["by a secret beside it", form({ client_secret: "x" }), null],
		["in three ways", form({ client_secret: "x" }), basic],
		["by Basic and a secret", "grant_type=client_credentials&client_secret=x", basic],
	])("%s is refused, whichever of them is good (RFC 6749 §2.3)", (_, text, authorization) => {
		expect(refusal(text, authorization)).toBe("400 invalid_request");
	});

	it.each([
		["Basic", "grant_type=client_credentials", basic],
		["Bearer", "grant_type=client_credentials", "Bearer x"],
		["a secret", "grant_type=client_credentials&client_secret=x", null],
	])("by %s alone is told that the method is unknown (RFC 6749 §5.2)", (_, text, authorization) => {
		expect(refusal(text, authorization)).toBe("401 invalid_client");
	});

	it("by Basic alone is challenged for Basic, by another scheme is not", () => {
		const challenge = (authorization: string) => {
			try {
				return readTokenForm("grant_type=client_credentials", authorization);
			} catch (error) {
				return (error as OAuthError).headers["www-authenticate"];
			}
		};
		expect(challenge("basic eA==")).toBe('Basic realm="parapet"');
		expect(challenge("Basically x")).toBeUndefined();
	});
});
