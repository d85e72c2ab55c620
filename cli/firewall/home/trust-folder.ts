// Where in its home a firewall keeps the TUF metadata that it has seen.
import { join } from "node:path";

export function trustFolder(home: { readonly folder: string }): string {
	return join(home.folder, "tuf");
}
