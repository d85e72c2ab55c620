// The operations that carry their credentials, or refuse, in ways of their own: the same with another account's things in between.
import { autoscalingNews } from "../../../support/autoscaling-events.ts";
import { Firewall } from "../../../support/firewall.ts";
import { newAddress } from "../../../support/fresh-names.ts";
import { ISSUER, operate, operated, send } from "../../../support/service.ts";
import { call, deviceOf, operator } from "./calls.ts";
import type { Estate } from "./estate.ts";
import type { Operation } from "./operations.ts";

export interface OwnCase {
	readonly what: string;
	readonly ask: () => Promise<Response>;
	/** 201: it is A's to have, and says nothing of B's but what was sent */
	readonly status: number;
	readonly sent?: readonly string[];
}

type MakeCases = (a: Estate, b: Estate) => Promise<OwnCase[]>;

/** The id of B's device with the name of A's object. */
function mixed(a: string, b: string, head: number): string {
	return a.slice(0, head) + b.slice(head);
}
const mixedDevice = (a: Estate, b: Estate) => mixed(a.firewall.clientId, b.firewall.clientId, "dev-".length + 10);

async function register(
	signer: Estate,
	code: string,
	change: { jwk?: unknown; serial?: string; proofFor?: string } = {},
): Promise<Response> {
	const { firewall } = signer;
	const { jwk = firewall.publicJwk, serial = `${signer.serial}-2`, proofFor = code } = change;
	const body = JSON.stringify({ jwks: { keys: [jwk] }, device_serial: serial, device_model: "FW-100" });
	return send("/oauth2/register", {
		method: "POST",
		headers: {
			authorization: `DPoP ${code}`,
			dpop: await firewall.proof("POST", `${ISSUER}/oauth2/register`, proofFor),
			"content-type": "application/json",
			"content-length": String(body.length),
			"cf-connecting-ip": newAddress(),
		},
		body,
	});
}

const registration: MakeCases = async (a, b) => {
	const fresh = { ...a, firewall: await Firewall.create() };
	const code = mixed(a.code, b.code, "xxxx-xxxx-xx".length);
	return [
		{ what: "B's code under the name of A's object", ask: () => register(a, code), status: 401 },
		{ what: "B's code, proved for A's", ask: () => register(a, b.code, { proofFor: a.code }), status: 400 },
		{ what: "B's key, proved by A's", ask: () => register(a, a.code, { jwk: b.firewall.publicJwk }), status: 400 },
		{
			what: "A's key a second time under B's serial",
			ask: () => register(a, a.code, { serial: b.serial }),
			status: 403,
		},
		{
			what: "a new key of A's under B's serial",
			ask: () => register(fresh, a.code, { serial: b.serial }),
			status: 201,
			sent: [b.serial],
		},
		{
			what: "B's key under A's code",
			ask: () => register({ ...a, firewall: b.firewall }, a.code, { serial: `${a.serial}-3` }),
			status: 201,
			sent: Object.values(b.firewall.publicJwk).map(String),
		},
	];
};

const deactivation: MakeCases = async (a, b) => {
	const remove = (id: string, token: string) =>
		send(`/oauth2/register/${id}`, { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
	const { registrationToken: tokenOfA, clientId: idOfA } = a.firewall;
	return [
		{ what: "B's device with A's token", ask: () => remove(b.firewall.clientId, tokenOfA), status: 401 },
		{ what: "A's device with B's token", ask: () => remove(idOfA, b.firewall.registrationToken), status: 401 },
		{ what: "B's device under the name of A's object", ask: () => remove(mixedDevice(a, b), tokenOfA), status: 401 },
		{ what: "B's device with A's access token", ask: () => remove(b.firewall.clientId, a.bearer), status: 401 },
		{ what: "A's device with A's token", ask: () => remove(idOfA, tokenOfA), status: 204 },
	];
};

const updating: MakeCases = async (a, b) => {
	const update = async (id: string, bearer: string, { firewall, serial }: Estate = a) => {
		const path = `/oauth2/register/${id}`;
		const body = JSON.stringify({
			...{ jwks: { keys: [firewall.publicJwk] }, device_serial: serial, device_model: "FW-100" },
		});
		const dpop = await firewall.proof("PUT", ISSUER + path);
		const headers = { "content-type": "application/json", "content-length": String(body.length), dpop };
		return send(path, { method: "PUT", headers: { ...headers, authorization: `Bearer ${bearer}` }, body });
	};
	const { registrationToken: tokenOfA, clientId: idOfA } = a.firewall;
	const { registrationToken: tokenOfB, clientId: idOfB } = b.firewall;
	return [
		{ what: "B's device with A's token", ask: () => update(idOfB, tokenOfA), status: 401 },
		{ what: "A's device with B's token", ask: () => update(idOfA, tokenOfB), status: 401 },
		{ what: "B's device with B's token and A's key", ask: () => update(idOfB, tokenOfB), status: 400 },
		{ what: "A's device with A's token and B's key", ask: () => update(idOfA, tokenOfA, b), status: 400 },
		{ what: "B's device under the name of A's object", ask: () => update(mixedDevice(a, b), tokenOfA), status: 401 },
		{ what: "A's device with A's token and key", ask: () => update(idOfA, tokenOfA), status: 200 },
	];
};

const token: MakeCases = async (a, b) => {
	const ask = async (claims: Record<string, string>, more: Record<string, string> = {}, prover?: Estate) => {
		const assertion = await a.firewall.assertion({ claims });
		const url = `${ISSUER}/oauth2/token`;
		const proof = await prover?.firewall.proof("POST", url);
		return a.firewall.requestToken({ client_assertion: assertion, ...more }, proof);
	};
	const [ofA, ofB] = [a.firewall.clientId, b.firewall.clientId];
	const both = (id: string) => ({ iss: id, sub: id });
	return [
		{ what: "B's device by A's key", ask: () => ask(both(ofB)), status: 401 },
		{ what: "A's device as B's", ask: () => ask({ iss: ofA, sub: ofB }), status: 401 },
		{ what: "B's device as A's", ask: () => ask({ iss: ofB, sub: ofA }), status: 401 },
		{ what: "A's assertion for B's client_id", ask: () => ask({}, { client_id: ofB }), status: 401 },
		{ what: "B's device under the name of A's object", ask: () => ask(both(mixedDevice(a, b))), status: 401 },
		{ what: "A's device bound to B's key", ask: () => ask({}, {}, b), status: 400 },
		{ what: "A's device", ask: () => ask({}, {}, a), status: 200 },
	];
};

const download: MakeCases = async (a, b) => {
	const [ofA, ofB] = [new URL(a.url), new URL(b.url)];
	const cases: OwnCase[] = [];
	for (const [name, value] of ofB.searchParams) {
		if (ofA.searchParams.get(name) === value) continue;
		const url = a.url.replace(`${name}=${ofA.searchParams.get(name)}`, `${name}=${value}`);
		cases.push({ what: `A's URL with B's ${name}`, ask: () => send(url), status: 403 });
	}
	if (cases.length < 2) throw new Error("the URLs of two devices hardly differ");
	return [...cases, { what: "A's URL", ask: () => send(a.url), status: 200 }];
};

/** Needs an event as AWS sends it, and AWS credentials, which no account has here. */
const autoscaling: MakeCases = async (a, b) => {
	const scopes = [`lifecycle:${a.account}`];
	const { key } = await operated<{ key: string }>("POST", "/v1/keys", { subject: "hook of A", scopes });
	const tell = (kind: "launch" | "terminate", account: string, license: string) =>
		operate("POST", `/v1/hooks/aws/autoscaling?account=${account}&license=${license}`, autoscalingNews(kind), key);
	const mixedAccount = mixed(a.account, b.account, "acct-".length + 10);
	return [
		{ what: "an end at B by A's key", ask: () => tell("terminate", b.account, b.license), status: 403 },
		{ what: "a launch at B by A's key", ask: () => tell("launch", b.account, b.license), status: 403 },
		{ what: "B under the name of A's object", ask: () => tell("terminate", mixedAccount, a.license), status: 403 },
		{ what: "a launch at A with B's license", ask: () => tell("launch", a.account, b.license), status: 424 },
		{ what: "an end at A", ask: () => tell("terminate", a.account, a.license), status: 200 },
	];
};

/** An operator's, but what is refused is refused line by line. */
const importing: MakeCases = async (a, b) => {
	const { publicJwk } = await Firewall.create();
	const good = { serial: `${a.serial}-4`, model: "FW-100", jwk: publicJwk, license: a.license };
	const ask = (line: Record<string, unknown>, caller = operator, account = a.account) => {
		const operation = { method: "POST" } as Operation;
		return call(operation, { path: `/v1/accounts/${account}/devices`, body: { devices: [line] } }, caller);
	};
	const keyOfB = b.firewall.publicJwk;
	const account = mixed(a.account, b.account, "acct-".length + 10);
	return [
		{ what: "B's account under the name of A's object", ask: () => ask(good, operator, account), status: 400 },
		{ what: "B's account with A's token", ask: () => ask(good, deviceOf(a), b.account), status: 401 },
		{ what: "B's license", ask: () => ask({ ...good, license: b.license }), status: 200, sent: [b.license] },
		{ what: "B's HA group", ask: () => ask({ ...good, ha_group: b.haGroup }), status: 200, sent: [b.haGroup] },
		{ what: "B's serial", ask: () => ask({ ...good, serial: b.serial }), status: 200, sent: [b.serial] },
		{
			what: "B's key",
			ask: () => ask({ ...good, serial: `${a.serial}-5`, jwk: keyOfB }),
			status: 200,
			sent: Object.values(keyOfB).map(String),
		},
		{
			what: "the id of B's device, for a device of A's",
			ask: () => ask({ ...good, serial: b.serial, id: b.firewall.clientId }),
			status: 200,
			sent: [b.serial, b.firewall.clientId],
		},
	];
};

/** By operation. The last case of each is A's own, and good. */
/** An operator may close any account, but none by a name that is half B's. */
const closing: MakeCases = async (a, b) => {
	const path = `/v1/accounts/${mixed(a.account, b.account, "acct-".length + 10)}/close`;
	return [{ what: "B's check under the name of A's object", ask: () => operate("POST", path, {}), status: 400 }];
};

/** What an operator takes out of a deployment is whole objects. @param page of a request but for whose it is */
function backupOf(page: object): MakeCases {
	return async (a, b) => {
		const owner = { account: mixed(a.account, b.account, "acct-".length + 10) };
		const [path] = "rows" in page ? ["restore"] : "backup" in page ? ["wake"] : ["export"];
		const ask = () => operate("POST", `/v1/backup/${path}`, { owner, ...page });
		return [{ what: "B's check under the name of A's object", ask, status: 404 }];
	};
}

/** A version is the deployment's, and one that was released stays. */
const discarding: MakeCases = async ({ product }) => {
	const path = `/v1/products/${product}/releases/1.0.0`;
	return [{ what: "a version that was released", ask: () => operate("DELETE", path), status: 409 }];
};

/** Whose a serial number is, whoever claims it is told, and nothing else of whose it is. */
const claiming: MakeCases = async (a, b) => {
	const ask = (account: string, serials: string[], license = a.license) =>
		operate("POST", `/v1/accounts/${account}/claims`, { serials, license });
	return [
		{ what: "A's serial number under B's license", ask: () => ask(a.account, [a.serial], b.license), status: 404 },
		{
			what: "a serial number under the name of A's object and B's check",
			ask: () => ask(mixed(a.account, b.account, "acct-".length + 10), [a.serial]),
			status: 400,
		},
		{ what: "B's serial number", ask: () => ask(a.account, [b.serial]), status: 200, sent: [b.serial] },
		{ what: "A's serial number", ask: () => ask(a.account, [a.serial]), status: 200 },
	];
};

const rewinding: MakeCases = async (a, b) => {
	const path = `/v1/accounts/${mixed(a.account, b.account, "acct-".length + 10)}/rewind`;
	const ask = () => operate("POST", path, { to: "2026-01-01T00:00:00Z", dry_run: true });
	return [{ what: "B's check under the name of A's object", ask, status: 400 }];
};

export const OWN_WAYS: Readonly<Record<string, MakeCases>> = {
	"POST /oauth2/register": registration,
	"DELETE /oauth2/register/{client_id}": deactivation,
	"PUT /oauth2/register/{client_id}": updating,
	"POST /oauth2/token": token,
	"GET /d/{sha256}/{name}": download,
	"POST /v1/hooks/aws/autoscaling": autoscaling,
	"POST /v1/accounts/{account}/devices": importing,
	"POST /v1/accounts/{account}/close": closing,
	"POST /v1/accounts/{account}/claims": claiming,
	"DELETE /v1/products/{product}/releases/{version}": discarding,
	"POST /v1/accounts/{account}/rewind": rewinding,
	"POST /v1/backup/export": backupOf({}),
	"POST /v1/backup/restore": backupOf({ backup: "b".repeat(64), schema: 1, index: 0, rows: [], total: 0 }),
	"POST /v1/backup/wake": backupOf({ backup: "b".repeat(64) }),
};
