// Types of console-files.mjs, which is plain JavaScript because it runs before there is anything else.
declare module "*/console-files.mjs" {
	/** @returns the folder that was written */
	export function writeConsoleFiles(): Promise<string>;
}
