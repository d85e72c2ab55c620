// By which way a server is reached: through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name, and with the certificates of
// PARAPET_CA_FILE beside Node's own. Proxies speak HTTP or HTTPS; SOCKS is refused. A proxy's password appears in no message.
import { readFileSync } from "node:fs";
import type { Agent } from "node:http";
import { systemFault, UsageError } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Route {
	/** false = a connection of its own, straight to the server */
	readonly agent: Agent | false;
	/** whom to believe; undefined = whom Node believes */
	readonly ca?: readonly string[] | undefined;
	/** origin of the proxy, without credentials; null = none */
	readonly proxy: string | null;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/**
 * @param timeoutMs how long the proxy may be silent
 * @throws UsageError when a variable names no proxy, or a file that cannot be read
 */
export function routeTo(url: URL, env: Environment, timeoutMs: number): Route {
	const proxy = proxyFor(url, env);
	const ca = url.protocol === "https:" ? certificates(env) : undefined;
	if (proxy === null) return { agent: false, ca, proxy: null };
	const { Agent } = process.getBuiltinModule(url.protocol === "https:" ? "node:https" : "node:http");
	// Which hosts are left out is decided here, so that an error can say whether there was a proxy.
	const named = { http_proxy: proxy.href, HTTP_PROXY: proxy.href, https_proxy: proxy.href, HTTPS_PROXY: proxy.href };
	const proxyEnv = { ...process.env, ...named, no_proxy: "", NO_PROXY: "" };
	return { agent: new Agent({ proxyEnv, timeout: timeoutMs }), ca, proxy: `${proxy.protocol}//${proxy.host}` };
}

/**
 * The proxy for a URL, as curl and others read the variables: small letters win, an empty value is none. This machine itself is
 * never asked for through a proxy.
 * @throws UsageError when the variable's value is no proxy's URL
 */
export function proxyFor(url: URL, env: Environment): URL | null {
	const name = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
	const given = env[name.toLowerCase()] ?? env[name] ?? "";
	if (given === "" || LOOPBACK.test(url.hostname)) return null;
	if (isLeftOut(url, env["no_proxy"] ?? env["NO_PROXY"] ?? "")) return null;
	const proxy = URL.parse(given.includes("://") ? given : `http://${given}`);
	if (proxy === null || !/^https?:$/.test(proxy.protocol)) {
		throw new UsageError(`${name} is not the URL of an HTTP proxy`, "give it as http://<host>:<port>");
	}
	return proxy;
}

/** @param list NO_PROXY: names, each with all below it, perhaps with a port; `*` = every host */
function isLeftOut(url: URL, list: string): boolean {
	const port = url.port || DEFAULT_PORTS[url.protocol];
	return list
		.toLowerCase()
		.split(/[\s,]+/)
		.some((entry) => {
			if (entry === "*") return true;
			const [, name = "", onlyPort] = /^\*?\.?(.+?)(?::(\d+))?$/.exec(entry) ?? [];
			if (name === "" || (onlyPort !== undefined && onlyPort !== port)) return false;
			return url.hostname === name || url.hostname.endsWith(`.${name}`);
		});
}

/** @returns PEM texts of all that are believed for an https URL, of one or more certificates each */
export function trustedCertificates(env: Environment): readonly string[] {
	return certificates(env) ?? process.getBuiltinModule("node:tls").getCACertificates("default");
}

function certificates(env: Environment): readonly string[] | undefined {
	const file = env["PARAPET_CA_FILE"];
	if (file === undefined || file === "") return undefined;
	let text: string;
	try {
		text = readFileSync(file, "utf8");
	} catch (cause) {
		throw new UsageError(`cannot read PARAPET_CA_FILE, ${file}: ${systemFault(cause)}`);
	}
	if (!text.includes("-----BEGIN CERTIFICATE-----")) {
		throw new UsageError(`PARAPET_CA_FILE, ${file}, has no certificate`, "give a file with PEM certificates");
	}
	return [...process.getBuiltinModule("node:tls").getCACertificates("default"), text];
}
