// A firewall of the demo's showcase: it has a key and says things, and keeps and installs nothing.

import type { JWK } from "jose";
import { z } from "zod";
import { CliError } from "../../errors.ts";
import { checkAnswer, permitAnswer, tokenAnswer } from "../../firewall/answers.ts";
import { createPrivateJwk, importDeviceKey } from "../../firewall/identity/device-key.ts";
import { tokenForm } from "../../firewall/identity/token-form.ts";
import { readAnswer } from "../../http/answers.ts";
import { exchange } from "../../http/exchange.ts";
import { refusalFrom } from "../../http/refusal.ts";
import { parseJson } from "../../json.ts";

export interface SpeakerOptions {
	readonly server: string;
	/** of the service, where it is not `server` */
	readonly issuer?: string;
	readonly product: string;
	/** where it says that it is: a service on one machine believes that */
	readonly country: string | undefined;
	readonly nowMs: () => number;
}

export interface Speaker {
	readonly jwk: JWK;
	/** @param device its id */
	becomes(device: string): void;
	/** Says what it has. */
	check(installed: string): Promise<void>;
	/** Takes what it is offered. @param outcome of it; null = it does not say */
	install(installed: string, outcome: "healthy" | "failed" | null, detail?: string): Promise<void>;
}

export async function openSpeaker({
	server,
	issuer = server,
	product,
	country,
	nowMs,
}: SpeakerOptions): Promise<Speaker> {
	const key = await importDeviceKey(await createPrivateJwk("ES256"));
	let device = "";
	let token: Promise<string> | undefined;
	const what = "the showcase's firewall was refused";
	// Each request comes from there: a token from elsewhere would be a journey that nobody can make.
	const from: Record<string, string> = country === undefined ? {} : { "cf-ipcountry": country };

	async function send<T>(method: string, path: string, schema: z.ZodType<T>, body?: object): Promise<T> {
		token ??= obtainToken();
		const answer = await exchange({
			method,
			url: server + path,
			headers: {
				authorization: `Bearer ${await token}`,
				...from,
				...(body !== undefined && { "content-type": "application/json" }),
			},
			...(body !== undefined && { body: JSON.stringify(body) }),
		});
		if (answer.status >= 400) throw refusalFrom(answer, what, nowMs());
		return readAnswer(parseJson(answer.text), what, schema);
	}

	async function obtainToken(): Promise<string> {
		const form = new URLSearchParams(await tokenForm(key, device, issuer, Math.floor(nowMs() / 1_000)));
		const headers = { "content-type": "application/x-www-form-urlencoded", ...from };
		const answer = await exchange({ method: "POST", url: `${server}/oauth2/token`, headers, body: form.toString() });
		if (answer.status >= 400) throw refusalFrom(answer, what, nowMs());
		return readAnswer(parseJson(answer.text), what, tokenAnswer).access_token;
	}

	const ask = (installed: string) => send("GET", `/v1/check?installed=${product}@${installed}`, checkAnswer);
	return {
		jwk: key.publicJwk,
		becomes: (id) => {
			device = id;
		},
		check: async (installed) => {
			await ask(installed);
		},
		install: async (installed, outcome, detail) => {
			const { products } = await ask(installed);
			const offer = products.find((one) => one.product === product)?.offer;
			if (offer == null) throw new CliError(`${device} is offered nothing of ${product}`, { code: "not_offered" });
			const { capability, download } = offer;
			const permit =
				download == null ? (await send("POST", "/v1/permits", permitAnswer, { offer: capability })).permit : capability;
			if (outcome === null) return;
			const report = { permit, outcome, ...(detail !== undefined && { detail }) };
			await send("POST", "/v1/reports", z.looseObject({}), report);
		},
	};
}
