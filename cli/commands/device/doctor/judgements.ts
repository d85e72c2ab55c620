// What `parapet device doctor` makes of what it saw: pure, one finding a line, each with what to change.
import { formatBytes } from "../../../terminal/output.ts";
import type { Finding } from "../../doctor/findings.ts";
import type { Certificate, Disk, Echo, Reach, SeenSample } from "./looks.ts";

/** Beyond it the service refuses what a device signs (src/signing/device-proofs/device-clock.ts). */
const REFUSED_SECONDS = 60;
const NOTICED_SECONDS = 20;
const OPENED = "let the host pass without inspection of TLS (docs/network.md)";

/** The name, the connection and the certificate of one host; what follows from a failure is not said again. */
export function judgeReach({ origin, proxy, addresses, connected, certificate }: Reach): Finding[] {
	const { hostname } = new URL(origin);
	const next = proxy === null ? hostname : `the proxy ${proxy}`;
	const findings: Finding[] = [
		proxy === null
			? { verdict: "good", what: "proxy", finding: `none for ${hostname}` }
			: { verdict: "good", what: "proxy", finding: `${proxy} for ${hostname}` },
	];
	if ("fault" in addresses) {
		const fix = `have the DNS server of this firewall answer for ${new URL(proxy ?? origin).hostname}`;
		return [...findings, { verdict: "bad", what: "dns", finding: `${next}: ${addresses.fault}`, fix }];
	}
	findings.push({ verdict: "good", what: "dns", finding: `${next}: ${addresses.join(", ")}` });
	if (typeof connected !== "number") {
		const finding = `${next}: ${connected?.fault ?? "not tried"}`;
		return [...findings, { verdict: "bad", what: "tcp", finding, fix: connectFix(origin, proxy) }];
	}
	findings.push({ verdict: "good", what: "tcp", finding: `${next}: connected in ${connected} ms` });
	if (certificate === null || certificate === undefined) return findings;
	return [
		...findings,
		"issuer" in certificate ? judgeCertificate(hostname, certificate) : noTls(hostname, proxy, certificate.fault),
	];
}

function connectFix(origin: string, proxy: string | null): string {
	const { hostname, port } = new URL(origin);
	if (proxy !== null) return `see that the proxy runs, or name ${hostname} in NO_PROXY to go without it`;
	return `allow outgoing TCP ${port || (origin.startsWith("http:") ? 80 : 443)} to ${hostname}, or name a proxy in HTTPS_PROXY`;
}

function noTls(hostname: string, proxy: string | null, fault: string): Finding {
	const fix =
		proxy === null
			? OPENED
			: `have the proxy pass CONNECT to ${hostname}:443, with the credentials it wants in HTTPS_PROXY`;
	return { verdict: "bad", what: "tls", finding: `${hostname}: ${fault}`, fix };
}

function judgeCertificate(hostname: string, { fault, byOwnAuthority, issuer, endsMs, protocol }: Certificate): Finding {
	const finding = `${hostname}: ${protocol}, certificate of ${issuer}`;
	if (/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/.test(fault ?? "")) {
		const until = Number.isNaN(endsMs) ? "" : ` until ${new Date(endsMs).toISOString()}`;
		return {
			verdict: "bad",
			what: "tls",
			finding: `${finding}${until}: ${fault}`,
			fix: "set the clock (NTP); if it is right, the certificate is to be renewed",
		};
	}
	if (fault === "ERR_TLS_CERT_ALTNAME_INVALID") {
		return {
			verdict: "bad",
			what: "tls",
			finding: `${finding}, for another host`,
			fix: `something answers for ${hostname}: ${OPENED}`,
		};
	}
	if (fault !== null) {
		const fix = `${OPENED}; or name the authority's file (PEM) in PARAPET_CA_FILE`;
		return { verdict: "bad", what: "tls", finding: `${finding}, which this machine does not believe: ${fault}`, fix };
	}
	if (!byOwnAuthority) return { verdict: "good", what: "tls", finding };
	return { verdict: "notice", what: "tls", finding: `${finding}, believed by PARAPET_CA_FILE alone`, fix: OPENED };
}

const FIELDS: readonly (readonly [string, string])[] = [
	["authorization", "Authorization"],
	["dpop", "DPoP"],
	["if_none_match", "If-None-Match"],
	["range", "Range"],
];

/** @param protocol of TLS as this machine spoke it; null = none, or not seen */
export function judgeEcho(
	server: string,
	echo: Echo | { readonly status: number },
	protocol: string | null,
): Finding[] {
	if ("status" in echo) {
		const finding = `${server} does not answer as Parapet does (${echo.status})`;
		return [
			{
				verdict: "bad",
				what: "service",
				finding,
				fix: "check --url; if it is right, something on the way answers: let it pass",
			},
		];
	}
	const { address, http, country, colo, arrived, tls, clock_offset_seconds: offset } = echo;
	const place = [country, colo].filter((part) => part !== null).join(", ");
	const from = `seen from ${address ?? "an unknown address"}${place === "" ? "" : ` (${place})`}${http === null ? "" : `, ${http}`}`;
	const lost = FIELDS.filter(([name]) => arrived[name] !== true).map(([, field]) => field);
	const findings: Finding[] = [
		{ verdict: "good", what: "service", finding: from },
		lost.length === 0
			? { verdict: "good", what: "headers", finding: "all arrive" }
			: {
					verdict: "bad",
					what: "headers",
					finding: `${lost.join(", ")} lost on the way`,
					fix: `have the proxy pass ${lost.join(", ")} unchanged`,
				},
		judgeClock(offset),
	];
	const isOpened = arrived["via"] === true || (protocol !== null && tls !== null && protocol !== tls);
	if (!isOpened) return findings;
	const finding =
		arrived["via"] === true ? "a proxy says Via in what arrives" : `${protocol} here, ${tls} at the service`;
	return [...findings, { verdict: "notice", what: "interception", finding, fix: OPENED }];
}

function judgeClock(offset: number | null): Finding {
	if (offset === null) return { verdict: "notice", what: "clock", finding: "not compared" };
	const finding = `${Math.abs(offset)} s ${offset > 0 ? "ahead of" : "behind"} the service`;
	if (Math.abs(offset) > REFUSED_SECONDS) {
		return { verdict: "bad", what: "clock", finding, fix: "set the clock (NTP): what the firewall signs is refused" };
	}
	if (Math.abs(offset) > NOTICED_SECONDS)
		return { verdict: "notice", what: "clock", finding, fix: "set the clock (NTP)" };
	return { verdict: "good", what: "clock", finding: offset === 0 ? "as the service's" : finding };
}

export function judgeSample({ whole, etag, unchanged, range }: SeenSample): Finding[] {
	const looks: readonly (readonly [what: string, isWell: boolean, finding: string, fix: string])[] = [
		["download", whole, "what comes is not what was sent", "have nothing on the way scan, pack or rewrite downloads"],
		["range", range, "a part is not answered by that part", "have the proxy pass Range, If-Range and 206 unchanged"],
		["etag", etag, "ETag is lost or changed on the way", "have the proxy pass ETag unchanged"],
		[
			"unchanged",
			unchanged,
			"If-None-Match is not answered by 304",
			"have the proxy pass it and 304, and cache nothing",
		],
	];
	return looks.map(([what, isWell, finding, fix]) =>
		isWell ? { verdict: "good", what, finding: "passes" } : { verdict: "bad", what, finding, fix },
	);
}

/** @param packageBytes the largest that the service takes; null = not known */
export function judgeDisk(folder: string, { fault, freeBytes }: Disk, packageBytes: number | null): Finding {
	const what = "disk";
	if (fault !== null) {
		return {
			verdict: "bad",
			what,
			finding: `${folder}: ${fault}`,
			fix: "make it a folder that the firewall may write, or name another: --home",
		};
	}
	if (freeBytes === null) return { verdict: "good", what, finding: `${folder} takes writes` };
	const finding = `${folder}: ${formatBytes(freeBytes)} free`;
	if (packageBytes === null || freeBytes >= packageBytes) return { verdict: "good", what, finding };
	return {
		verdict: "notice",
		what,
		finding: `${finding}, a package may have ${formatBytes(packageBytes)}`,
		fix: "make room",
	};
}
