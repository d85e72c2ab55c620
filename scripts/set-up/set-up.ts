// What a deployment needs before it can be deployed: its namespace, its buckets and the rule that sweeps one of them. What is there already is
// found and left alone, so a run that failed half-way is run again.
import { z } from "zod";
import { parseJson } from "../../cli/json.ts";
import { type RunWrangler, WranglerError } from "../deploy/wrangler.ts";

/** What is to be there, by the names of wrangler.toml. */
export interface Wanted {
	/** title of the namespace of records */
	readonly namespace: string;
	readonly buckets: readonly string[];
	/** the one of them that holds packages, and uploads under way */
	readonly packages: string;
}

const namespaceList = z.array(z.object({ id: z.string(), title: z.string() }));
const RULE = "sweep-uploads";
/** The platform's code, and its words, for a bucket of that name in the account. */
const IS_THERE = /\[code: 10004\]|already exists/;

/**
 * @param run wrangler for one environment
 * @param tell is told of each thing, and whether it was made now
 * @returns id of the namespace
 * @throws WranglerError with what wrangler said
 */
export async function setUp(run: RunWrangler, wanted: Wanted, tell: (line: string) => void): Promise<string> {
	const call = async (...args: string[]) => {
		const ran = await run(args);
		if (ran.status !== 0) throw new WranglerError(args, ran.output);
		return ran.output;
	};
	const findNamespace = async () => {
		const args = ["kv", "namespace", "list"];
		const read = namespaceList.safeParse(parseJson(await call(...args)));
		if (!read.success) throw new WranglerError(args, "it did not answer a list of namespaces");
		return read.data.find(({ title }) => title === wanted.namespace)?.id;
	};
	let id = await findNamespace();
	tell(`${id === undefined ? "made" : "found"} the namespace ${wanted.namespace}`);
	if (id === undefined) {
		await call("kv", "namespace", "create", wanted.namespace);
		id = await findNamespace();
	}
	if (id === undefined) throw new WranglerError(["kv", "namespace"], `${wanted.namespace} was made, and is not listed`);
	for (const bucket of wanted.buckets) {
		const args = ["r2", "bucket", "create", bucket];
		const { status, output } = await run(args);
		if (status !== 0 && !IS_THERE.test(output)) throw new WranglerError(args, output);
		tell(`${status === 0 ? "made" : "found"} the bucket ${bucket}`);
	}
	const rules = await call("r2", "bucket", "lifecycle", "list", wanted.packages);
	const isSwept = rules.includes(RULE);
	if (!isSwept)
		await call("r2", "bucket", "lifecycle", "add", wanted.packages, RULE, "uploads/", "--expire-days", "1", "--force");
	tell(`${isSwept ? "found" : "made"} the rule ${RULE} of ${wanted.packages}`);
	return id;
}
