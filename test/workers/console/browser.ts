// A browser without scripts, as far as the console needs one: it keeps its cookie, sends forms with their origin, and reads the word of
// the session out of them. The rules of real ones are tested in test/e2e/console.
import { expect } from "vitest";
import { newAddress } from "../../support/fresh-names.ts";
import { TEST_SECRETS } from "../../support/secrets.ts";
import { ISSUER, operated, sendUndeclared } from "../../support/service.ts";

export class Browser {
	cookie: string | null = null;
	readonly #address = newAddress();

	get(path: string, headers: Record<string, string> = {}): Promise<Response> {
		const own: Record<string, string> = this.cookie === null ? {} : { cookie: this.cookie };
		return sendUndeclared(path, {
			redirect: "manual",
			headers: { accept: "text/html", "cf-connecting-ip": this.#address, ...own, ...headers },
		});
	}

	/** The page must be there. @returns its text */
	async read(path: string): Promise<string> {
		const answer = await this.get(path);
		const text = await answer.text();
		expect([path, answer.status, text.includes("</html>")]).toEqual([path, 200, true]);
		return text;
	}

	/** @param headers in place of those by which a browser says that the form is from here */
	async post(
		path: string,
		fields: Record<string, string>,
		headers: Record<string, string> = { origin: ISSUER, "sec-fetch-site": "same-origin" },
	): Promise<Response> {
		const body = new URLSearchParams(fields).toString();
		const answer = await sendUndeclared(path, {
			method: "POST",
			redirect: "manual",
			body,
			headers: {
				"content-type": "application/x-www-form-urlencoded",
				"content-length": String(body.length),
				"cf-connecting-ip": this.#address,
				...(this.cookie !== null && { cookie: this.cookie }),
				...headers,
			},
		});
		const set = answer.headers.get("set-cookie");
		if (set !== null) this.cookie = set.split(";", 1)[0] ?? null;
		return answer;
	}

	async signIn(key: string = TEST_SECRETS.BOOTSTRAP_KEY): Promise<this> {
		const answer = await this.post("/console/sign-in", { key });
		expect([answer.status, answer.headers.get("location")]).toEqual([303, "/console"]);
		return this;
	}

	/** Opens the page and sends the last form that is posted. @param fields beside those that are filled in */
	async submit(path: string, fields: Record<string, string> = {}): Promise<Response> {
		return this.post(path, { ...hiddenFields(await this.read(path)), ...fields });
	}
}

/** Of the last form of a page that is posted. */
export function hiddenFields(page: string): Record<string, string> {
	const form = page.slice(page.lastIndexOf('<form method="post"'));
	return Object.fromEntries(
		Array.from(form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g), ([, name = "", value = ""]) => [
			name,
			value,
		]),
	);
}

export async function newKey(
	scopes: string[],
	more: Record<string, unknown> = {},
): Promise<{ id: string; key: string }> {
	return operated("POST", "/v1/keys", { subject: "olivia", scopes, ...more });
}
