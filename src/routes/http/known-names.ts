// Names in a request that must be names of something. A mistyped one would be kept and never match anything.
import { parseAccountId } from "../../entitlement/ids.ts";
import { sayUnknown } from "../../nearest-name.ts";
import { ProblemError } from "../../problem.ts";
import type { RequestScope } from "../../request-scope.ts";

/**
 * @param names products that the request names in `field`, in its order; undefined in a place that names none
 * @throws ProblemError `invalid_request` that names each product which does not exist
 */
export async function requireProducts(
	{ services }: RequestScope,
	field: string,
	names: readonly (string | undefined)[] | undefined = [],
): Promise<void> {
	if (names.every((name) => name === undefined)) return;
	const known = (await services.objects.directory().listProducts()).map(({ name }) => name);
	refuse(field, names, (name) => (known.includes(name) ? null : sayUnknown("product", name, known)));
}

/**
 * Whether the account exists is not asked: its id has a keyed check, which no mistyped one passes.
 * @param ids as above
 * @throws ProblemError `invalid_request` that names each text which is no account's id
 */
export async function requireAccountIds(
	{ services }: RequestScope,
	field: string,
	ids: readonly (string | undefined)[] | undefined = [],
): Promise<void> {
	const read = await Promise.all(ids.map((id) => (id === undefined ? null : parseAccountId(services.lookupKeys, id))));
	refuse(field, ids, (_, index) => (read[index] === null ? "is no account's id" : null));
}

function refuse(
	field: string,
	names: readonly (string | undefined)[],
	faultOf: (name: string, index: number) => string | null,
) {
	const errors = names.flatMap((name, index) => {
		const message = name === undefined ? null : faultOf(name, index);
		return message === null ? [] : [{ field: `${field}.${index}`, message }];
	});
	if (errors.length > 0) throw new ProblemError("invalid_request", { extras: { errors: errors.slice(0, 20) } });
}
