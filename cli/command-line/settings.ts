// Where a command gets its server and its API key from. Keys on a command line show in the process list, so the
// environment or a file come first in every help text; local secrets are used only for a local server.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { BOOTSTRAP_KEY_OFF } from "../../src/entitlement/keys/bootstrap-key.ts";
import { systemFault, UsageError } from "../errors.ts";
import type { Surroundings } from "../terminal/output.ts";

export const DEFAULT_URL = "http://127.0.0.1:8787";
export const DEFAULT_HOME = ".parapet/firewall";
export const DEV_VARS_FILE = ".dev.vars";

const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** @param origin of a server @returns whether that is this machine */
export function isLoopback(origin: string): boolean {
	return LOOPBACK.has(new URL(origin).hostname);
}

/** @returns the origin of the server: --url, PARAPET_URL, `fallback`, the local default, whichever comes first */
export function resolveServer(given: string | undefined, surroundings: Surroundings, fallback?: string): string {
	const text = given ?? surroundings.env["PARAPET_URL"] ?? fallback ?? DEFAULT_URL;
	const url = URL.parse(text);
	if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
		throw new UsageError(`${text} is not the URL of a server`, `give one like ${DEFAULT_URL}`);
	}
	if (url.protocol === "http:" && !LOOPBACK.has(url.hostname)) {
		throw new UsageError(
			`${url.origin} would send keys and tokens in the clear`,
			"use https, or a server on this machine",
		);
	}
	return url.origin;
}

export interface KeyOptions {
	readonly key?: string | undefined;
	readonly keyFile?: string | undefined;
}

/** @returns the API key, as `findKey` @throws UsageError where there is none */
export function resolveKey(options: KeyOptions, server: string, surroundings: Surroundings): string {
	const key = findKey(options, server, surroundings);
	if (key === null) throw missingKey(server);
	return key;
}

/** @param fix what to do about it */
export function missingKey(server: string, fix = "set PARAPET_KEY, or give --key-file FILE"): UsageError {
	return new UsageError(`no API key for ${server}`, fix);
}

/** @returns the API key: --key-file, --key, PARAPET_KEY, or for a local server BOOTSTRAP_KEY of ./.dev.vars; null = there is none */
export function findKey(options: KeyOptions, server: string, surroundings: Surroundings): string | null {
	const key =
		(options.keyFile === undefined ? undefined : readTextFile(options.keyFile).trim()) ??
		options.key ??
		surroundings.env["PARAPET_KEY"] ??
		(isLoopback(server) ? readDevVars(surroundings.cwd)["BOOTSTRAP_KEY"] : undefined);
	if (key === undefined || key === "" || key === BOOTSTRAP_KEY_OFF) return null;
	if (!/^[\x21-\x7e]+$/.test(key)) throw new UsageError("the API key has characters that no key has");
	return key;
}

/** @throws UsageError when the file cannot be read */
export function readTextFile(path: string): string {
	try {
		return readFileSync(path, "utf8");
	} catch (cause) {
		throw new UsageError(`cannot read ${path}: ${systemFault(cause)}`);
	}
}

/** @returns the variables of ./.dev.vars; none when there is no such file */
function readDevVars(folder: string): Readonly<Record<string, string | undefined>> {
	try {
		return parseEnv(readFileSync(join(folder, DEV_VARS_FILE), "utf8"));
	} catch {
		return {};
	}
}
