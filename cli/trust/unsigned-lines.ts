// How taking releases out of a role file went, in words and as JSON.
import type { RoleSignature } from "./sign-release.ts";

/** @param done null = the role file named none of them */
export function describeUnsigned(product: string, versions: readonly string[], done: RoleSignature | null): string {
	const what = `${product} ${versions.join(", ")}`;
	if (done === null) return `the role file does not name ${what}: nothing changed`;
	if (done.missing === 0) return `${what} out of the role file (version ${done.version})`;
	return `${what}: ${done.missing} more must sign that it is taken out: \`parapet release sign ${product} --sign-key FILE\``;
}

/** For --json. */
export function unsignedToWire(done: RoleSignature | null) {
	return { changed: done !== null, role_version: done?.version ?? null, missing: done?.missing ?? 0 };
}
