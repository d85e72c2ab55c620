// Runs inside workerd: makes and reads one access token over and over, in the form that the service uses and as RFC 9068
// JWTs by jose, with the checks that RFC 9068 asks for. Whoever asks takes the time: in here the clock stands still.
import { jwtVerify, SignJWT } from "jose";
import type { DeviceProfile } from "../../src/entitlement/devices/device-record.ts";
import { importMacKeyring } from "../../src/signing/keys/mac-keyring.ts";
import { type NewAccessToken, openAccessToken, sealAccessToken } from "../../src/signing/sealed/access-token.ts";

const ISSUER = "https://updates.example.com";
const NOW = 1_800_000_000;
const KEYS = `k1:${"A".repeat(43)}`;
const GRANT = { from: 0, until: NOW + 86_400, grace: 0, critical: 0, delay: 0, emergencyDelay: 0 };
const DEVICE: DeviceProfile = {
	id: "dev-0123456789-abcdefghjkmnpqrs",
	account: "acct-0123456789abcdef",
	status: "active",
	model: "FW-100",
	labels: { site: "berlin" },
	haGroup: null,
	hold: null,
	licenseEpoch: 0,
	lease: null,
	policy: null,
	grants: { crs: GRANT, threats: GRANT },
};
const NEW_TOKEN: NewAccessToken = {
	issuer: ISSUER,
	device: DEVICE,
	pseudonym: "0123456789abcdef",
	jkt: "A".repeat(43),
	jti: "01234567-89ab-cdef-0123-456789abcdef",
	now: NOW,
	expiresIn: 3600,
};

export type Operation = `${"sealed" | "hs256" | "es256"}-${"make" | "read"}`;

interface Form {
	make(): Promise<string>;
	read(token: string): Promise<unknown>;
}

async function sealedForm(): Promise<Form> {
	const keyring = await importMacKeyring(KEYS);
	return {
		make: () => sealAccessToken(keyring, NEW_TOKEN),
		read: (token) => openAccessToken(keyring, token, { issuer: ISSUER, now: NOW }),
	};
}

function jwtForm(alg: "HS256" | "ES256", signKey: CryptoKey, verifyKey: CryptoKey): Form {
	const { id, account, grants, ...dev } = DEVICE;
	const ent = Object.fromEntries(Object.entries(grants).map(([product, { until }]) => [product, [until]]));
	const claims = { client_id: id, scope: "device", acct: account, pseudonym: NEW_TOKEN.pseudonym, ent };
	const { model, labels } = dev;
	return {
		make: () =>
			new SignJWT({ ...claims, dev: { model, labels }, cnf: { jkt: NEW_TOKEN.jkt } })
				.setProtectedHeader({ alg, typ: "at+jwt", kid: "k1" })
				.setIssuer(ISSUER)
				.setSubject(id)
				.setAudience(ISSUER)
				.setIssuedAt(NOW)
				.setExpirationTime(NOW + 3600)
				.setJti(NEW_TOKEN.jti)
				.sign(signKey),
		read: (token) =>
			jwtVerify(token, () => verifyKey, {
				algorithms: [alg],
				typ: "at+jwt",
				issuer: ISSUER,
				audience: ISSUER,
				requiredClaims: ["iss", "sub", "client_id", "aud", "iat", "exp", "jti", "scope"],
				maxTokenAge: 86_400,
				clockTolerance: 30,
				currentDate: new Date(NOW * 1000),
			}),
	};
}

async function makeForms(): Promise<Readonly<Record<string, Form>>> {
	const { token } = (await importMacKeyring(KEYS)).current;
	const curve = { name: "ECDSA", namedCurve: "P-256" } as const;
	const pair = (await crypto.subtle.generateKey(curve, false, ["sign", "verify"])) as CryptoKeyPair;
	return {
		sealed: await sealedForm(),
		hs256: jwtForm("HS256", token, token),
		es256: jwtForm("ES256", pair.privateKey, pair.publicKey),
	};
}

let forms: Readonly<Record<string, Form>> | undefined;

export default {
	async fetch(request): Promise<Response> {
		const { searchParams } = new URL(request.url);
		const [name = "", verb] = (searchParams.get("operation") ?? "").split("-");
		forms ??= await makeForms();
		const form = forms[name];
		if (form === undefined) return new Response("no such form", { status: 404 });
		const token = await form.make();
		const times = Number(searchParams.get("times"));
		for (let time = 0; time < times; time++) await (verb === "make" ? form.make() : form.read(token));
		return Response.json({ length: token.length });
	},
} satisfies ExportedHandler;
