// A plain node:http server that speaks as much of Parapet's HTTP contract as the firewall's client needs, checks the
// proofs it is sent with jose, and misbehaves on request. It shares no code with the service, so that the client is
// held to the contract and not to our implementation of it.
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { importJWK, type JWK, jwtVerify } from "jose";
import { answerDownload, deltaOf, packageOf } from "./contract-download.ts";
import { verifyProof } from "./contract-proof.ts";
import { end, inSeconds, json, listen, problem, readBody } from "./contract-replies.ts";
import type { ContractServer, OfferedRelease } from "./contract-state.ts";
import { sendReply } from "./scripted-server.ts";

export const AUTH_CODE = "0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ-0000";
export const API_KEY = "local-0123456789abcdefghijklmnopqrstuvwxyz";

export async function startContractServer(): Promise<ContractServer> {
	const keys = new Map<string, { jwk: JWK; jkt: string }>();
	const tokens = new Map<string, string>();
	const state: ContractServer = {
		url: "",
		seen: [],
		reports: [],
		release: null,
		disabledRules: [],
		quietSeconds: null,
		nextCheckIn: 300,
		heardUntil: null,
		explanation: {},
		faults: {},
		close: async () => {},
	};
	const server = createServer((request, response) => {
		void answer(request, response).catch((error: unknown) => {
			problem(response, 500, "internal", String(error));
		});
	});
	await listen(server);
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
	Object.assign(state, { url, close });
	return state;

	async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { pathname, searchParams, search } = new URL(request.url ?? "/", url);
		const body = await readBody(request);
		const method = request.method ?? "";
		const seen = { method, path: pathname + search, headers: request.headers, body };
		state.seen.push(seen);
		const instead = state.faults.instead?.(seen) ?? null;
		if (instead !== null) return sendReply(request, response, instead);
		const route = `${method} ${pathname.split("/").slice(0, 3).join("/")}`;
		switch (route) {
			case "GET /.well-known/oauth-authorization-server":
				return json(response, 200, {
					issuer: url,
					token_endpoint: `${url}/oauth2/token`,
					registration_endpoint: `${url}/oauth2/register`,
				});
			case "POST /oauth2/register": {
				const jkt = await verifyProof(request, "POST", `${url}${pathname}`, AUTH_CODE);
				if (request.headers.authorization !== `DPoP ${AUTH_CODE}` || jkt === null)
					return problem(response, 401, "invalid_token");
				const id = `dev-acct-${jkt.slice(0, 8).toLowerCase()}`;
				const created = !keys.has(id);
				keys.set(id, { jwk: JSON.parse(body).jwks.keys[0], jkt });
				return json(response, created ? 201 : 200, {
					client_id: id,
					registration_access_token: "registration-secret",
					account: "acct-0000000000",
					license: "lic-00000000",
				});
			}
			case "DELETE /oauth2/register":
				if (request.headers.authorization !== "Bearer registration-secret")
					return problem(response, 401, "invalid_token");
				return end(response, 204);
			case "POST /oauth2/token":
				return answerToken(request, response, new URLSearchParams(body));
			case "GET /v1/check": {
				if (!(await authorized(request, pathname))) return problem(response, 401, "invalid_token");
				const named = /(?:^|,)crs@([^,]+)/.exec(searchParams.get("installed") ?? "")?.[1] ?? null;
				const isDamaged = searchParams.get("damaged")?.split(",").includes("crs") === true;
				const installed = isDamaged ? null : named;
				const etag = `"check-${createHash("sha256").update(`${search}${state.release?.version}${state.disabledRules.join()}`).digest("hex").slice(0, 16)}"`;
				if (request.headers["if-none-match"] === etag) return end(response, 304, { etag });
				return json(response, 200, describe(installed), { etag });
			}
			case "POST /v1/permits": {
				if (!(await authorized(request, pathname))) return problem(response, 401, "invalid_token");
				if (state.faults.refusePermits) return problem(response, 409, "release_withdrawn");
				const { release } = state;
				if (JSON.parse(body).offer !== "offer-capability" || release === null)
					return problem(response, 409, "offer_expired");
				const id = randomUUID();
				const links = linkOf(release, id);
				return json(response, 201, {
					permit: `permit-${id}`,
					product: "crs",
					...packageOf(release),
					...deltaOf(release, url),
					...links,
					report_by: inSeconds(3600),
				});
			}
			case "POST /v1/reports": {
				if (state.faults.dropReports) return void response.destroy();
				if (!(await authorized(request, pathname))) return problem(response, 401, "invalid_token");
				const report = JSON.parse(body);
				state.reports.push(report);
				return json(response, 202, { permit: report.permit, outcome: report.outcome });
			}
			case "GET /p/crs":
				return json(response, 200, { value: "as ever", spread: 300 });
			case "GET /v1/messages": {
				if (!(await authorized(request, pathname))) return problem(response, 401, "invalid_token");
				const message = {
					id: "msg-00000001",
					sequence: 7,
					severity: "info",
					title: "Hello",
					body: "There",
					starts_at: null,
					ends_at: null,
				};
				return json(response, 200, { messages: [message], last: 7 });
			}
			case "GET /v1/entitlements": {
				if (!(await authorized(request, pathname))) return problem(response, 401, "invalid_token");
				const product = { product: "crs", decision: "active", code: null, until: inSeconds(86_400), grace_until: null };
				return json(response, 200, { device: "dev-acct-x", account: "acct-0000000000", products: [product] });
			}
			case "GET /v1/devices": {
				const isOperator = request.headers.authorization === `Bearer ${API_KEY}`;
				if (!isOperator && !(await authorized(request, pathname))) return problem(response, 401, "invalid_token");
				return json(response, 200, state.explanation);
			}
			case "POST /v1/accounts":
				if (request.headers.authorization !== `Bearer ${API_KEY}`) return problem(response, 401, "invalid_token");
				return json(response, 201, {
					account: "acct-0000000000",
					name: JSON.parse(body).name,
					created_at: inSeconds(0),
				});
			case "POST /v1/products":
				// Whoever publishes here has no earlier release, and too little for a packed copy.
				return json(response, 200, { released: false, bases: [] });
			case "PUT /v1/products": {
				if (request.headers.authorization !== `Bearer ${API_KEY}`) return problem(response, 401, "invalid_token");
				const sha256 = createHash("sha256").update(Buffer.from(body, "latin1")).digest("hex");
				if (!pathname.endsWith("/package")) {
					const sent = Buffer.from(state.seen.findLast((one) => one.path.includes("/package?"))?.body ?? "", "latin1");
					const stored = createHash("sha256").update(sent).digest("hex");
					return json(response, 201, {
						version: pathname.split("/")[5],
						sequence: 1,
						status: "current",
						sha256: stored,
					});
				}
				const wanted = `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`;
				if (request.headers["repr-digest"] !== wanted) return problem(response, 422, "digest_mismatch");
				return json(response, 201, { sha256, size: body.length, name: searchParams.get("name") });
			}
			default:
				if (pathname.startsWith("/d/")) return answerDownload(state, request, response);
				return problem(response, 404, "not_found");
		}
	}

	function linkOf(release: OfferedRelease, id: string) {
		const { sha256, name } = packageOf(release);
		const untold = release.untold === true ? { report_success: false } : {};
		return { url: `${url}/d/${sha256}/${name}?s=${id}`, expires_at: inSeconds(300), ...untold };
	}

	function describe(installed: string | null) {
		const { release } = state;
		const offered = release !== null && installed !== release.version;
		const offer =
			release === null
				? null
				: {
						...{ ...packageOf(release), sequence: 1, capability: "offer-capability", expires_at: inSeconds(300) },
						...(release.direct === true
							? { download: { ...deltaOf(release, url), ...linkOf(release, "direct") } }
							: {}),
					};
		const status = release === null ? "unavailable" : offered ? "offered" : "current";
		const product = {
			product: "crs",
			decision: "active",
			code: null,
			until: inSeconds(86_400),
			installed,
			status,
			reason: null,
			...(state.disabledRules.length > 0 ? { disabled_rules: state.disabledRules } : {}),
		};
		const until = offered ? "once_installed_until" : "until";
		const quiet =
			state.quietSeconds === null
				? {}
				: { pulse: [{ url: `${url}/p/crs`, value: "as ever" }], [until]: inSeconds(state.quietSeconds) };
		return {
			...quiet,
			...(state.heardUntil === null ? {} : { heard_until: state.heardUntil }),
			device: "dev-acct-x",
			as_of: inSeconds(0),
			next_check_in: state.nextCheckIn,
			products: [offered ? { ...product, offer } : product],
			messages: { unread: 1, last: 7 },
		};
	}

	async function answerToken(request: IncomingMessage, response: ServerResponse, form: URLSearchParams): Promise<void> {
		if (state.faults.serverTime !== undefined) {
			return json(response, 400, {
				error: "invalid_client",
				error_description: "the assertion is not of now",
				server_time: state.faults.serverTime,
			});
		}
		const key = keys.get(form.get("client_id") ?? "");
		if (key === undefined) return json(response, 401, { error: "invalid_client" });
		await jwtVerify(
			form.get("client_assertion") ?? "",
			await importJWK(key.jwk, key.jwk.kty === "EC" ? "ES256" : "Ed25519"),
			{
				algorithms: ["ES256", "Ed25519"],
				issuer: form.get("client_id") ?? "",
				subject: form.get("client_id") ?? "",
				audience: url,
				requiredClaims: ["exp", "iat", "jti"],
			},
		);
		const bound = request.headers.dpop !== undefined;
		if (bound && (await verifyProof(request, "POST", `${url}/oauth2/token`)) !== key.jkt)
			return json(response, 400, { error: "invalid_dpop_proof" });
		const token = `token-${randomUUID()}`;
		tokens.set(token, bound ? key.jkt : "");
		return json(response, 200, {
			access_token: token,
			token_type: bound ? "DPoP" : "Bearer",
			expires_in: 3600,
			scope: "device",
		});
	}

	async function authorized(request: IncomingMessage, pathname: string): Promise<boolean> {
		const [scheme, token = ""] = (request.headers.authorization ?? "").split(" ");
		const jkt = tokens.get(token);
		if (jkt === undefined) return false;
		if ((state.faults.refuseTokens ?? 0) > 0) {
			state.faults.refuseTokens = (state.faults.refuseTokens ?? 0) - 1;
			return false;
		}
		if (jkt === "") return scheme === "Bearer";
		return scheme === "DPoP" && (await verifyProof(request, request.method ?? "", `${url}${pathname}`, token)) === jkt;
	}
}
