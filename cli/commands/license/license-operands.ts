// The license that a command of `parapet license` is about.
import { accountId, licenseId } from "../../command-line/ids.ts";
import { readOperand } from "../../command-line/read-options.ts";

/** @param operands <account> <license> … @throws UsageError when they are none */
export function readLicense(operands: readonly string[]): { readonly id: string; readonly path: string } {
	const account = readOperand(operands, 0, "account", accountId);
	const id = readOperand(operands, 1, "license", licenseId);
	return { id, path: `/v1/accounts/${account}/licenses/${id}` };
}
